"""The Python that README and docs show is Python, and its %inginious lines do what they say."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from inginious_nb.notebook.grammar.commands import parse
from inginious_nb.notebook.grammar.magic_lines import command_lines, split_cell
from tests.support.kernel import running_kernel

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if "_build" not in path.relative_to(ROOT).parts
    ),
]
SNIPPETS = [
    pytest.param(code, id=f"{page.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 1}")
    for page in PAGES
    for text in [page.read_text()]
    for found in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    for code in [found[1]]
]
NEEDS = {
    "connect tcp://": "a backend at that address",
    "connect https://": "a site at that address",
    "courses ~/": "a folder of the reader",
    "python1/": "the course that the reader of the guide has made",
    "python2/": "the course that the reader of the guide has written by hand",
    "--ssh": "somebody who enters the shell",
}
"""What snippets need that a test does not have."""

of_commands = pytest.mark.parametrize(
    "code", [snippet for snippet in SNIPPETS if "%inginious" in snippet.values[0]]
)


@pytest.mark.parametrize("code", SNIPPETS)
def test_a_snippet_is_python(code):
    body = split_cell(code).body
    ast.parse(TransformerManager().transform_cell(body))


@of_commands
def test_every_line_with_a_command_is_one(code):
    shown = [line for line in code.splitlines() if re.search(r"%inginious\b", line.split("#")[0])]
    assert [parse(line) is not None for line in command_lines(code)] == [True] * len(shown)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("snippets")
    shutil.copytree(ROOT / "notebooks", folder, dirs_exist_ok=True)
    with running_kernel(folder, INGINIOUS_HISTORY=folder / "history.sqlite") as kernel:
        kernel.run("%load_ext inginious_nb\n%inginious open demo/fib")
        yield kernel


@of_commands
def test_a_snippet_runs_beside_the_demo_course(kernel, code):
    needed = [what for text, what in NEEDS.items() if text in code]
    if needed:
        pytest.skip(f"needs {needed[0]}")
    outputs = kernel.run(code)
    assert outputs.status == "ok", outputs.text
    assert outputs.text.strip()
