"""Notebook cells to answers: which cell answers which problem, in a live or a saved notebook."""
