"""``%inginious class``: the notebooks of a class, graded while the teacher looks."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display

from inginious_nb import widget
from inginious_nb.course.folders import expanded

if TYPE_CHECKING:
    from inginious_nb.frontend.class_view import ClassPublisher
    from inginious_nb.magics.context import MagicContext
    from inginious_nb.notebook.review import Magics
    from inginious_nb.widget import ClassWidget

_shown: dict[Path, ClassWidget] = {}
"""The view of each folder: two would grade everything twice."""

_WAIT_TOLD_S = 2.0
"""By then it is known whether another program grades the class."""


def show_class(
    context: MagicContext,
    *,
    folder: str,
    tasks: tuple[str, ...],
    student_from: str | None,
    jobs: int | None,
    names: bool,
    no_isolation: bool,
    magics: Magics | None,
) -> None:
    """Grade a class live; where nobody looks, grade it and show the matrix."""
    from inginious_nb.frontend.class_view import open_class  # noqa: PLC0415 - few kernels need it

    path = expanded(Path(folder))
    before = _shown.pop(path.resolve(), None)
    if before is not None:
        before.close()
    publisher = open_class(
        context.session,
        path,
        tasks=tasks,
        student_from=student_from or "",
        jobs=jobs,
        no_isolation=no_isolation,
        magics=magics or "refuse",
    )
    if not context.host.shows_widgets:
        _grade_to_the_end(context, publisher, names=names)
        return
    _shown[path.resolve()] = shown = widget.ClassWidget(publisher, names=names)
    publisher.live.grade()
    display(shown)


def _grade_to_the_end(context: MagicContext, publisher: ClassPublisher, *, names: bool) -> None:
    live = publisher.live
    ended = threading.Event()
    live.subscribe(lambda: None if live.is_busy else ended.set())
    live.grade()
    try:
        if not ended.wait(_WAIT_TOLD_S) and live.error is not None:
            context.say(live.error.text)
        ended.wait()
        if live.warning is not None:
            context.say(live.warning)
    finally:
        publisher.close()
        live.close()
    if live.error is not None:
        raise live.error
    display(publisher.table(key="", names=names), raw=True)
    for entry in live.state.entries if names else ():  # messages have the names of notebooks
        if entry.message and entry.state != "missing":
            context.say(f"{entry.student}, {entry.task}: {entry.message}")
