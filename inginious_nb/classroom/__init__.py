"""Many students at once: their notebooks, their grading side by side, the state of the class.

`ClassState` is pure: submissions and results go in, the matrix, histograms and groups of answers
come out. The command line fills it from notebook files (`notebooks`, `grading`); `report` and
`export` write it down. Whoever shows a class live reads the same object.
"""

from .class_state import AnswerGroup, ClassState, ClassTask, Entry, TestTally

__all__ = ["AnswerGroup", "ClassState", "ClassTask", "Entry", "TestTally"]
