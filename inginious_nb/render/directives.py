"""Directives that INGInious courses use and docutils lacks or takes too strictly."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.parsers.rst.directives.body import CodeBlock

from .fallback import opening_date

_HIGHLIGHTED_CHARS = 20_000


class HiddenUntil(Directive):
    """``.. hidden-until:: DATE``: its content is left out before that date.

    The setting ``inginious_now`` of the document is the present (local time). A date that cannot
    be read keeps the content back for ever.
    """

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the parsed content, or nothing."""
        opens = opening_date(self.arguments[0])
        if opens is None or self.state.document.settings.inginious_now < opens:
            return []
        container = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, container)
        return list(container.children)


class TolerantCodeBlock(CodeBlock):
    """``.. code-block::`` with Sphinx's options accepted and long listings left uncoloured.

    docutils makes a node of each token; a listing of some hundred kilobytes would take seconds.
    """

    option_spec: ClassVar[dict[str, Any]] = {
        **CodeBlock.option_spec,
        "linenos": directives.unchanged,
        "lineno-start": directives.unchanged,
        "emphasize-lines": directives.unchanged,
        "caption": directives.unchanged,
        "dedent": directives.unchanged,
        "force": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the listing."""
        if sum(map(len, self.content)) > _HIGHLIGHTED_CHARS:
            self.arguments = []
        result: list[nodes.Node] = super().run()  # type: ignore[no-untyped-call]
        return result


DIRECTIVES = {
    "hidden-until": HiddenUntil,
    "code": TolerantCodeBlock,
    "code-block": TolerantCodeBlock,
    "sourcecode": TolerantCodeBlock,
}
