"""``%inginious open``, ``courses`` and ``tasks``: what there is to answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display

from inginious_nb import widget
from inginious_nb.course import demo_class
from inginious_nb.course.demo import COURSE, COURSES, FOLDER, copy_demo
from inginious_nb.errors import UsageError
from inginious_nb.frontend.snapshot import task_bundle
from inginious_nb.frontend.style_sheet import brings_style_sheet
from inginious_nb.i18n import Message
from inginious_nb.magics.statement import statement

from .tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inginious_nb.course import Course
    from inginious_nb.magics.context import MagicContext
    from inginious_nb.session import Session


def open_task(context: MagicContext, *, task: str | None) -> None:
    """Show a task, live where there is a front end."""
    session = context.session
    opened = session.open(task)
    if context.host.shows_widgets:
        shown = context.cell_widgets.widget(
            "open", opened, lambda: widget.TaskWidget(opened, session=session)
        )
        display(shown)
        return
    username = session.people.student.username
    bundle = task_bundle(
        session.task_state(opened),
        session.history,
        context.lang,
        username,
        styled=brings_style_sheet(),
    )
    # Where HTML is shown it has the statement.
    text = statement(opened, username, context.lang)
    display(bundle | {"text/plain": f"{bundle['text/plain']}\n\n{text}".rstrip()}, raw=True)


def list_courses(context: MagicContext, *, folder: str | None) -> None:
    """List the courses; add those in a folder first, if one is named."""
    session = context.session
    if folder is not None:
        session.add_courses(Path(folder))
    session.library.renew()
    _refuse_without_courses(session)
    found = session.library.courses.values()
    display(tables().courses(found, context.lang))
    _say_what_is_wrong(context, found)


def copy_the_demo(context: MagicContext, *, folder: str | None, with_class: bool) -> None:
    """Copy the demo out of the package, and open its course; or write the class that answers it."""
    if with_class:
        written = Path(folder or demo_class.FOLDER)
        demo_class.write_class(written)
        context.say(
            Message(
                "{folder} has the notebooks of {n} students: %inginious class {folder}",
                folder=written,
                n=len(demo_class.STUDENTS),
            )
        )
        return
    target = Path(folder or FOLDER)
    known = context.session.library.courses.get(COURSE)
    if known is not None and known.path.resolve() != (target / COURSES / COURSE).resolve():
        raise UsageError(
            Message(
                "A course {course} is open already, in {folder}; nothing was copied. "
                "%inginious tasks {course} lists its tasks.",
                course=COURSE,
                folder=known.path,
            )
        )
    notebook = copy_demo(target, context.lang)
    context.session.add_courses(notebook.parent / COURSES)
    context.say(Message("{notebook} is the notebook; open it.", notebook=notebook))


def list_tasks(context: MagicContext, *, course: str | None) -> None:
    """List the tasks of a course, or of all, with this person's grades."""
    library = context.session.library
    context.session.library.renew()
    _refuse_without_courses(context.session)
    chosen = [library.course(course)] if course else list(library.courses.values())
    display(tables().tasks(context.session, chosen, context.lang))
    _say_what_is_wrong(context, chosen)


def _say_what_is_wrong(context: MagicContext, shown: Iterable[Course]) -> None:
    session = context.session
    notes = [note for note in (session.library.note, session.accounts.offer_of_site) if note]
    for message in (*tables().broken(shown), *notes):
        context.say(message)


def _refuse_without_courses(session: Session) -> None:
    """Say what to do where there is nothing to list.

    Raises:
        UsageError: There is no course.
    """
    if session.library.courses:
        return
    raise UsageError(
        session.library.note
        or session.accounts.offer_of_site
        or Message("There is no course near this notebook; add one with %inginious courses FOLDER.")
    )
