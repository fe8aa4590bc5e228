A command is a program of one line. Yours is right.
