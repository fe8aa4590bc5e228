"""The functions behind ``%inginious``, attached to the commands that the grammar declares.

Each turns arguments into calls of the session. A command shows a table or a widget; its value can
be used in a program. A new command is declared in `inginious_nb.grammar.commands` first.
"""

from __future__ import annotations

from inginious_nb.grammar.commands import implemented

from . import authoring, classroom, courses, service, submissions
from .help import help_text, show_help

__all__ = ["help_text", "inginious"]

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
