"""``inginious-nb demo``: the demo, out of the package, and the invented class that answers it."""

from __future__ import annotations

from pathlib import Path

import click

from inginious_nb.course import demo_class
from inginious_nb.course.demo import FOLDER, copy_demo
from inginious_nb.grammar.command_group import Command
from inginious_nb.grammar.commands import DEMO_CLASS


@click.command(
    "demo",
    cls=Command,
    params=[
        click.Argument(
            ["folder"], type=click.Path(file_okay=False, path_type=Path), required=False
        ),
        DEMO_CLASS,
    ],
)
def demo(folder: Path | None, *, with_class: bool) -> None:
    """Copy a small course and its notebook into FOLDER, by default inginious-demo."""
    if with_class:
        written = folder or Path(demo_class.FOLDER)
        demo_class.write_class(written)
        click.echo(
            f"{written} has the notebooks of {len(demo_class.STUDENTS)} students. Grade them: "
            f"inginious-nb grade {written} --courses {FOLDER} --html report.html"
        )
        return
    notebook = copy_demo(folder or Path(FOLDER))
    click.echo(f"{notebook} is the notebook. Open it: jupyter lab {notebook}")


COMMANDS = (demo,)
