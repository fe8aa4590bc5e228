"""``%inginious`` and ``%%inginious``: the session's commands in a notebook.

`inginious_nb.notebook.grammar` declares the commands, `commands` has their functions. `submitter`
decides where answers come from, `answer_cells` keeps the cells that were run, `handle` is what a
submission looks like to a program, `host` tells notebook, terminal and batch run apart.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from msgspec.structs import replace

from inginious_nb import widget
from inginious_nb.frontend.process_session import close_session, get_session
from inginious_nb.i18n import Message, in_language, reader_language, speak_to, system_language
from inginious_nb.render.columns import wrapped
from inginious_nb.render.terminal import echo, replace_unencodable

from .answer_cells import AnswerCells
from .answer_views import show_answer
from .cell_widgets import CellWidgets
from .context import MagicContext
from .documents import Documents
from .host import Host
from .submitter import Submitter
from .tab_key import install_completion

if TYPE_CHECKING:
    from comm.base_comm import BaseComm
    from IPython.core.interactiveshell import InteractiveShell

    from inginious_nb.session import Session

__all__ = ["load", "unload"]


@magics_class
class InginiousMagics(Magics):
    """The magics of one shell."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._restorer: widget.Restorer | None = None
        session = get_session()
        host = Host(shell)
        answer_cells = AnswerCells(
            shell, host, lambda reference: show_answer(self.context, reference)
        )
        self.documents = Documents(shell, host, session)
        widgets = CellWidgets(shell, host)
        submitter = Submitter(shell, host, session, answer_cells, self.documents, widgets)
        self.context = MagicContext(shell, host, session, answer_cells, submitter, widgets)
        self._stop_completing = install_completion(shell, session)

    @no_var_expand
    @line_cell_magic
    def inginious(self, line: str, cell: str | None = None) -> Any:
        """Submit notebook cells to INGInious and read the feedback beneath them."""
        body = None if cell is None else cell.removesuffix("\n")
        context = replace(self.context, body=body)
        if context.host.is_attended or (context.host.is_terminal and sys.stdin.isatty()):
            context.session.services.expect_person()
        from .commands import run  # noqa: PLC0415 - with the first command

        return run(context, line)

    def restore_widgets(self, _result: object = None) -> None:
        """Restore the widgets of a notebook that was opened again, once somebody looks at it."""
        if self._restorer is None and self.context.host.is_attended:
            self._restorer = widget.Restorer(self.context.session, answered=self._note_answer)

    def _note_answer(self) -> None:
        self.context.host.answering.add(self.context.host.client)

    def close(self) -> None:
        """Restore and complete nothing any more."""
        self._stop_completing()
        if self._restorer is not None:
            self._restorer.close()


def _help() -> str:
    from .commands import help_text  # noqa: PLC0415 - as above

    return f"{InginiousMagics.inginious.__doc__}\n\n{help_text(lang=reader_language())}"


# IPython asks for it at %inginious?, and at Shift-Tab.
InginiousMagics.inginious.getdoc = _help  # type: ignore[union-attr]

_loaded: dict[int, InginiousMagics] = {}


def load(shell: InteractiveShell) -> None:
    """Load the magics into a shell (``%load_ext inginious_nb``); harmless when repeated."""
    if id(shell) in _loaded:
        return
    speak_to(system_language)  # until there is a session that knows better
    magics = InginiousMagics(shell)
    shell.register_magics(magics)
    magics.documents.install()
    magics.context.answer_cells.install()
    if magics.context.host.is_terminal:
        replace_unencodable()
    else:
        comms = shell.kernel.comm_manager  # type: ignore[attr-defined]
        comms.register_target(widget.COMM_TARGET, _serve_comm)
    shell.events.register("post_run_cell", magics.restore_widgets)
    _loaded[id(shell)] = magics
    speak_to(lambda: magics.context.lang)
    _say_first(magics.context.session)


def _serve_comm(comm: BaseComm, message: dict[str, Any]) -> None:
    widget.serve_comm(comm, message)  # loads the widget, which most kernels do without for a while


def _say_first(session: Session) -> None:
    """Say what a user should know before the first submission; mostly nothing."""
    for warning in session.warnings:
        echo(wrapped(in_language(warning, session.language)), err=True)
    orphaned = session.submissions.orphaned()
    if orphaned:
        message = Message.plural(
            "A submission of an earlier kernel has no result; %inginious history shows what "
            "was answered, %inginious resubmit sends it again.",
            "{n} submissions of an earlier kernel have no result; %inginious history shows what "
            "was answered, %inginious resubmit sends the newest again.",
            n=len(orphaned),
        )
        echo(wrapped(message.in_language(session.language)))


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of a shell and end its session."""
    magics = _loaded.pop(id(shell), None)
    if magics is not None:
        speak_to(system_language)
        magics.documents.remove()
        magics.context.answer_cells.remove()
        shell.events.unregister("post_run_cell", magics.restore_widgets)
        magics.close()
        shell.magics_manager.magics["line"].pop("inginious", None)
        shell.magics_manager.magics["cell"].pop("inginious", None)
        close_session()
