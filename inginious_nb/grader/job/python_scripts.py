"""Scripts of ours that any interpreter of Python runs, and their answers.

They run alone, isolated as jobs run them, under versions from 3.6 on, so they cannot import this
package. What several of them need is text here, of which each is built.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from inginious_nb.grader.sandbox.stale_processes import MARK
from inginious_nb.grader.sandbox.sweeper import new_swept_mark

from .interpreters import works

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIMEOUT_S = 30.0
# The answer is the last line: what an interpreter imports at its start may print, too. A module is
# looked for only where it is not imported yet, since __main__ cannot be found.
_SCRIPT = """\
import importlib.util, json, sys
given = json.load(sys.stdin)
def lacks(name):
    try:
        return name not in sys.modules and importlib.util.find_spec(name) is None
    except Exception:
        return True
{body}
print("\\n" + json.dumps(answer))
"""


def ask(program: str, body: str, given: Sequence[str] = ()) -> Any:
    """Run a script in an interpreter and return its answer.

    Args:
        program: The path of the interpreter.
        body: The script: it sets ``answer`` to what JSON can say. It has ``given``, a function
            ``lacks`` that tells whether a module cannot be imported, and the module ``sys``.
        given: Words for the script.

    Raises:
        OSError: It does not run, fails, or takes too long; the text says what of these.
    """
    if not works(program):
        raise OSError("it does not start")
    try:
        done = subprocess.run(  # noqa: S603 - what the system or the configuration names
            [program, "-Ic", _SCRIPT.replace("{body}", body.strip())],
            input=json.dumps(list(given)).encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={"PATH": "/usr/bin:/bin", MARK: new_swept_mark()},
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"no answer within {_TIMEOUT_S:.0f} s") from None
    if done.returncode:
        raise OSError(_last_line(done.stderr) or f"it ends with status {done.returncode}")
    try:
        return json.loads(_last_line(done.stdout))
    except ValueError:
        raise OSError("it gives no answer") from None


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
