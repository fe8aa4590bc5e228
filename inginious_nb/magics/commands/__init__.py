"""The functions behind ``%inginious``, attached to the commands that the grammar declares.

Each turns arguments into calls of the session. A command shows a table or a widget; its value can
be used in a program. A new command is declared in `inginious_nb.notebook.grammar.commands` first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inginious_nb.frontend.opened_courses import open_where_none_is_near
from inginious_nb.notebook.grammar.arguments import CELL_MAGIC, LINE_MAGIC, split
from inginious_nb.notebook.grammar.command_group import call
from inginious_nb.notebook.grammar.commands import implemented

from . import authoring, classroom, courses, service, submissions
from .help import help_text, show_help

if TYPE_CHECKING:
    from inginious_nb.magics.context import MagicContext

__all__ = ["help_text", "inginious", "run"]

_NAME_COURSES = frozenset({"courses", "demo", "new"})
"""They say which courses they are about: one of the same name that is open would be in the way."""

inginious = implemented(
    {
        "open": courses.open_task,
        "submit": submissions.submit,
        "answer": submissions.answer,
        "courses": courses.list_courses,
        "demo": courses.copy_the_demo,
        "tasks": courses.list_tasks,
        "status": service.show_status,
        "queue": service.show_queue,
        "history": submissions.show_history,
        "kill": submissions.kill,
        "resubmit": submissions.resubmit,
        "connect": service.connect,
        "disconnect": service.disconnect,
        "new": authoring.make_new,
        "edit": authoring.edit_file,
        "class": classroom.show_class,
        "try": authoring.try_task,
        "help": show_help,
    }
)


def run(context: MagicContext, line: str) -> Any:
    """Run the command of a line and return its value; an empty line asks for help.

    Raises:
        InginiousError: The words do not fit, or the command raised it.
    """
    words = split(line) or ["help"]
    if words[0] not in _NAME_COURSES or words == ["courses"]:
        open_where_none_is_near(context.session)
    name = LINE_MAGIC if context.body is None else CELL_MAGIC
    return call(inginious, words, context, prog_name=name)
