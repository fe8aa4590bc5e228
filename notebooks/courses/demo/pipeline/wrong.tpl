The command must find the number itself: ``grep`` prints the lines that contain a word, and its
option ``-c`` counts them.
