"""Both halves of the front end say the same: kinds, fields, their types, phases and results."""

from __future__ import annotations

import itertools
import re
import types
from pathlib import Path
from typing import Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from inginious_nb.frontend.class_view import ClassResponder
from inginious_nb.frontend.lines import RESULT_CODES
from inginious_nb.frontend.overview import OverviewResponder
from inginious_nb.frontend.protocol import (
    class_view,
    common,
    overview,
    sign_in,
    task,
    task_requests,
)
from inginious_nb.frontend.requests import TaskResponder
from inginious_nb.submissions.submission import Phase
from inginious_nb.widget import TaskWidget

JS = Path(__file__).parents[2] / "js"
PARTS = {
    part.__name__.rpartition(".")[2]: part
    for part in (class_view, common, overview, sign_in, task, task_requests)
}
TYPESCRIPT = {
    path.stem: re.sub(r"/\*\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    for path in (JS / "protocol").iterdir()
}
PROTOCOL = "\n".join(TYPESCRIPT.values())
MAPS = {f"{of}{way}" for of in ("", "Overview", "Class") for way in ("Requests", "Replies")}
"""TypeScript's tables of kinds; Python's are dictionaries."""

NARROWER = {"Phase": "string", "ProblemType": "string", '"best" | "last"': "string"}
"""Types of TypeScript for which Python's shape says any text."""


def words_of(constant):
    found = re.search(rf"export const {constant} = \[(.*?)\]", PROTOCOL, re.DOTALL)
    return re.findall(r'"([^"]+)"', found[1])


def interfaces(text=PROTOCOL):
    head = r"export interface (\w+)(?: extends (\w+))? \{\n(.*?)\n\}"
    fields = {}
    for name, base, body in re.findall(head, text, re.DOTALL):
        own = dict(re.findall(r"^  (\w+\??): (.*?);$", body, re.MULTILINE))
        fields[name] = fields.get(base, {}) | own
    return fields


def aliases():
    return dict(re.findall(r"export type (\w+) =\s*(.*?);", PROTOCOL, re.DOTALL))


def shapes(*parts):
    """The shapes that a module of Python declares, of all parts without one."""
    return {
        name: shape
        for part in parts or PARTS.values()
        for name, shape in vars(part).items()
        if is_typeddict(shape) and shape.__module__ == part.__name__
    }


def union(parts):
    return " | ".join(sorted(parts))


def in_typescript(kind):
    """A type of Python as TypeScript writes it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is common.EmptyMessage:
        return "EmptyMessage"
    if is_typeddict(kind):
        return kind.__name__
    if origin is Literal:
        return union(f'"{value}"' for value in arguments)
    if origin in (Union, types.UnionType):
        return union(part for each in arguments for part in in_typescript(each).split(" | "))
    if origin is list:
        return f"{in_typescript(arguments[0])}[]"
    if origin is dict:
        return f"Record<string, {in_typescript(arguments[1])}>"
    names = {str: "string", int: "number", float: "number", bool: "boolean"}
    return names.get(kind, "null" if kind is type(None) else str(kind))


def normalised(text):
    """A type of TypeScript with aliases resolved, unions sorted, and narrower texts as texts."""
    text = " ".join(text.split())
    text = re.sub(r"Partial<Record<Phase, (\w+)>>", r"Record<string, \1>", text)
    text = NARROWER.get(text, text)
    for name in ("RawAnswer", "Role"):
        resolved = union(aliases()[name].split(" | "))
        text = re.sub(rf"\b{name}\b", resolved, text)
    if "<" in text:
        head, inner = text.split("<", 1)
        inner, tail = inner.rsplit(">", 1)
        key, value = inner.split(", ", 1)
        text = f"{head}<{key}, {union(value.split(' | '))}>{tail}"
        return union([text]) if " | " not in tail else text
    return union(text.split(" | "))


def fields_of(shape):
    hints = get_type_hints(shape, include_extras=True)
    found = {}
    for name, hint in hints.items():
        optional = get_origin(hint) is NotRequired or name not in shape.__required_keys__
        kind = get_args(hint)[0] if get_origin(hint) is NotRequired else hint
        found[f"{name}?" if optional else name] = in_typescript(kind)
    return found


def test_the_kinds_are_the_same():
    assert words_of("MESSAGE_KINDS") == list(get_args(common.MessageKind))
    assert words_of("RESTORE_KINDS") == list(get_args(common.RestoreKind))
    assert sorted(words_of("PHASES")) == sorted(get_args(Phase))
    version = re.search(r"PROTOCOL_VERSION = (\d+)", PROTOCOL)
    assert int(version[1]) == common.PROTOCOL_VERSION


@pytest.mark.parametrize(
    ("part", "table"),
    [
        (part, f"{of}{way}")
        for part, of in ((task_requests, ""), (overview, "OVERVIEW_"), (class_view, "CLASS_"))
        for way in ("REQUESTS", "REPLIES")
    ],
)
def test_each_kind_carries_the_same_both_ways(part, table):
    ours = {kind: in_typescript(shape) for kind, shape in vars(part)[table].items()}
    assert interfaces()[table.title().replace("_", "")] == ours


def test_each_kind_of_request_is_answered():
    about_a_task, about_all = TaskResponder.handlers, OverviewResponder.handlers
    assert about_a_task.keys() == task_requests.REQUESTS.keys() == task_requests.REPLIES.keys()
    assert about_all.keys() == overview.OVERVIEW_REQUESTS.keys() == overview.OVERVIEW_REPLIES.keys()
    about_a_class = ClassResponder.handlers
    assert about_a_class.keys() == class_view.CLASS_REQUESTS.keys()
    assert about_a_class.keys() == class_view.CLASS_REPLIES.keys()
    for order, kinds in (
        (task_requests.TASK_ORDER, about_a_task),
        (overview.OVERVIEW_ORDER, about_all),
        (class_view.CLASS_ORDER, about_a_class),
    ):
        assert {*order, *itertools.chain(*order.values())} - {""} <= kinds.keys()


def test_the_shapes_have_the_same_names_in_files_of_the_same_name():
    theirs = {part: set(interfaces(text)) - MAPS for part, text in TYPESCRIPT.items()}
    assert theirs == {name: set(shapes(part)) - {"EmptyMessage"} for name, part in PARTS.items()}


@pytest.mark.parametrize("name", sorted(set(shapes()) - {"EmptyMessage"}))
def test_the_fields_and_their_types_are_the_same(name):
    theirs = {field: normalised(kind) for field, kind in interfaces()[name].items()}
    assert theirs == fields_of(shapes()[name])


def test_the_traits_are_the_state():
    state = set(get_type_hints(task.WidgetState))
    assert {name for name in TaskWidget.class_traits(sync=True) if name in state} == state
    assert set(words_of("STATE_KEYS")) == state


def test_live_and_static_views_know_the_same_results():
    components = (JS / "components" / "result_class.ts").read_text()
    known = re.search(r"const KNOWN = \[(.*?)\]", components)
    assert set(re.findall(r'"(\w+)"', known[1])) == set(RESULT_CODES)
