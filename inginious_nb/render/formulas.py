"""Formulas as their authors wrote them, for places that show no MathML.

JupyterLab takes MathML out of notebooks that are not trusted, and typesets what stands between
dollar signs; elsewhere the source is still legible.
"""

from __future__ import annotations

import re

# As `sanitise` writes it: the attributes of a start tag are quoted, and no text has a tag in it.
_FORMULA = re.compile(r'<math\b(?=[^>]*\balttext="([^"]*)")([^>]*)>.*?</math>', re.DOTALL)


def formulas_as_source(html: str) -> str:
    """Return sanitised HTML with TeX between dollar signs in place of MathML."""

    def source(match: re.Match[str]) -> str:
        dollars = "$$" if 'display="block"' in match[2] else "$"
        return f"{dollars}{match[1].strip()}{dollars}"

    return _FORMULA.sub(source, html)
