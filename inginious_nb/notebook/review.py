"""Faults of answers that the task would accept, found before they are sent.

A line that only IPython runs costs the grade, and a template that nobody edited is not an answer.
Both are said before sending, with what to do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from inginious_nb.course import CodeProblem
from inginious_nb.i18n import Message

from .cells import TAG_PREFIX, FoundAnswer
from .ipython_lines import IPythonLines, cell_magics, ipython_lines, is_program

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from inginious_nb.course import Problem, Task
    from inginious_nb.errors import AnswerError

    from .answers import Answers
    from .cells import Cell

Magics = Literal["refuse", "skip", "send"]
"""Lines that only IPython runs: refuse the answer, leave them out, or send them as they are."""

_CELL_KINDS = ("cell", "captured", "notebook-file")
_PYTHON = ("python", "python2", "python3", "py")
_PERCENT_COMMENTS = ("latex", "stex", "tex", "matlab", "octave", "erlang", "prolog", "postscript")
_DEFINITION = re.compile(r"^[ \t]*(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_MAX_SHOWN_LINES = 3


def lines_for_ipython(task: Task, answers: Answers) -> dict[str, IPythonLines]:
    """Return the answers of cells that have lines for IPython only, by problem id."""
    found = {}
    for problem_id, source in answers.sources.items():
        problem, text = task.problems.get(problem_id), answers.values.get(problem_id)
        if (
            source.kind in _CELL_KINDS
            and isinstance(text, str)
            and isinstance(problem, CodeProblem)
        ):
            found[problem_id] = _ipython_lines(text, problem.language.lower())
    return {problem_id: program for problem_id, program in found.items() if program.lines}


def review(task: Task, answers: Answers, *, magics: Magics = "refuse") -> dict[str, AnswerError]:
    """Return the faults of answers that came from cells, by problem id.

    Args:
        task: The task that is answered.
        answers: The answers; lines that only IPython runs are left out here if `magics` says so.
        magics: What becomes of such lines.
    """
    found = lines_for_ipython(task, answers) if magics != "send" else {}
    if magics == "skip":
        answers.values |= {problem_id: program.rest for problem_id, program in found.items()}
        return {}
    return {
        problem_id: task.problems[problem_id].refuse(
            "the grader has no IPython and no notebook, and cannot run {lines}. Delete that, or "
            "leave it out with %inginious submit --magics skip, or send it as it is with "
            "--magics send.",
            lines=_shown(program.lines),
        )
        for problem_id, program in found.items()
    }


def review_command(
    task: Task,
    answers: Answers,
    cells: Sequence[Cell] = (),
    *,
    magics: Magics = "refuse",
    given: Collection[str] = (),
) -> dict[str, AnswerError]:
    """Return the faults of answers that a command is about to send, by problem id.

    Beside those of `review`: a template that nobody edited, and a missing answer where a cell could
    be it, which is named.

    Args:
        task: The task that is answered.
        answers: The answers.
        cells: The notebook.
        magics: What becomes of lines that only IPython runs.
        given: Problems whose answers come from elsewhere.
    """
    errors = review(task, answers, magics=magics)
    for problem in task.problems.values():
        if problem.id in given:
            continue
        text = answers.values.get(problem.id)
        source = answers.sources.get(problem.id)
        optional = isinstance(problem, CodeProblem) and problem.optional
        if source is not None and source.kind in _CELL_KINDS and is_template(problem, text):
            if optional:
                answers.remove(problem.id)
            else:
                errors[problem.id] = problem.refuse(
                    "{place} still is what the task begins with, which is no answer; edit it "
                    "first.{hint}",
                    place=source.label,
                    hint=_hint(task, problem, cells),
                )
        elif source is None and not optional and (hint := _hint(task, problem, cells)):
            errors[problem.id] = problem.refuse("there is no answer yet.{hint}", hint=hint)
    return errors


def raise_first(errors: Mapping[str, AnswerError]) -> None:
    """Raise the first of the faults of answers, if there is one.

    Raises:
        AnswerError: There is one.
    """
    for error in errors.values():
        raise error


def is_template(problem: Problem, text: object) -> bool:
    """Return True for the text that the task's author wrote for students to begin with."""
    template = problem.default if isinstance(problem, CodeProblem) else ""
    return bool(template.strip()) and isinstance(text, str) and _lines(text) == _lines(template)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _ipython_lines(text: str, language: str) -> IPythonLines:
    """Find what only IPython runs; of a language that is no Python, the cell magics alone."""
    if language in _PYTHON:
        return ipython_lines(text)
    if not language and is_program((found := ipython_lines(text)).rest):
        return found  # a task need not say that it is about Python
    return cell_magics("" if language in _PERCENT_COMMENTS else text)


def _shown(lines: Sequence[str]) -> str:
    shown = ", ".join(f"`{line}`" for line in lines[:_MAX_SHOWN_LINES])
    return f"{shown}, …" if len(lines) > _MAX_SHOWN_LINES else shown


def _hint(task: Task, problem: Problem, cells: Iterable[Cell]) -> str:
    """Return the sentence that names the cell that could be the answer, empty if none could."""
    cell = _candidate(problem, cells)
    if cell is None:
        return ""
    return Message(
        " It could be {cell}: give that cell the tag {tag}, or begin it with "
        "%%inginious answer {reference}.",
        cell=FoundAnswer(problem.id, cell.source, (cell,)).label,
        tag=f"{TAG_PREFIX}{problem.id}",
        reference=f"{task.course_id}/{task.id}/{problem.id}",
    )


def _candidate(problem: Problem, cells: Iterable[Cell]) -> Cell | None:
    """Return the cell that looks most like an answer to a problem, of those that answer nothing.

    It is the last that defines what the template defines; without a template, the only program.
    """
    if not isinstance(problem, CodeProblem):
        return None
    programs = [
        cell for cell in cells if _is_program(cell) and not is_template(problem, cell.source)
    ]
    wanted = set(_DEFINITION.findall(problem.default))
    if wanted:
        programs = [cell for cell in programs if wanted <= set(_DEFINITION.findall(cell.source))]
        return programs[-1] if programs else None
    return programs[0] if len(programs) == 1 else None


def _is_program(cell: Cell) -> bool:
    """Return True for a cell with more than magics and comments that answers nothing yet."""
    if cell.type != "code" or cell.command is not None or _is_tied(cell):
        return False
    rest = ipython_lines(cell.source).rest
    return any(line.strip() and not line.lstrip().startswith("#") for line in rest.splitlines())


def _is_tied(cell: Cell) -> bool:
    return any(tag.startswith(TAG_PREFIX) for tag in cell.tags)
