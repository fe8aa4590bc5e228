"""``inginious-nb backend``, ``agent``, ``test``, ``doctor``: the service on this machine."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import click

from inginious_nb.errors import UsageError
from inginious_nb.grader import commands
from inginious_nb.grader.probes import missing_capabilities
from inginious_nb.grader.sandbox import choose_sandbox
from inginious_nb.i18n import Message, reader_language, translated
from inginious_nb.notebook.grammar.command_group import Command
from inginious_nb.render.terminal import echo
from inginious_nb.settings import load_settings

from . import tables
from .output import print_table, say, tell_faults_of_courses_once
from .replays import replayed

_FAILED = 1
_LAST_PORT = 65535


@click.command(cls=Command)
@click.argument("agent_addr")
@click.argument("client_addr")
def backend(agent_addr: str, client_addr: str) -> None:
    """Run a backend as inginious-backend does, for agents at AGENT_ADDR and clients at CLIENT_ADDR.

    It has no passwords, as INGInious's has none: whoever reaches CLIENT_ADDR may submit. Listen on
    127.0.0.1 unless the network is yours.
    """
    _tell_of_itself()
    commands.run_backend(agent_addr, client_addr)


def _tell_of_itself() -> None:
    """Let a command that serves for long say on stderr what it does, without being asked to."""
    logger = logging.getLogger(commands.__name__)
    logger.setLevel(min(logging.INFO, logger.getEffectiveLevel()))


def _range(_context: click.Context, _option: click.Parameter, text: str | None) -> range | None:
    if text is None:
        return None
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) <= _LAST_PORT):
        raise click.BadParameter("write it as in 64120-64130")
    return range(int(first), int(last) + 1)


@click.command(cls=Command)
@click.argument("backend_addr")
@click.option(
    "--tasks",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder with the course folders.",
)
@click.option("--slots", type=click.IntRange(min=1), help="Jobs at a time (default: one per core).")
@click.option("--name", help="What the queue calls it (default: the machine's name).")
@click.option(
    "--ssh-ports",
    metavar="FIRST-LAST",
    callback=_range,
    help="Ports of this machine for shells into jobs (default: 64120-64130).",
)
def agent(
    backend_addr: str, tasks: Path, slots: int | None, name: str | None, ssh_ports: range | None
) -> None:
    """Run an agent for a backend, ours or INGInious's: choices and scripts in one.

    Scripts run on this machine, isolated as far as its sandbox goes; strangers' code belongs on
    INGInious's docker agent.
    """
    settings = load_settings()
    _tell_of_itself()
    commands.run_agent(
        backend_addr,
        tasks,
        slots or settings.slots or None,
        sandbox=settings.sandbox,
        environment_aliases=settings.environments,
        friendly_name=name,
        ssh_ports=ssh_ports,
    )


@click.command("test", cls=Command)
@click.argument("course", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("task", required=False)
def replay(course: Path, task: str | None) -> None:
    """Grade the recorded submissions (test/*.test) of a COURSE folder again, or of one TASK.

    COURSE may be a folder of several courses, or the folder of a task. Prints what differs from the
    record: the result, the grade, or one of its tests. The exit status is 0 when nothing does.
    """
    tell_faults_of_courses_once()
    records = asyncio.run(replayed(course, task, load_settings()))
    if not records:
        raise UsageError(
            Message("{course} has no recorded submissions (TASK/test/*.test).", course=course)
        )
    differing = [record for record in records if record.error or record.differences]
    if any(record.differences for record in differing):
        print_table(tables.replayed(differing))
    for error in tables.replay_errors(records):
        echo(error)
    noun = "recorded submission" if len(records) == 1 else "recorded submissions"
    differ = "differs" if len(differing) == 1 else "differ"
    click.echo(f"{len(records)} {noun}, {len(differing)} {differ} from the record.")
    if differing:
        sys.exit(_FAILED)


@click.command(cls=Command)
def doctor() -> None:
    """Say which sandbox jobs get on this machine, what it lacks for grading, and what to do.

    The exit status is 0 when nothing is missing.
    """
    chosen = choose_sandbox(load_settings().sandbox)
    described = chosen.describe()
    missing = missing_capabilities(chosen)
    lang = reader_language()
    say(Message("Sandbox: {kind}", kind=described["kind"]))
    sections = (
        (Message("Isolated:"), described["isolated"]),
        (Message("Not isolated:"), described["not_isolated"]),
        (Message("Missing:"), missing),
    )
    for title, items in sections:
        if items:
            say(title)
        for item in items:
            echo(f"- {translated(item, lang)}")
    if missing:
        sys.exit(_FAILED)
    say(Message("This machine has all that grading needs."))


COMMANDS = (backend, agent, replay, doctor)
