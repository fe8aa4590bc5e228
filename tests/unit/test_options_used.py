"""What a command declares counts: no option or argument is taken and ignored."""

from __future__ import annotations

import ast
import inspect
import textwrap

import pytest

from inginious_nb.cli.main import main
from inginious_nb.magics.commands import inginious

COMMANDS = {
    f"{group.name} {name}": group.commands[name]
    for group in (main, inginious)
    for name in group.commands
}


def values_read(function):
    """Return the names whose values a function reads."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_reads_every_parameter_that_it_declares(name):
    command = COMMANDS[name]
    function = inspect.unwrap(command.callback)
    declared = {parameter.name for parameter in command.params if parameter.expose_value}
    assert declared <= inspect.signature(function).parameters.keys()
    assert declared <= values_read(function)
