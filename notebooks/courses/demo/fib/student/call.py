"""Call fib once and report, as one line of JSON, what came out and what was printed."""

import contextlib
import io
import json
import sys

printed = io.StringIO()
try:
    with contextlib.redirect_stdout(printed):
        from answer import fib

        outcome = repr(fib(int(sys.argv[1])))
except BaseException as error:
    outcome = type(error).__name__
print(json.dumps({"outcome": outcome[:200], "printed": printed.getvalue()[:200]}))
