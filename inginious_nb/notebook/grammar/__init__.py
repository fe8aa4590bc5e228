"""The grammar of ``%inginious``: which lines of a cell are commands, and what their words mean.

Pure: no session, no I/O. Magics, capture of answer cells, cell discovery and command line read
commands through this package only; js/notebook/magic.ts mirrors the rule for the first line of a
cell.
"""
