"""Cells that were run, in place of what a saved notebook has of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from .cells import problems_answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .answers import ReadCell
    from .references import TaskName


def with_executed(
    task: TaskName, saved: Sequence[ReadCell], executed: Sequence[ReadCell]
) -> list[ReadCell]:
    """Return the cells of a saved notebook, with what was run since in place of what it has.

    The id that the host tells of a cell counts if the notebook has it, and has it once: VS Code
    tells addresses, notebooks before nbformat 4.5 have no ids, and those that were merged by hand
    may have one twice. Other cells are told by the problem that they answer: the one with the same
    text, else the only one. With several such cells nobody can tell which was run, and the saved
    ones stand.

    Args:
        task: The task that is asked for.
        saved: The notebook as last saved.
        executed: The cells that were run and said what they answer, the newest version of each.
    """
    merged = list(saved)
    times = Counter(read.cell.id for read in saved if read.cell.id)
    index_of = {read.cell.id: i for i, read in enumerate(saved) if times[read.cell.id] == 1}
    unmatched = []
    for read in executed:
        if read.cell.id in index_of:
            index = index_of[read.cell.id]
            merged[index] = _in_place_of(merged[index], read)
        else:
            unmatched.append(read)
    taken = {index_of[read.cell.id] for read in executed if read.cell.id in index_of}
    for problem_id in task.problem_ids:
        new = [read for read in unmatched if problem_id in problems_answered(read.cell, task)]
        old = {
            index: read
            for index, read in enumerate(saved)
            if index not in taken and problem_id in problems_answered(read.cell, task)
        }
        for index, read in _matched(old, _newest_of_unnamed(new)).items():
            merged[index] = _in_place_of(merged[index], read)
        if not old:
            merged += [read for read in _newest_of_unnamed(new) if read not in merged]
    return merged


def _newest_of_unnamed(executed: Sequence[ReadCell]) -> list[ReadCell]:
    """Return the cells, but of those without ids the newest only: it may be one, edited."""
    unnamed = [read for read in executed if not read.cell.id]
    return [read for read in executed if read.cell.id] + unnamed[-1:]


def _matched(saved: Mapping[int, ReadCell], executed: Sequence[ReadCell]) -> dict[int, ReadCell]:
    """Return which cells were run, by the index of the saved ones, all of one problem."""
    old, new = dict(saved), list(executed)
    found: dict[int, ReadCell] = {}
    for read in executed:
        same = next((i for i, known in old.items() if _says_the_same(known, read)), None)
        if same is not None:
            found[same] = read
            del old[same]
            new.remove(read)
    # Those with an answer line rather than those with a tag: what was run has such a line.
    likely = [index for index, read in old.items() if read.cell.command is not None] or list(old)
    if len(new) == len(likely) == 1:
        found[likely[0]] = new[0]
    return found


def _in_place_of(saved: ReadCell, executed: ReadCell) -> ReadCell:
    cell = replace(
        saved.cell,
        type=executed.cell.type,  # it may have been a text when it was saved
        source=executed.cell.source,
        execution_count=executed.cell.execution_count,
    )
    return replace(executed, cell=cell)


def _says_the_same(one: ReadCell, other: ReadCell) -> bool:
    return one.cell.source.strip() == other.cell.source.strip()
