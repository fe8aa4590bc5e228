"""Arrows go down only: which part may import which (docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "inginious_nb"

# Each part, from the bottom, with all that it may import.
BOTTOM = {"errors", "i18n"}
MAY_IMPORT = {
    "i18n": set(),
    "errors": {"i18n"},
    "observers": set(),
    "io_thread": set(),
    "wire": BOTTOM,
    "course": BOTTOM,
    "cells": BOTTOM,
    "notebook_file": {"cells"},
    "words": BOTTOM,
    "settings": BOTTOM,
    "render": BOTTOM,
    "client": BOTTOM | {"wire"},
    "embedded": BOTTOM | {"wire", "course"},
    "history": BOTTOM | {"client"},
    "answers": BOTTOM | {"cells", "course", "history"},
    "submission": BOTTOM | {"client", "course", "history", "observers"},
    "board": {"course", "history", "observers", "submission"},
    "backend": BOTTOM | {"client", "embedded", "observers", "settings"},
}
MAY_IMPORT["inputdata"] = {"board", "settings"}
MAY_IMPORT["backends"] = {"backend", "settings"}
MAY_IMPORT["delivery"] = BOTTOM | {"backend", "client", "history", "submission"}
MAY_IMPORT["session"] = {*MAY_IMPORT, "session"} - {"cells", "notebook_file", "render"}
LOWER = {*MAY_IMPORT}
MAY_IMPORT["tables"] = LOWER
MAY_IMPORT["widget"] = LOWER
MAY_IMPORT["magic"] = LOWER | {"widget", "tables"}
MAY_IMPORT["cli"] = LOWER | {"tables"}


def part_of(module):
    """The part that a module of the package belongs to, None for the package itself."""
    names = module.split(".")
    return names[1] if names[0] == PACKAGE.name and len(names) > 1 else None


def imported_parts(path):
    """The parts that a file imports, wherever in the file it does."""
    module = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]
    package = module[:-1]  # of the module itself, or of __init__
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names = [
                f"{stem}.{alias.name}" if stem == PACKAGE.name else stem for alias in node.names
            ]
        else:
            continue
        yield from filter(None, map(part_of, names))


def sources():
    for path in sorted(PACKAGE.rglob("*.py")):
        if "grading_api" not in path.parts:  # runs without this package
            yield path


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_part_imports_upwards(path):
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return  # loads the magics on demand
    assert part in MAY_IMPORT, f"say in this test what {part} may import"
    assert set(imported_parts(path)) <= MAY_IMPORT[part] | {part, "__version__"}
