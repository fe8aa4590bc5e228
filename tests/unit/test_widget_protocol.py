"""Both halves of the widget say the same: kinds, fields, phases and results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args, get_type_hints, is_typeddict

import pytest

from inginious_nb.submissions.submission import Phase
from inginious_nb.widget import TaskWidget, views
from inginious_nb.widget.snapshot import RESULT_CODES

JS = Path(__file__).parents[2] / "js"
PROTOCOL = (JS / "protocol.ts").read_text()

BROWSER_ONLY = {"CellInfo", "Replies"}
"""Shapes that Python reads or writes without a TypedDict of its own."""


def words_of(constant):
    found = re.search(rf"export const {constant} = \[(.*?)\]", PROTOCOL, re.DOTALL)
    return re.findall(r'"([^"]+)"', found[1])


def interfaces():
    found = re.findall(r"export interface (\w+) \{\n(.*?)\n\}", PROTOCOL, re.DOTALL)
    return {name: set(re.findall(r"^  (\w+)\??:", body, re.MULTILINE)) for name, body in found}


def shapes():
    return {
        name: set(get_type_hints(shape))
        for name, shape in vars(views).items()
        if is_typeddict(shape)
    }


def test_the_kinds_are_the_same():
    assert words_of("REQUEST_KINDS") == list(get_args(views.RequestKind))
    assert words_of("MESSAGE_KINDS") == list(get_args(views.MessageKind))
    assert words_of("WAKER_KINDS") == list(get_args(views.WakerKind))
    assert sorted(words_of("PHASES")) == sorted(get_args(Phase))
    version = re.search(r"PROTOCOL_VERSION = (\d+)", PROTOCOL)
    assert int(version[1]) == views.PROTOCOL_VERSION


def test_the_shapes_have_the_same_names():
    assert set(interfaces()) - BROWSER_ONLY == set(shapes())


@pytest.mark.parametrize("name", sorted(shapes()))
def test_the_fields_are_the_same(name):
    assert interfaces()[name] == shapes()[name]


def test_each_request_has_an_answer():
    assert interfaces()["Replies"] == set(get_args(views.RequestKind))


def test_the_traits_are_the_state():
    synced = {
        name for name in TaskWidget.class_traits(sync=True) if name in shapes()["WidgetState"]
    }
    assert synced == shapes()["WidgetState"]
    assert set(words_of("STATE_KEYS")) == synced


def test_live_and_static_views_know_the_same_results():
    components = (JS / "components" / "tone.ts").read_text()
    known = re.search(r"const KNOWN = \[(.*?)\]", components)
    assert set(re.findall(r'"(\w+)"', known[1])) == set(RESULT_CODES)
