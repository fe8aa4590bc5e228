"""Notebooks of an invented class: right, typically wrong, crashing, endless answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = """\
def fib(n):
    if n < 0:
        raise ValueError(n)
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
"""
SLOW = "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
OFF_BY_ONE = RIGHT.replace("a, b = 0, 1", "a, b = 1, 1")
CRASHING = "def fib(n):\n    return fib[n]\n"
KINDS = {"right": RIGHT, "slow": SLOW, "off": OFF_BY_ONE, "crashing": CRASHING}


def notebook(answers: dict[str, str], opened: str = "demo/fib") -> dict[str, object]:
    """Return a notebook whose cells answer problems by their tags."""

    def code(source: str, tags: list[str] | None = None) -> dict[str, object]:
        return {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": tags} if tags else {},
            "outputs": [],
            "source": source,
        }

    cells = [code(f"%inginious open {opened}")] if opened else []
    cells += [code(source, [f"inginious:{problem}"]) for problem, source in answers.items()]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def write_notebook(path: Path, answers: dict[str, str], opened: str = "demo/fib") -> None:
    """Write a notebook file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(answers, opened)))


HOSTILE = (
    "def fib(n):\n    return '<img src=x onerror=alert(1)><script>document.title=1</script>'\n"
)
"""Text that would be more than text if anybody took it for HTML."""

SYNTAX = RIGHT.replace("def fib(n):", "def fib(n)")
STUDENTS = {
    "Ada": RIGHT,
    "Bob": OFF_BY_ONE,
    "Cyd": OFF_BY_ONE,
    "Dan": SLOW,
    "Eve": CRASHING,
    "Fay": SYNTAX,
    "Guy": None,
    "Hal": HOSTILE,
}
"""A small class: what each wrote; None for nothing."""


def write_class(folder: Path) -> None:
    """Write the notebook of each student."""
    for student, source in STUDENTS.items():
        write_notebook(folder / f"{student}.ipynb", {} if source is None else {"fib": source})
