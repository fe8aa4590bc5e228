"""What a student hands in: a submission's life, and the history that keeps it."""
