"""Submits for the magics of one shell: finds the answers, shows the submission.

In a host with widgets the front end sends the live cells, unsaved edits included. Where none
answers, the cells that were run count, then those of the notebook as last saved. Each answer keeps
the place where it was read.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display

from inginious_nb import widget
from inginious_nb.errors import AnswerError, InginiousError, UsageError
from inginious_nb.frontend.publisher import Asked, Publisher
from inginious_nb.frontend.snapshot import submission_bundle
from inginious_nb.frontend.style_sheet import brings_style_sheet
from inginious_nb.i18n import Message
from inginious_nb.notebook.answers import Answers, ReadCell, from_read_cells
from inginious_nb.notebook.executed_cells import with_executed
from inginious_nb.notebook.references import task_name
from inginious_nb.notebook.review import raise_first, review_command
from inginious_nb.notebook.saved_notebook import find_notebook
from inginious_nb.render.terminal import echo
from inginious_nb.submissions.shell_access import ssh_command

from .handle import Handle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import InteractiveShell

    from inginious_nb.course import Task
    from inginious_nb.notebook.review import Magics
    from inginious_nb.session import Session
    from inginious_nb.submissions.student import Student
    from inginious_nb.submissions.submission import Debug, Submission

    from .answer_cells import AnswerCells
    from .cell_widgets import CellWidgets
    from .documents import Documents
    from .host import Host

_log = logging.getLogger(__name__)

FRONT_END_TIMEOUT_S = 3.0
"""Seconds that a front end has to send the live cells, once it can: when the running cell has
ended, or, if somebody waits for the result in that cell, from then on."""


class Submitter:
    """The maker of submissions for the magics of one shell.

    Args:
        shell: The shell.
        host: The program in front of it.
        session: Where the submissions are.
        answer_cells: The cells that were run as answers.
        documents: The cells that were run, by document.
        cell_widgets: The widgets that cells show already.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        host: Host,
        session: Session,
        answer_cells: AnswerCells,
        documents: Documents,
        cell_widgets: CellWidgets,
    ) -> None:
        self._shell = shell
        self._host = host
        self._session = session
        self._answer_cells = answer_cells
        self._documents = documents
        self._cell_widgets = cell_widgets
        # A cell may change it later; the notebook stays where it is.
        self._directory = Path.cwd()
        session.front_end.read_executed_by(self._executed_reader)

    def submit(
        self,
        task: Task,
        given: Answers,
        *,
        student: Student | None = None,
        wait: bool = False,
        debug: Debug = False,
        lang: str | None = None,
        magics: Magics = "refuse",
    ) -> Handle:
        """Submit what was given with the command and, for what is missing, what cells say.

        Raises:
            InginiousError: The answers cannot be submitted.
        """
        live = self._host.shows_widgets
        submission = self._session.submissions.new(
            task,
            origin="magic",
            student=student,
            given=given,
            debug=debug,
            lang=lang,
            magics=magics,
        )
        needed = threading.Event()
        try:
            self._check(submission)
            if given.missing(task) and live:
                self._fall_back_later(submission, needed)
            else:
                self._submit_executed(submission, self._host.document)
        except InginiousError:
            if live:
                raise
            # The notebook goes on and shows why this one has no grade.
        return self.show(submission, wait=wait, needed=needed)

    def show(
        self, submission: Submission, *, wait: bool = False, needed: threading.Event | None = None
    ) -> Handle:
        """Show a submission and give it to the user.

        Without a front end nobody would see a result that comes later, so it is waited for; why
        there is none is shown in its place, so that the notebook still ends with its grades.
        """
        handle = self._handle(submission, needed or threading.Event())
        if self._host.shows_widgets:
            self._display(submission)
            if wait:
                handle.result()
        else:
            with contextlib.suppress(InginiousError), _login_printed(submission, self._host):
                handle.result()
            self._display(submission)
        return handle

    @staticmethod
    def _check(submission: Submission) -> None:
        """Refuse a submission whose given answers cannot be sent.

        Raises:
            AnswerError: One cannot.
        """
        try:
            raise_first(review_command(submission.task, submission.given, magics=submission.magics))
        except AnswerError as error:
            submission.refuse(error)
            raise

    def _submit_executed(self, submission: Submission, document: str) -> None:
        """Submit without a front end: cells that were run, then the notebook as saved.

        Args:
            submission: The submission.
            document: The one whose cell submits; no other's cells are meant.
        """
        task = submission.task

        def read() -> Answers:
            if not submission.given.missing(task):
                return Answers()
            cells = self._executed_cells(task, document)
            found = from_read_cells(task, cells)
            errors = review_command(
                task,
                found,
                [read.cell for read in cells],
                magics=submission.magics,
                given=submission.given.values,
            )
            raise_first(errors)
            return found

        submission.submit(read)

    def _executed_reader(self) -> Callable[[Task], Answers]:
        """Return what reads the notebook of the running cell: as saved, with what was run since."""
        document = self._host.document
        return lambda task: from_read_cells(task, self._executed_cells(task, document))

    def _executed_cells(self, task: Task, name: str) -> list[ReadCell]:
        document = self._documents.of(name)
        log = self._shell.history_manager
        # What was run before we were loaded counts, too, where it can be of no other document.
        earlier = log.input_hist_raw if log is not None and self._documents.alone else ()
        notebook = find_notebook(
            [*earlier, *document.sources],
            self._shell.user_ns,
            directory=self._directory,
            cell_ids=document.cell_ids,
            alone=self._documents.alone,
        )
        saved = (
            [ReadCell(cell, "notebook-file", notebook.saved_at) for cell in notebook.cells]
            if notebook is not None
            else []
        )
        return with_executed(task_name(task), saved, self._answer_cells.of(document.name))

    def _fall_back_later(self, submission: Submission, needed: threading.Event) -> None:
        """Submit without the front end if it does not send the live cells in time."""
        answered = threading.Event()
        document = self._host.document

        def notice_answers() -> None:
            if submission.phase != "reading":
                answered.set()
                needed.set()

        def wait_and_submit() -> None:
            needed.wait()
            if answered.wait(FRONT_END_TIMEOUT_S):
                return
            try:
                self._submit_executed(submission, document)
            except InginiousError as error:
                # The widget shows it; nobody is there to whom it could be raised.
                _log.info("Nothing was submitted: %s", error)

        def cell_ended(*_: object) -> None:
            self._shell.events.unregister("post_run_cell", cell_ended)
            needed.set()

        waiting = threading.Thread(
            target=wait_and_submit, name="inginious_nb fallback", daemon=True
        )
        try:
            waiting.start()
        except RuntimeError as error:
            refusal = UsageError(
                Message(
                    "The notebook cannot be asked for the answers now, since no thread can begin "
                    "({reason}). End other programs, and submit once more.",
                    reason=str(error),
                )
            )
            submission.refuse(refusal)
            raise refusal from error
        submission.subscribe(notice_answers)
        self._shell.events.register("post_run_cell", cell_ended)

    def _handle(self, submission: Submission, needed: threading.Event) -> Handle:
        return Handle(
            submission,
            show=lambda: self._display(submission),
            needed=needed.set,
            mimebundle=self._bundle,
            moment=lambda: self._shell.execution_count,
        )

    def _bundle(self, submission: Submission) -> dict[str, str]:
        lang = submission.lang or self._session.language
        return submission_bundle(submission, lang, styled=brings_style_sheet())

    def _display(self, submission: Submission) -> None:
        if not self._host.shows_widgets:
            display(self._bundle(submission), raw=True)
            return
        task, session = submission.task, self._session
        asked = Asked(self._host.client, self._host.cell_id)

        def make() -> widget.TaskWidget:
            publisher = Publisher(session, task, submission=submission, asked=asked)
            return widget.TaskWidget(task, publisher=publisher)

        shown = self._cell_widgets.widget("submit", task, make)
        shown.publisher.follow(submission, asked)
        display(shown)


@contextlib.contextmanager
def _login_printed(submission: Submission, host: Host) -> Iterator[None]:
    """Print the login of a remote shell once there is one, where no notebook would keep it."""

    def tell() -> None:
        # Two threads may come here at once, and only one gets the lock.
        if submission.ssh is not None and telling.acquire(blocking=False):
            echo("\n".join(ssh_command(submission.ssh)))

    if not (sys.stdout.isatty() or host.is_attended):
        yield
        return
    telling = threading.Lock()
    unsubscribe = submission.subscribe(tell)
    try:
        tell()
        yield
    finally:
        unsubscribe()
