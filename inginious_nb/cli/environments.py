"""``inginious-nb environments``: what tasks find in each environment of this machine."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from inginious_nb.errors import InginiousError
from inginious_nb.i18n import Message, in_language, reader_language
from inginious_nb.notebook.grammar.command_group import Command
from inginious_nb.render.terminal import echo
from inginious_nb.settings import load_settings

from . import tables
from .output import print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inginious_nb.settings import Inginious


@click.command(cls=Command)
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def environments(name: str | None, *, as_json: bool) -> None:
    """List the environments of this machine: which Python a task finds, and its packages.

    With a NAME, the packages of that one, with their versions.
    """
    found = list(_found(load_settings()))
    if name is not None:
        found = [each for each in found if each["name"] == name]
        if not found:
            raise click.UsageError(
                Message(
                    "There is no environment {name}; inginious-nb environments lists them.",
                    name=name,
                )
            )
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if name is None:
        print_table(tables.environments(found, reader_language()))
        _tell_faults(found)
        return
    for package, version in sorted(found[0]["packages"].items(), key=lambda p: p[0].lower()):
        echo(f"{package} {version}")
    if found[0]["variables"]:
        names = ", ".join(sorted(found[0]["variables"]))
        say(Message("Activating it sets {variables}; tasks have that.", variables=names), err=True)
    _tell_faults(found)


def _tell_faults(found: list[dict[str, Any]]) -> None:
    for each in found:
        if each["fault"]:
            say(f"{each['name']}: {each['fault']}", err=True)


def _found(settings: Inginious) -> Iterator[dict[str, Any]]:
    # Loaded here, so that other commands start without the grader.
    from inginious_nb.course import CourseLibrary  # noqa: PLC0415
    from inginious_nb.grader.agents.environments import OfferedEnvironments  # noqa: PLC0415
    from inginious_nb.grader.agents.local import DEFAULT_ENVIRONMENTS  # noqa: PLC0415
    from inginious_nb.grader.job.activation import activation_of  # noqa: PLC0415
    from inginious_nb.grader.job.interpreters import system_python  # noqa: PLC0415
    from inginious_nb.grader.job.python_environments import about  # noqa: PLC0415
    from inginious_nb.grader.job.python_packages import PACKAGES  # noqa: PLC0415

    offered = OfferedEnvironments(
        CourseLibrary(), DEFAULT_ENVIRONMENTS, settings.environments, has_shells=False
    )
    for kind, name in sorted(offered.names()):
        python = offered.resolved((kind, name))
        program = python.program if python is not None else system_python() or sys.executable
        row: dict[str, Any] = {
            "name": name if kind == "docker" else f"{kind}/{name}",
            "python": program,
            "version": "",
            "packages": {},
            # What the grading service brings where the interpreter lacks it.
            "added": list(PACKAGES),
            "variables": {},
            "error": "",
            "fault": "",
        }
        try:
            has = about(program)
            row |= {"version": has.version, "packages": dict(has.packages)}
        except InginiousError as error:
            row["error"] = error.in_language(reader_language())
        if python is not None:
            activation = activation_of(python)
            fault = in_language(activation.fault or "", reader_language())
            row |= {"variables": dict(activation.variables), "fault": fault}
        yield row


COMMANDS = (environments,)
