"""``inginious-nb demo``: the demo, out of the package, and the invented class that answers it."""

from __future__ import annotations

from pathlib import Path

import click

from inginious_nb.course import demo_class
from inginious_nb.course.demo import FOLDER, copy_demo
from inginious_nb.i18n import Message, reader_language
from inginious_nb.notebook.grammar.command_group import Command
from inginious_nb.notebook.grammar.commands import DEMO_CLASS

from .output import say


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
        say(
            Message(
                "{folder} has the notebooks of {n} students. Grade them: inginious-nb grade "
                "{folder} --courses {courses} --html report.html",
                folder=written,
                n=len(demo_class.STUDENTS),
                courses=FOLDER,
            )
        )
        return
    notebook = copy_demo(folder or Path(FOLDER), reader_language())
    say(Message("{notebook} is the notebook. Open it: jupyter lab {notebook}", notebook=notebook))


COMMANDS = (demo,)
