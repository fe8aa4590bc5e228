"""Cells that were run, in place of what a saved notebook has of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .cells import problems_answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .answers import ReadCell
    from .references import TaskName


def with_executed(
    task: TaskName, saved: Sequence[ReadCell], executed: Sequence[ReadCell]
) -> list[ReadCell]:
    """Return the cells of a saved notebook, with what was run since in place of what it has.

    The id that the host tells of a cell counts if the notebook has it: VS Code tells addresses, and
    notebooks before nbformat 4.5 have no ids. Other cells are told by the problem that they answer:
    the one with the same text, else the only one. With several such cells nobody can tell which was
    run, and the saved ones stand.

    Args:
        task: The task that is asked for.
        saved: The notebook as last saved.
        executed: The cells that were run and said what they answer, the newest version of each.
    """
    merged = list(saved)
    index_of = {read.cell.id: index for index, read in enumerate(saved) if read.cell.id}
    unmatched = []
    free = set(range(len(saved)))
    for read in executed:
        if read.cell.id in index_of:
            index = index_of[read.cell.id]
            free.discard(index)
            merged[index] = _in_place_of(merged[index], read)
        else:
            unmatched.append(read)
    for problem_id in task.problem_ids:
        new = [read for read in unmatched if problem_id in problems_answered(read.cell, task)]
        # Of those that the host tells no ids of, the newest: it may be one cell, edited.
        unnamed = [read for read in new if not read.cell.id]
        new = [read for read in new if read.cell.id] + unnamed[-1:]
        old = [i for i in sorted(free) if problem_id in problems_answered(saved[i].cell, task)]
        for read in list(new):
            same = [index for index in old if _says_the_same(saved[index], read)]
            if same:
                old.remove(same[0])
                new.remove(read)
                merged[same[0]] = _in_place_of(merged[same[0]], read)
        # Those with an answer line rather than those with a tag: what was run has such a line.
        likely = [index for index in old if saved[index].cell.command is not None] or old
        if len(new) == len(likely) == 1:
            merged[likely[0]] = _in_place_of(merged[likely[0]], new[0])
        elif not old:
            merged += [read for read in new if read not in merged]
    return merged


def _in_place_of(saved: ReadCell, executed: ReadCell) -> ReadCell:
    cell = replace(
        saved.cell,
        source=executed.cell.source,
        execution_count=executed.cell.execution_count,
    )
    return replace(executed, cell=cell)


def _says_the_same(one: ReadCell, other: ReadCell) -> bool:
    return one.cell.source.strip() == other.cell.source.strip()
