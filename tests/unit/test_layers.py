"""Arrows go down only: which part may import which (docs/architecture.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "inginious_nb"

# Each part, from the bottom, with all that it may import.
EVERYBODYS = {"errors", "i18n", "settings", "io"}
MAY_IMPORT = {
    "i18n": set(),
    "errors": {"i18n"},
    "io": set(),
    "settings": {"errors", "i18n"},
    "messages": {"errors", "i18n"},
    "course": {"errors", "i18n"},
    "render": {"errors", "i18n"},
    "grammar": {"errors", "i18n"},
    "client": EVERYBODYS | {"messages"},
    "notebook": EVERYBODYS | {"course", "grammar"},
    "grader": EVERYBODYS | {"messages", "course"},
    "services": EVERYBODYS | {"client", "grader"},
    "submissions": EVERYBODYS | {"client", "course", "notebook", "services"},
}
MAY_IMPORT["session"] = {*MAY_IMPORT} - {"grammar", "render"}
MAY_IMPORT["cli"] = {*MAY_IMPORT}
MAY_IMPORT["frontend"] = {*MAY_IMPORT} - {"cli", "grammar"}
MAY_IMPORT["widget"] = {*MAY_IMPORT} - {"cli", "grammar"}
MAY_IMPORT["magics"] = {*MAY_IMPORT}


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
