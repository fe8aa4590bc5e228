"""The grading API that the `run` scripts of INGInious tasks call (docs/grading-api.md).

Runs under whatever python3 the system has, 3.8 or newer, with its standard library alone. The
modules with a leading underscore are ours; the others have the names and functions tasks know.
"""

import sys

_MODULES = ("feedback", "input", "lang", "rst", "run_student", "ssh_student")


def __getattr__(name):
    # Old scripts write `import inginious` and then `inginious.feedback.…`. Loading a module only
    # when it is asked for keeps the start of a job short.
    if name in _MODULES:
        return _imported(__name__ + "." + name)
    raise AttributeError("module %r has no attribute %r" % (__name__, name))


def _imported(name):
    __import__(name)  # importlib itself would have to be loaded first
    return sys.modules[name]
