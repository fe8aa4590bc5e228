"""The means of this machine for jobs. The grading service writes this file anew where it installs it."""

IPYTHON = None
"""An interpreter that has IPython, or None."""
