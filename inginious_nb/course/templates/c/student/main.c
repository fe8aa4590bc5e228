#include <stdio.h>
#include <stdlib.h>

int larger(int a, int b);

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    printf("%d\n", larger(atoi(argv[1]), atoi(argv[2])));
    return 0;
}
