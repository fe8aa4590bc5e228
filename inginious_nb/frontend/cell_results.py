"""The results of a notebook's cells that the notebook itself does not have.

A notebook may have been closed when its result came, and be opened again in another browser or by
another person: the history knows which cells of which notebook an answer was read in.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from inginious_nb.course import probing

from . import serialize
from .summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from inginious_nb.course import Task
    from inginious_nb.session import Session
    from inginious_nb.submissions.record import SubmissionRecord

    from .protocol.overview import AnswerCell, CellResult

MAX_SUBMISSIONS = 10
"""So many of a task are looked at, the newest first: each that is, is read from the disk."""


def missing_results(
    session: Session,
    cells: Sequence[AnswerCell],
    *,
    notebook: str,
    root: Path,
    known: Collection[str],
    lang: str,
) -> list[CellResult]:
    """Return the newest result of each task that a notebook answers, unless a cell has it.

    Args:
        session: Whose history has them; also those of other people who use it.
        cells: The cells that are answers.
        notebook: The path of the notebook from the root of its server.
        root: That root.
        known: The submissions whose results the cells have.
        lang: The language of the texts.
    """
    found = []
    is_it = _same_notebook(notebook, root)
    for reference in dict.fromkeys(cell["task"] for cell in cells):
        ids = {cell["cell_id"] for cell in cells if cell["task"] == reference}
        task = session.library.task(reference)
        result = _missing(session, task, ids, is_it=is_it, known=known, lang=lang)
        if result is not None:
            found.append(result)
    return found


def _missing(
    session: Session,
    task: Task,
    ids: Collection[str],
    *,
    is_it: Callable[[str], bool],
    known: Collection[str],
    lang: str,
) -> CellResult | None:
    for record in _finished(session, task):
        if record.id in known:
            return None
        sources = session.history.sources(record.id)
        read = {
            cell_id for source in sources if is_it(source.notebook) for cell_id in source.cell_ids
        }
        if not read.intersection(ids):
            continue
        result = serialize.kept_result_info(task, record, session.history, lang)
        if result is None:
            return None
        return {
            **summary_of(result),
            "cell_ids": sorted(read.intersection(ids)),
            "task": serialize.reference(task),
            "user": record.username,
        }
    return None


def _same_notebook(notebook: str, root: Path) -> Callable[[str], bool]:
    """Return whether a path is that of a notebook, or was before it was renamed or moved.

    A copy has the same cells, but the notebook that it was made of is still there.
    """

    @functools.cache
    def is_it(path: str) -> bool:
        if path == notebook:
            return True
        is_gone = probing.look(root / path).kind == "nothing"
        return is_gone and probing.is_file(root / notebook)

    return is_it


def _finished(session: Session, task: Task) -> list[SubmissionRecord]:
    """Return what was submitted to a task and has a result, nothing of other accounts at a site."""
    own = {record.id for record in session.task_state(task).records}
    finished = session.history.finished(task.course_id, task.id, MAX_SUBMISSIONS)
    return [record for record in finished if record.account is None or record.id in own]
