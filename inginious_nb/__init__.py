"""Submit notebook cells to an INGInious grading backend and read the feedback beneath them."""
