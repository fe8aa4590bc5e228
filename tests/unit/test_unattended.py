"""Our notebooks run from top to bottom where nobody clicks, and end with their grades."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
QUICKSTART_GRADES = {
    "Sharing apples": "50 %",
    "Read before you run": "50 %",
    "Rabbits, sunflowers, Fibonacci": "60 %",
    "Counting roses": "100 %",
    "A week of weather": "75 %",
    "In your own words": "75 %",
}


@pytest.fixture
def notebooks(tmp_path):
    return Path(shutil.copytree(NOTEBOOKS, tmp_path / "notebooks"))


def run(*words):
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def submissions(path):
    """The text/plain outputs of a notebook's submissions."""
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", ()):
            if "submit" in cell.source and "data" in output:
                yield output["data"]["text/plain"]


def test_the_quickstart_is_graded_by_papermill_and_exported_as_html(notebooks):
    target = notebooks / "out.ipynb"
    run("papermill", "--cwd", notebooks, notebooks / "quickstart.ipynb", target, "-k", "python3")
    found = {}
    for text in submissions(target):
        verdict, facts, *_ = text.splitlines()
        found[facts.partition(" · ")[0].strip()] = re.search(r"\d+ %", verdict)[0]
    assert found == QUICKSTART_GRADES
    run("nbconvert", "--to=html", target)
    html = target.with_suffix(".html").read_text()
    assert "3 of 5 checks passed" in html
    assert "vnd.jupyter.widget-view" not in html
