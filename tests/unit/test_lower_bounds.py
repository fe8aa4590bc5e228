"""Lower bounds are promises: each dependency has one, and `make lowest` tests just that version."""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
# What the declared ones bring in any version that they take; it was tried with IPython 8.12,
# traitlets 5.9, tornado 6.2 and jupyter-core 5.1.
BROUGHT = {"ipython", "traitlets", "tornado", "jupyter-core", "markupsafe"}


def bound(line):
    found = Requirement(line)
    (lowest,) = (each.version for each in found.specifier if each.operator == ">=")
    return found.name, Version(lowest)


@pytest.mark.parametrize("line", PROJECT["dependencies"] + EXTRAS)
def test_a_dependency_names_the_oldest_version_that_works(line):
    name, lowest = bound(line)
    assert Version(version(name)) >= lowest


@pytest.mark.skipif("INGINIOUS_LOWEST" not in os.environ, reason="only as `make lowest`")
@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_what_is_tested_is_what_is_promised(line):
    name, lowest = bound(line)
    assert Version(version(name)) == lowest


def test_what_is_imported_has_a_bound():
    package = ROOT / "inginious_nb"
    files = [file for file in package.rglob("*.py") if "grading_api" not in file.parts]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_bytes()))]
    imported = {
        *(each.name for node in nodes if isinstance(node, ast.Import) for each in node.names),
        *(n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level),
    }
    modules = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    known = packages_distributions()
    used = {name.lower().replace("_", "-") for each in modules for name in known.get(each, ())}
    declared = {bound(line)[0].lower() for line in PROJECT["dependencies"] + EXTRAS}
    assert {"jupyter-server", "pyzmq"} <= used
    assert used - declared - BROUGHT <= {"inginious-nb"}


def test_each_test_of_the_lean_choice_exists():
    makefile = re.sub(r"\\\n\s*", "", (ROOT / "Makefile").read_text())
    modules = re.search(r"^LOWEST_UNIT := (.*)", makefile, re.MULTILINE)[1].split()
    assert modules
    for module in modules:
        assert (ROOT / "tests" / "unit" / f"test_{module}.py").is_file(), module
    for test in re.search(r"^LOWEST_BROWSER := (.*)", makefile, re.MULTILINE)[1].split():
        file, _, name = test.partition("::")
        assert f"def {name or 'test_'}" in (ROOT / "tests" / "browser" / file).read_text()
