"""The state of a class as CSV and JSON: a row for each student and task.

A spreadsheet takes a cell that begins with ``=`` for a formula, and students and graders write what
they like: such a text begins with an apostrophe in the CSV. Some take a semicolon for the end of a
cell, some only outside of quotes: what follows one is treated likewise, and all is quoted.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import TYPE_CHECKING, Any

from inginious_nb.i18n import in_language, printable

if TYPE_CHECKING:
    from .class_state import ClassState, Entry

COLUMNS = (
    "student",
    "task",
    "state",
    "result",
    "grade",
    "passed",
    "failed",
    "message",
    "notebook",
    "submission",
)
_FORMULA = re.compile(r"(^|[;\t\n])(?=[ ]*[=+\-@\uff1d\uff0b\uff0d\uff20]|\t)")
"""Where a cell may begin that would be a formula, as OWASP lists them (CSV injection)."""


def as_csv(state: ClassState, lang: str = "en", *, decimal_comma: bool = False) -> str:
    """Return the entries as CSV with a header; a grade is in percent, empty where there is none.

    Args:
        state: The class.
        lang: The language of the texts.
        decimal_comma: Write it as spreadsheets of languages with a decimal comma open it: with
            semicolons between cells, and a byte order mark that says that it is UTF-8.
    """
    out = io.StringIO()
    if decimal_comma:
        out.write("\ufeff")
    end = ";" if decimal_comma else ","
    writer = csv.writer(out, delimiter=end, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for entry in state.entries:
        writer.writerow(
            [
                _text(entry.student),
                _text(entry.task),
                entry.state,
                _text(entry.code),
                _number(entry.grade, "," if decimal_comma else "."),
                len(entry.passed_tests),
                len(entry.failed_tests),
                _text(in_language(entry.message, lang)),
                _text("; ".join(entry.files)),
                _text(entry.submission_id),
            ]
        )
    return out.getvalue()


def _number(grade: float | None, point: str) -> str:
    return "" if grade is None else f"{grade:g}".replace(".", point)


def as_json(state: ClassState, *, sandbox: str, lang: str = "en") -> str:
    """Return tasks and entries as JSON; what JSON has no word for is text in it.

    Args:
        state: The class.
        sandbox: What isolated the scripts, in words.
        lang: The language of the texts.
    """
    content = {
        "sandbox": in_language(sandbox, lang),
        "tasks": [
            {"task": task.reference, "name": task.name, "mean": state.mean(task.reference)}
            for task in state.tasks
        ],
        "entries": [_entry(entry, lang) for entry in state.entries],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, default=str)


def _entry(entry: Entry, lang: str) -> dict[str, Any]:
    return {
        "student": entry.student,
        "task": entry.task,
        "state": entry.state,
        "result": entry.code,
        "grade": entry.grade
        if entry.grade is None or math.isfinite(entry.grade)
        else str(entry.grade),
        "tests": {
            **dict.fromkeys(entry.passed_tests, True),
            **dict.fromkeys(entry.failed_tests, False),
        },
        "message": in_language(entry.message, lang),
        "feedback": in_language(entry.feedback, lang),
        "notebooks": list(entry.files),
        "submission": entry.submission_id,
        "graded_before": entry.is_reused,
    }


def _text(text: str) -> str:
    return _FORMULA.sub(r"\1'", printable(text))
