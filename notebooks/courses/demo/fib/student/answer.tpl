@@fib@@
