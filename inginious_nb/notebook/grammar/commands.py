"""The commands of ``%inginious``, declared once: names, arguments, options and help.

`implemented` attaches functions to them for the magics, `parse` reads a line without calling
anything, for cell discovery. The command line takes from here the parameters that it shares.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from inginious_nb.errors import UsageError
from inginious_nb.i18n import Message, marked

from .arguments import LINE_MAGIC, split, task_arguments
from .command_group import Command, CommandGroup
from .names import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .arguments import TaskArguments

FOR_TERMINALS = frozenset(
    ["agent", "backend", "check", "doctor", "environments", "grade", "record", "settings", "test"]
)
"""What is a command of ``inginious-nb`` only."""


def _as_task_arguments(
    _ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]
) -> TaskArguments:
    return task_arguments(words)


SECTIONS = (
    (marked("To begin with"), ("demo", "courses", "tasks", "open")),
    (
        marked("Answers and their results"),
        ("submit", "answer", "status", "history", "queue", "resubmit", "kill"),
    ),
    (
        marked("For teachers"),
        ("new", "edit", "check", "try", "test", "record", "class", "grade", "environments"),
    ),
    (marked("Where answers are graded"), ("doctor", "connect", "disconnect", "backend", "agent")),
    (marked("More"), ("help", "settings")),
)
"""The order in which commands are listed, those of ``inginious-nb`` too: as people need them."""

TASK_ARGUMENTS = click.Argument(
    ["given"],
    nargs=-1,
    required=False,
    metavar="[COURSE/TASK] [PROBLEM=VALUE]...",
    type=Named("answer"),
    callback=_as_task_arguments,
)
LIMIT = click.Option(
    ["--limit"],
    type=click.INT,
    default=20,
    help=marked("How many to list, 20 if it is not said."),
)
MAGICS = click.Option(
    ["--magics"],
    type=click.Choice(["skip", "send"]),
    help=marked(
        "Lines that only IPython runs, such as %time or !ls: skip leaves them out of an answer, "
        "send sends them."
    ),
)
AS = click.Option(
    ["--as", "username"],
    metavar="NAME",
    help=marked("Submit as the student NAME, with attempts and a history of their own."),
)
CLASS_TASKS = click.Option(
    ["--task", "tasks"],
    multiple=True,
    type=Named("task"),
    help=marked(
        "COURSE/TASK; may be repeated (default: those that the notebooks submit, open or name)."
    ),
)
STUDENT_FROM = click.Option(
    ["--student-from"],
    metavar="PATTERN",
    help=marked("Where the name stands in a path, such as 'hw1_{student}.ipynb'; * is anything."),
)
CLASS_JOBS = click.Option(
    ["--jobs"],
    type=click.IntRange(min=1),
    help=marked("Jobs graded at a time (default: one per core)."),
)
NO_ISOLATION = click.Option(
    ["--no-isolation"],
    is_flag=True,
    help=marked("Grade also where this machine cannot isolate what the notebooks say."),
)
DEMO_CLASS = click.Option(
    ["--class", "with_class"],
    is_flag=True,
    help=marked("Write the notebooks of an invented class of thirty into FOLDER instead."),
)
_SUBMISSION = click.Argument(
    ["submission"], required=False, metavar="[ID]", type=Named("submission")
)
_WAIT = click.Option(["--wait"], is_flag=True, help=marked("Return when the result is there."))

DECLARED = (
    Command(
        "open",
        params=[click.Argument(["task"], required=False, type=Named("task"))],
        help=marked("Show a task: its text, its problems, a button to submit."),
    ),
    Command(
        "submit",
        params=[
            TASK_ARGUMENTS,
            click.Option(["--lang"], help=marked("Language of the feedback, such as fr.")),
            AS,
            MAGICS,
            click.Option(
                ["--ssh"], is_flag=True, help=marked("Open a remote shell instead of grading.")
            ),
            click.Option(["--debug"], is_flag=True, help=marked("Return the script's output too.")),
            _WAIT,
        ],
        help=marked(
            "Submit the cells tagged inginious:PROBLEM; as %%inginious, the rest of the cell."
        )
        + "\n\n"
        + marked(
            "Returns at once; the value has result(), kill() and can be awaited. Without a "
            "task, the one opened last is meant. PROBLEM=VALUE gives an answer directly: a "
            "choice's number, a short text, the path of a file. As %%inginious submit "
            "COURSE/TASK[/PROBLEM] the text below is the answer."
        ),
    ),
    Command(
        "answer",
        params=[click.Argument(["problem"], type=Named("problem"))],
        help=marked(
            "As %%inginious answer PROBLEM: run this cell as usual and keep it as the answer."
        )
        + "\n\n"
        + marked(
            "PROBLEM may be written COURSE/TASK/PROBLEM where several tasks have a problem of"
            " that name."
        ),
    ),
    Command(
        "courses",
        params=[click.Argument(["folder"], required=False)],
        help=marked("List the courses; with a FOLDER, add the courses in it first."),
    ),
    Command(
        "demo",
        params=[click.Argument(["folder"], required=False), DEMO_CLASS],
        help=marked("Copy a small course and its notebook into FOLDER, and open the course."),
    ),
    Command(
        "tasks",
        params=[click.Argument(["course"], required=False, type=Named("course"))],
        help=marked("List the tasks of a course, or of all, with your grades."),
    ),
    Command(
        "status", help=marked("Tell where answers are graded, and how your submissions stand.")
    ),
    Command(
        "queue",
        help=marked(
            "Show the grading service's queue as it was last told: your jobs, and how many others'."
        ),
    ),
    Command(
        "history",
        params=[
            click.Argument(
                ["which"], required=False, metavar="[COURSE/TASK | ID]", type=Named("task")
            ),
            LIMIT,
        ],
        help=marked("List what you submitted; with the ID of a submission, show its answers."),
    ),
    Command(
        "kill",
        params=[_SUBMISSION],
        help=marked(
            "Ask for the end of a submission; without an ID, of the newest that is under way."
        ),
    ),
    Command(
        "resubmit",
        params=[_SUBMISSION, _WAIT],
        help=marked(
            "Send the same answers once more; without an ID, those that never got a result."
        ),
    ),
    Command(
        "connect",
        params=[
            click.Argument(["address"], required=False),
            click.Option(["--user", "username"], help=marked("Who signs in at the site.")),
            click.Option(
                ["--cookie"],
                is_flag=True,
                help=marked(
                    "Ask for the cookie of a session that you opened in the browser, where the "
                    "site has a sign-in page of its own."
                ),
            ),
            click.Option(
                ["--keep"],
                is_flag=True,
                help=marked("Keep the password in the keyring of this system."),
            ),
        ],
        help=marked("Grade at ADDRESS from now on: https://SITE, tcp://HOST:PORT, or embedded.")
        + "\n\n"
        + marked("Without an ADDRESS, sign in again at the site."),
    ),
    Command(
        "disconnect",
        help=marked("Sign out at the site, and forget your password, in the keyring too."),
    ),
    Command(
        "new",
        params=[
            click.Argument(["what"], type=click.Choice(["course", "task"])),
            click.Argument(["folder"], metavar="COURSE[/TASK]"),
            click.Option(
                ["--kind"],
                metavar="KIND",
                type=Named("kind of task"),
                help=marked("What a task asks for: bash, c, choice, file, match or python."),
            ),
        ],
        help=marked("Make a course in a folder, or a task in it, to begin with."),
    ),
    Command(
        "edit",
        params=[
            click.Argument(["file"], metavar="COURSE/TASK[/FILE]", type=Named("task")),
            click.Option(
                ["--force"],
                is_flag=True,
                help=marked("Write over a file that was changed elsewhere, too."),
            ),
        ],
        help=marked("Put a file of a task into the next cell, which writes it back when run.")
        + "\n\n"
        + marked(
            "As %%inginious edit, write the rest of the cell into the file. Without a FILE a "
            "script is the run file, all else is task.yaml. COURSE/course.yaml and "
            "COURSE/$common/FILE are those of the course."
        ),
    ),
    Command(
        "class",
        params=[
            click.Argument(["folder"]),
            CLASS_TASKS,
            STUDENT_FROM,
            CLASS_JOBS,
            click.Option(
                ["--names"], is_flag=True, help=marked("Show the names; else they are hidden.")
            ),
            NO_ISOLATION,
            MAGICS,
        ],
        help=marked("Grade the notebooks in FOLDER live, and compare the answers.")
        + "\n\n"
        + marked(
            "FOLDER has one notebook a student, one folder a student, or nbgrader's folders. What "
            "was graded before is not graded again unless you press Regrade all."
        ),
    ),
    Command(
        "try",
        params=[
            click.Argument(["task"], required=False, metavar="[COURSE[/TASK]]", type=Named("task")),
            click.Option(
                ["--watch"], is_flag=True, help=marked("Do it again whenever a file is saved.")
            ),
        ],
        help=marked(
            "Grade the recorded submissions of a task or course again, and show what differs."
        ),
    ),
    Command(
        "help",
        params=[click.Argument(["command"], required=False, type=Named("command"))],
        help=marked("Explain the commands, one COMMAND of them, or the settings."),
    ),
)


def implemented(functions: Mapping[str, Callable[..., Any]]) -> CommandGroup:
    """Return the declared commands with a function attached to each.

    Args:
        functions: By the name of the command; each takes click's `obj`, then the parameters of
            its declaration by name.

    Raises:
        LookupError: A command has no function, or a function no command.
    """
    if set(functions) != {command.name for command in DECLARED}:
        raise LookupError(f"Functions {sorted(functions)} are not those of the commands.")
    group = declared()
    for name, function in functions.items():
        group.commands[name] = attached = copy.copy(group.commands[name])
        attached.callback = click.pass_obj(function)
    return group


def declared() -> CommandGroup:
    """Return the declared commands as a group, for their help and for parsing."""
    group = CommandGroup(
        "inginious",
        help=marked("Submit notebook cells to INGInious and read the feedback beneath them."),
        add_help_option=False,
        context_settings={"help_option_names": ["--help"]},
    )
    for command in DECLARED:
        group.add_command(command)
    group.sections = SECTIONS
    group.elsewhere = {
        name: Message("{command} in a terminal", command=f"inginious-nb {name}")
        for name in FOR_TERMINALS
    }
    return group


class ParsedCommand(Struct, frozen=True):
    """A command as written in a cell.

    Attributes:
        name: Its name.
        parameters: The values of its arguments and options, by the names of the declaration.
    """

    name: str
    parameters: Mapping[str, Any]

    @property
    def reference(self) -> str:
        """Return the task or problem that the command names; empty if it names none."""
        given: TaskArguments | None = self.parameters.get("given")
        named = given.reference if given is not None else None
        return named or self.parameters.get("task") or self.parameters.get("problem") or ""

    @property
    def answers(self) -> Mapping[str, str]:
        """Return the PROBLEM=VALUE pairs that go with it."""
        given: TaskArguments | None = self.parameters.get("given")
        return given.answers if given is not None else {}


def parse(line: str) -> ParsedCommand | None:
    """Parse what follows ``%inginious``; None where the magic would refuse it or show its help."""
    try:
        words = split(line)
        if not words:
            return None
        # Without the help option: click would print the help.
        group = declared()
        with click.Context(group, info_name=LINE_MAGIC, help_option_names=[]) as context:
            name, command, rest = group.resolve_command(context, words)
            assert command is not None  # noqa: S101 - resolve_command fails instead
            with command.make_context(name, rest, parent=context, help_option_names=[]) as parsed:
                return ParsedCommand(str(name), parsed.params)
    except (click.ClickException, UsageError):
        return None
