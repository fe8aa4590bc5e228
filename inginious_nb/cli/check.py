"""``inginious-nb check``: the faults of courses."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inginious_nb.grader.course_check import check_courses
from inginious_nb.i18n import Message, in_language, printable, reader_language
from inginious_nb.notebook.grammar.command_group import Command
from inginious_nb.render.terminal import echo
from inginious_nb.settings import load_settings

from .output import tell_faults_of_courses_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inginious_nb.grader.course_check import Fault

_FAILED = 1


@click.command(cls=Command)
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="COURSE...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="How the faults are written: text, json, or annotations of GitHub's workflows.",
)
def check(folders: tuple[Path, ...], style: str) -> None:
    """Name every fault of a COURSE folder at once, with its file and line; nothing is graded.

    Of a folder that holds several courses, all are checked. The exit status is 0 when there is no
    error; warnings alone do not count.
    """
    tell_faults_of_courses_once()
    aliases = load_settings().environments
    checked = [fault for folder in folders for fault in check_courses(folder, aliases=aliases)]
    faults = list(dict.fromkeys(checked))  # a course may be in two of the folders
    lang = reader_language()
    if style == "json":
        click.echo(json.dumps([_fault_as_json(fault, lang) for fault in faults], indent=2))
    else:
        write = _fault_as_annotation if style == "github" else _fault_as_text
        for fault in faults:
            echo(write(fault, lang))
    errors = sum(fault.severity == "error" for fault in faults)
    if style == "text":
        found = (
            Message.plural("{n} error", "{n} errors", n=errors),
            Message.plural("{n} warning", "{n} warnings", n=len(faults) - errors),
        )
        echo(", ".join(one.in_language(lang) for one in found) + ".")
    if errors:
        sys.exit(_FAILED)


def _fault_as_text(fault: Fault, lang: str) -> str:
    line = "" if fault.line is None else f":{fault.line}"
    return printable(f"{fault.path}{line}: {fault.severity}: {_message(fault, lang)}")


def _message(fault: Fault, lang: str) -> str:
    """Return the message for behind the path of its file, which it may name itself."""
    return in_language(fault.message, lang).replace(str(fault.path), fault.path.name)


def _fault_as_json(fault: Fault, lang: str) -> dict[str, Any]:
    return {
        "severity": fault.severity,
        "file": str(fault.path),
        "line": fault.line,
        "message": in_language(fault.message, lang),
    }


def _fault_as_annotation(fault: Fault, lang: str) -> str:
    """Return a workflow command, escaped as GitHub's own toolkit does it."""

    def escaped(text: object, more: Mapping[str, str]) -> str:
        characters: dict[str, str | int | None] = {"%": "%25", "\r": "%0D", "\n": "%0A", **more}
        return str(text).translate(str.maketrans(characters))

    fields = {"file": fault.path, "line": fault.line}
    of_fault = ",".join(
        f"{name}={escaped(value, {':': '%3A', ',': '%2C'})}"
        for name, value in fields.items()
        if value is not None
    )
    return f"::{fault.severity} {of_fault}::{escaped(_message(fault, lang), {})}"


COMMANDS = (check,)
