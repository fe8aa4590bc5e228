"""Notebook cells to answers: which cell answers which problem, in a live or a saved notebook.

`cells` finds the answers, `references` resolves what tags and commands name, `answers` keeps each
with its source, `executed_cells` puts what was run in place of what was saved, `review` finds what
a grader cannot run. `grammar` has the words of the commands that cells give. Pure, except for
`files` and `saved_notebook`, which read the disk.
"""
