"""Formulas that a page would leave to MathJax, as MathML.

INGInious sends them as TeX between delimiters, in elements of the class ``math`` (docutils). The
TeX is a stranger's: it is bounded here, and converted where CPU and memory are limited (`process`).
"""

from __future__ import annotations

import html
import logging
import re

from docutils.utils.math import latex2mathml

_log = logging.getLogger(__name__)

MAX_TOTAL_CHARS = 20_000
"""TeX of one text that is converted; any further formula is shown as it was written."""
_MAX_CHARS = 2_000
_INLINE = re.compile(r"\\\((?P<brackets>.+)\\\)", re.DOTALL)
_BLOCK = re.compile(
    r"\\\[(?P<brackets>.+)\\\]|\$\$(?P<dollars>.+)\$\$"
    r"|\\begin\{(?P<name>equation|align|gather)\*?\}(?P<body>.+)\\end\{(?P=name)\*?\}",
    re.DOTALL,
)
_SOURCES = ("brackets", "dollars", "body")


def mathml(written: str) -> str | None:
    """Return a formula with its delimiters as MathML, None if it cannot be converted.

    The source is in the attribute ``alttext``, for places that show no MathML.
    """
    written = written.strip()
    if len(written) > _MAX_CHARS:
        return None
    inline = _INLINE.fullmatch(written)
    found = inline or _BLOCK.fullmatch(written)
    if found is None:
        return None
    named = found.groupdict()
    source = next(named[name] for name in _SOURCES if named.get(name)).strip()
    try:
        converted = latex2mathml.tex2mathml(source, as_block=inline is None)
    except Exception as error:  # noqa: BLE001 - its errors differ by version; the source is shown
        _log.debug("A formula is shown as it was written: %s", error)
        return None
    return f'<math alttext="{html.escape(source)}"{converted.strip().removeprefix("<math")}'
