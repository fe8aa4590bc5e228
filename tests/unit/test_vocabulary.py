"""Words that the project gave up for others do not come back, in names or prose."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("inginious_nb/**/*", "js/**/*", "docs/*.md", "README.md", "CONTRIBUTING.md")
TEXTS = {".py", ".ts", ".tsx", ".css", ".html", ".json", ".md"}
GIVEN_UP = {
    r"outcome": "result",
    r"outstanding": "pending job",
    r"left.?behind|leftover": "orphaned or stale",
    r"waker|asleep": "restore, reconnect",
    r"patience|\b_?(most|longest)_(?!before)": "MAX_, _TIMEOUT_S",
    r"\bdeaf|\bdoubt": "unresponsive, resync, connections",
    r"\b_hold\b|\bsentences? = |\.sentence\b": "lock, message",
    r"\bdesk\b|\bmirror\b|\bkit\b|visitor|keeper": "the terms of services, state and sandbox",
    r"deliver(y|ies)\b": "submission, job",
}
"""What stood for a thing, and what stands for it now."""

ALLOWED = {
    "inginious_nb/submissions/database.py": "outcome",  # a column of version 1 of the history
}
FILES = [
    path
    for place in PLACES
    for path in ROOT.glob(place)
    if path.suffix in TEXTS and not {"static", "node_modules"} & set(path.relative_to(ROOT).parts)
]


@pytest.mark.parametrize("word", GIVEN_UP)
def test_a_word_that_was_given_up_does_not_come_back(word):
    found = []
    for path in FILES:
        name = path.relative_to(ROOT).as_posix()
        for place in re.finditer(word, f"{name}\n{path.read_text()}", re.IGNORECASE):
            if ALLOWED.get(name) != place[0].lower():
                found.append((name, place[0]))
    assert found == [], f"say {GIVEN_UP[word]}"


QUESTION = r"What|Who|Whose|How|Whether|Why|When|Where"


def test_the_docstring_of_a_module_or_class_begins_with_a_noun():
    found = []
    for path in (ROOT / "inginious_nb").rglob("*.py"):
        tree = ast.parse(path.read_text())
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        for node in (tree, *classes):
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            if re.match(rf"({QUESTION})\b", first):
                found.append((path.relative_to(ROOT).as_posix(), first))
    assert found == [], "say what it is"


def test_the_docstring_of_a_function_begins_with_a_verb():
    nouns = re.compile(rf"(The|An?|Its?|All|One|That|{QUESTION})\b")
    found = []
    for path in (ROOT / "inginious_nb").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = (ast.get_docstring(node) or "").partition("\n")[0]
                if nouns.match(first):
                    found.append((path.name, node.name, first))
    assert found == [], "begin with Return, Send and the like"
