"""The Tab key after ``%inginious``, in IPython. `completion` says which words may follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, context_matcher

from inginious_nb.notebook.grammar.arguments import CELL_MAGIC, LINE_MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

    from inginious_nb.session import Session


def install_completion(shell: InteractiveShell, session: Session) -> Callable[[], None]:
    """Complete the magics in a shell; returns how to end that."""

    @context_matcher()  # type: ignore[untyped-decorator] # IPython gives it no types
    def complete(context: CompletionContext) -> SimpleMatcherResult:
        line = context.text_until_cursor.lstrip()
        if line.split(" ")[0] not in (LINE_MAGIC, CELL_MAGIC):
            return {"completions": []}
        from .completion import completions  # noqa: PLC0415 - with the first Tab

        found = completions(line, session)
        return {
            "completions": [SimpleCompletion(word, type="magic") for word in found],
            "matched_fragment": line.split(" ")[-1],
            "suppress": bool(found),
            "ordered": True,
        }

    matchers = shell.Completer.custom_matchers
    matchers.append(complete)
    return lambda: matchers.remove(complete)
