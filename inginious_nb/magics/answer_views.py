"""The slim view beneath a cell that answers a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.display import display

from inginious_nb import widget
from inginious_nb.errors import InginiousError
from inginious_nb.notebook.references import find_problem

if TYPE_CHECKING:
    from .context import MagicContext


def show_answer(context: MagicContext, reference: str) -> None:
    """Show the slim view of the problem that a cell has just answered.

    It is one widget as long as the cell answers the same: a cell is run many times, and the output
    may be shown elsewhere, too.
    """
    if not context.host.shows_widgets:
        return
    try:
        task, problem_id = find_problem(
            context.session.library, reference, context.session.current_task
        )
    except InginiousError:
        return  # said before the cell ran
    # A host that does not tell cell ids gets one view a problem.
    key = context.host.cell_id or reference
    view = context.answer_views.get(key)
    if view is None or (view.publisher.task, view.problem_id) != (task, problem_id):
        if view is not None:
            view.close()
        view = context.answer_views[key] = widget.AnswerView(
            task, problem_id, session=context.session
        )
    display(view)
