"""The answers that a request of the browser sends: live cells, and what was entered.

A cell's answer prevails over a control's, as it does for the magics.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from inginious_nb.course import FileProblem
from inginious_nb.errors import AnswerError
from inginious_nb.i18n import Message, in_language
from inginious_nb.notebook.answers import Answers
from inginious_nb.notebook.cells import cell_from_json, find_answers
from inginious_nb.notebook.files import file_answer
from inginious_nb.notebook.references import task_name
from inginious_nb.notebook.review import lines_for_ipython, raise_first, review, review_command
from inginious_nb.notebook.sources import AnswerSource

from .serialize import file_info, old_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inginious_nb.course import Problem
    from inginious_nb.notebook.cells import Cell
    from inginious_nb.submissions.submission import Submission

    from .protocol.task import OldAnswer, PreviewAnswer
    from .protocol.task_requests import CellInfo, PreviewRequest, RawAnswer, SubmitRequest
    from .publisher import Publisher


class SentAnswers:
    """The answers that one request brings.

    Args:
        publisher: The widget that asks: its task, and the cells that its own submission came from.
        request: The request; its ``cells`` are None where the host has no readable notebook.
        buffers: The contents of files.
        only_described: Whether files may be told by name and size alone, for a preview.
        awaited: The submission of a command that waits for these answers, if one does.
        notebook: The path of the notebook, empty where the host does not tell.

    Attributes:
        answers: What was found.
        errors: Why an answer could not be read, by problem id.
    """

    def __init__(
        self,
        publisher: Publisher,
        request: PreviewRequest | SubmitRequest,
        buffers: Sequence[Any],
        *,
        only_described: bool = False,
        awaited: Submission | None = None,
        notebook: str = "",
    ) -> None:
        self._path = notebook
        self._task = publisher.shown_task
        self._lang = publisher.lang
        self._own_cells = publisher.own_cells
        self._only_described = only_described
        self.answers = Answers()
        self.errors: dict[str, AnswerError] = {}
        self._by_command = awaited is not None
        cells = request["cells"]
        read_cells: list[Cell] = []
        if cells is None:
            self.answers.fill_from(publisher.read_executed(publisher.task))
        else:
            read_cells = self._read_cells(cells)
        self._read_entries(request["answers"], buffers)
        self._with_magics = lines_for_ipython(self._task, self.answers).keys()
        if awaited is None:
            magics = request.get("magics") or "refuse"
            self.errors |= review(self._task, self.answers, magics=magics)
        else:
            self.errors |= review_command(
                self._task,
                self.answers,
                read_cells,
                magics=awaited.magics,
                given=awaited.given.values,
            )

    def raise_errors(self) -> None:
        """Refuse to go on with an answer that could not be read.

        Raises:
            AnswerError: There is one.
        """
        raise_first(self.errors)

    def preview(self, known: Mapping[str, Any]) -> list[PreviewAnswer]:
        """Return what would be sent, problem by problem, compared with what was sent last."""
        return [self._preview(problem, known) for problem in self._task.problems.values()]

    def _preview(self, problem: Problem, known: Mapping[str, Any]) -> PreviewAnswer:
        source = self.answers.sources.get(problem.id)
        if source is None:
            return _missing(problem)
        raw = self.answers.values.get(problem.id)
        error = self.errors.get(problem.id)
        shown: OldAnswer = {"text": raw if isinstance(raw, str) else "", "choices": []}
        changed: bool | None = None
        if error is None:
            try:
                checked = problem.check(raw)
            except AnswerError as refusal:
                error = refusal
            else:
                shown = old_answer(problem, checked)
                # A file that is only described cannot be compared.
                is_comparable = problem.id in known and not isinstance(problem, FileProblem)
                changed = checked != known[problem.id] if is_comparable else None
        return {
            "problem_id": problem.id,
            "kind": source.kind,
            "label": in_language(source.label, self._lang),
            "cell_ids": list(source.cell_ids),
            "read_at": source.read_at,
            "text": shown["text"],
            "choices": shown["choices"],
            "file": file_info(raw) if isinstance(raw, dict) else None,
            "error": None if error is None else error.in_language(self._lang),
            "changed": changed,
            "has_magics": problem.id in self._with_magics,
        }

    def _read_cells(self, cells: Sequence[CellInfo]) -> list[Cell]:
        now = time.time()
        notebook = [cell_from_json(cell) for cell in cells]
        for problem_id, found in find_answers(
            notebook, task_name(self._task), own=self._own_cells
        ).items():
            cell_ids = tuple(cell.id for cell in found.cells if cell.id)
            source = AnswerSource(problem_id, "cell", found.label, cell_ids, now, self._path)
            self._add(source, lambda _problem, text=found.text: text)
        return notebook

    def _read_entries(self, entries: Mapping[str, RawAnswer], buffers: Sequence[Any]) -> None:
        now = time.time()
        for problem in self._task.problems.values():
            if problem.id in self.answers.sources:
                continue
            entry = entries.get(problem.id)
            if entry is None and not self._by_command:
                # Of a click: what the editor shows before anybody has written in it.
                entry = problem.as_dict().get("default") or None
            if entry is None or entry in ("", []):
                continue
            path = entry.get("path") if isinstance(entry, dict) else None
            source = AnswerSource(
                problem.id,
                "widget" if path is None else "file",
                Message("entered in the widget") if path is None else str(path),
                (),
                now,
            )
            self._add(source, lambda problem, entry=entry: self._entered(problem, entry, buffers))

    def _add(self, source: AnswerSource, read: Any) -> None:
        try:
            value = read(self._task.problems[source.problem_id])
        except AnswerError as error:
            self.errors[source.problem_id] = error
            value = None
        self.answers.add(value, source)

    def _entered(self, problem: Problem, entry: RawAnswer, buffers: Sequence[Any]) -> object:
        """Return the raw answer that a control of the widget sent."""
        if not isinstance(entry, dict):
            return entry
        if isinstance(problem, FileProblem) and "path" in entry:
            return file_answer(problem, entry["path"])
        if "filename" in entry:
            index, size_bytes = entry.get("buffer", -1), entry.get("size_bytes", -1)
            if self._only_described and isinstance(problem, FileProblem) and size_bytes >= 0:
                # A preview: as many bytes as can still be judged stand for the file.
                stand_in = bytes(min(size_bytes, problem.max_size_bytes + 1))
                return {"filename": entry["filename"], "value": stand_in}
            if 0 <= index < len(buffers):
                return {"filename": entry["filename"], "value": bytes(buffers[index])}
        raise problem.refuse("the answer did not arrive completely; enter it again.")


def _missing(problem: Problem) -> PreviewAnswer:
    """Return the preview of a problem that nothing answers."""
    return {
        "problem_id": problem.id,
        "kind": "missing",
        "label": "",
        "cell_ids": [],
        "read_at": 0.0,
        "text": "",
        "choices": [],
        "file": None,
        "error": None,
        "changed": None,
        "has_magics": False,
    }
