"""Lower bounds are promises: each dependency has one, and `make lowest` tests just that version."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]


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


def test_each_test_of_the_lean_choice_exists():
    makefile = re.sub(r"\\\n\s*", "", (ROOT / "Makefile").read_text())
    modules = re.search(r"^LOWEST_UNIT := (.*)", makefile, re.MULTILINE)[1].split()
    assert modules
    for module in modules:
        assert (ROOT / "tests" / "unit" / f"test_{module}.py").is_file(), module
    for test in re.search(r"^LOWEST_BROWSER := (.*)", makefile, re.MULTILINE)[1].split():
        file, _, name = test.partition("::")
        assert f"def {name or 'test_'}" in (ROOT / "tests" / "browser" / file).read_text()
