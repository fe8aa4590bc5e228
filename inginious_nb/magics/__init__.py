"""``%inginious`` and ``%%inginious``: the notebook's words for the session.

`commands` acts, `submitting` decides where answers come from, `capture` keeps the
cells that were run, `handle` is what a submission looks like to a program.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import click
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from inginious_nb.errors import InginiousError
from inginious_nb.grammar.parsing import CELL_MAGIC, LINE_MAGIC, call, split, wrapped
from inginious_nb.i18n import Message, in_language, system_language
from inginious_nb.session import close_session, get_session
from inginious_nb.widget import Waker
from inginious_nb.widget.comm import register_comm

from .capture import CellCapture
from .commands import Notebook, help_text, inginious, show_answer
from .host import has_front_end
from .submitting import Submitter

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from inginious_nb.session import Session

__all__ = ["load", "unload"]


@magics_class
class InginiousMagics(Magics):
    """The magics of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._waker: Waker | None = None
        session = get_session()
        capture = CellCapture(shell, lambda reference: show_answer(self.notebook, reference))
        self.notebook = Notebook(shell, session, capture, Submitter(shell, session, capture))

    @no_var_expand
    @line_cell_magic
    def inginious(self, line: str, cell: str | None = None) -> Any:
        """Submit notebook cells to INGInious and read the feedback beneath them."""
        notebook = dataclasses.replace(
            self.notebook, body=None if cell is None else cell.removesuffix("\n")
        )
        words = split(line) or ["help"]
        name = LINE_MAGIC if cell is None else CELL_MAGIC
        return call(inginious, words, notebook, prog_name=name)

    def wake(self, _result: object = None) -> None:
        """Wake the widgets of a notebook that was opened again, once somebody looks at it."""
        if self._waker is None and has_front_end(self.notebook.shell):
            self._waker = Waker(self.notebook.session)

    def close(self) -> None:
        """Wake nothing any more."""
        if self._waker is not None:
            self._waker.close()


InginiousMagics.inginious.__doc__ = f"{InginiousMagics.inginious.__doc__}\n\n{help_text()}"

_loaded: dict[int, InginiousMagics] = {}


def load(shell: InteractiveShell) -> None:
    """Load the magics into a shell (``%load_ext inginious_nb``); harmless when repeated."""
    if id(shell) in _loaded:
        return
    InginiousError.reader = system_language  # until there is a session that knows better
    magics = InginiousMagics(shell)
    shell.register_magics(magics)
    magics.notebook.capture.install()
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        register_comm(kernel)
    shell.events.register("post_run_cell", magics.wake)
    _loaded[id(shell)] = magics
    InginiousError.reader = lambda: magics.notebook.lang
    _tell(magics.notebook.session)


def _tell(session: Session) -> None:
    """Say what a user should know before the first submission; mostly nothing."""
    for warning in session.warnings:
        click.echo(wrapped(in_language(warning, session.language)), file=sys.stderr)
    left = session.left_behind()
    if left:
        sentence = Message(
            "{n} submissions of an earlier kernel have no result; %inginious history shows what "
            "was answered, %inginious resubmit sends the newest again.",
            one="A submission of an earlier kernel has no result; %inginious history shows what "
            "was answered, %inginious resubmit sends it again.",
            n=len(left),
        )
        click.echo(wrapped(sentence.in_language(session.language)))


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of a shell and end its session."""
    magics = _loaded.pop(id(shell), None)
    if magics is not None:
        InginiousError.reader = system_language
        magics.notebook.capture.remove()
        shell.events.unregister("post_run_cell", magics.wake)
        magics.close()
        shell.magics_manager.magics["line"].pop("inginious", None)
        shell.magics_manager.magics["cell"].pop("inginious", None)
        close_session()
