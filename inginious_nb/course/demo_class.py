"""The notebooks of an invented class that answers the demo: right, typically wrong, and odd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from inginious_nb.errors import CourseError
from inginious_nb.i18n import Message

from .writing import why_not_written, write_file

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "class"
"""Where they go if nobody says otherwise."""

_RIGHT = """\
def fib(n):
    if n < 0:
        raise ValueError("n must not be negative")
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
"""
_LIST = """\
def fib(n):
    if n < 0:
        raise ValueError(n)
    numbers = [0, 1]
    while len(numbers) <= n:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[n]
"""
_CHECK = '    if n < 0:\n        raise ValueError("n must not be negative")\n'
_UNCHECKED = _RIGHT.replace(_CHECK, "")
ANSWERS = {
    "right": _RIGHT,
    "list": _LIST,
    "off-by-one": _RIGHT.replace("a, b = 0, 1", "a, b = 1, 1"),
    "unchecked": _UNCHECKED,
    "slow": "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n",
    "prints": _UNCHECKED.replace("return a", "print(a)"),
    "crashing": "def fib(n):\n    return fib[n]\n",
    "endless": "def fib(n):\n    while True:\n        n = n + 1\n",
    "syntax": _RIGHT.replace("def fib(n):", "def fib(n)"),
}
"""What they answer to the task fib, by kind; others hand in nothing, or twice."""

EMPTY, TWICE, BROKEN = "empty", "twice", "broken"
_CLASS = {
    "right": "Ada Amal Bram Chloe Dina Emil",
    "list": "Fatou Goran",
    "off-by-one": "Hana Ines Jonas Kofi Lena Marek",
    "unchecked": "Noor Otto Paula Quentin",
    "slow": "Rosa Sven Tariq",
    "prints": "Uma Viktor",
    "crashing": "Wanda",
    "endless": "Xavier",
    "syntax": "Yara",
    EMPTY: "Zoe",
    TWICE: "Aiko",
    BROKEN: "Boris Celia",
}
STUDENTS = {name: kind for kind, names in _CLASS.items() for name in names.split()}
"""The thirty students, each with the kind of the answer."""


def write_class(folder: Path, students: dict[str, str] | None = None) -> None:
    """Write the notebooks of a class into a folder; what is there already is kept.

    Args:
        folder: The folder, which is made if need be.
        students: Names and kinds, default `STUDENTS`.

    Raises:
        CourseError: It cannot be written.
    """
    try:
        for number, (student, kind) in enumerate((students or STUDENTS).items()):
            notebooks = (f"{student}/a", f"{student}/b") if kind == TWICE else (student,)
            for name in notebooks:
                path = folder / f"{name}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    content = "{" if kind == BROKEN else _notebook(kind, number)
                    write_file(path, content.encode())
    except OSError as error:
        raise CourseError(
            Message(
                "{folder} cannot be written ({reason}); choose another place.",
                folder=folder,
                reason=why_not_written(error),
            )
        ) from error


def _notebook(kind: str, number: int) -> str:
    cells = [_cell("code", "%load_ext inginious_nb")]
    if kind != EMPTY:
        answer = ANSWERS.get(kind, _RIGHT)
        # What two of them wrote is hardly ever the same to the letter.
        remark = f"# attempt {number}\n" if number % 2 else ""
        remainder = "2" if number % 3 else "-1"
        cells += [
            _cell("code", f"{remark}{answer}", "demo/fib/fib"),
            _cell("raw", "3", "demo/division/quotient"),
            _cell("raw", remainder, "demo/division/remainder"),
            _cell("code", "%inginious submit demo/fib"),
            _cell("code", "%inginious submit demo/division"),
        ]
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1)


def _cell(kind: str, source: str, problem: str = "") -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source.rstrip("\n")}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    if problem:
        cell["metadata"] = {"tags": [f"inginious:{problem}"]}
    return cell
