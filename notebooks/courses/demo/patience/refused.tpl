This must be a whole number from 0 to 60.
