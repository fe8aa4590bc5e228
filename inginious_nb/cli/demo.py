"""``inginious-nb demo``: the demo, out of the package."""

from __future__ import annotations

from pathlib import Path

import click

from inginious_nb.course.demo import FOLDER, copy_demo
from inginious_nb.grammar.command_group import Command


@click.command("demo", cls=Command)
@click.argument(
    "folder", default=FOLDER, type=click.Path(file_okay=False, path_type=Path), required=False
)
def demo(folder: Path) -> None:
    """Copy a small course and its notebook into FOLDER, by default inginious-demo."""
    notebook = copy_demo(folder)
    click.echo(f"{notebook} is the notebook. Open it: jupyter lab {notebook}")


COMMANDS = (demo,)
