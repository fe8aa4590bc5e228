"""The public face: what `from inginious_nb import …` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import inginious_nb


@pytest.mark.parametrize("name", inginious_nb.__all__)
def test_each_public_name_is_there_and_documented(name):
    value = getattr(inginious_nb, name)
    assert isinstance(value, str) or value.__doc__


def test_the_public_names_are_those_of_the_documentation():
    assert {"Client", "Session", "TaskWidget"} <= set(inginious_nb.__all__)
    assert set(inginious_nb.__all__) <= set(dir(inginious_nb))
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        inginious_nb.Klient  # noqa: B018 - that it is not there


def test_a_program_with_a_client_alone_loads_no_notebook():
    code = (
        "import sys; from inginious_nb import Client; "
        "print([m for m in ('IPython', 'anywidget', 'ipywidgets', 'docutils') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
