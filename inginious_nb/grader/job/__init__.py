"""One job of the local grader: its files, what to run, the student's programs, its feedback.

Knows no socket of a backend and no messages; `agents.local` turns both into each other.
"""
