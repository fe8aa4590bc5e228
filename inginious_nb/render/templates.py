"""Templates of HTML pages: all that is filled in is escaped, and what is missing is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Template


def template(path: Path) -> Template:
    """Return a template, compiled, which may include others of its folder.

    Jinja2 is imported here: loading the extension needs no page, and the import takes as long as a
    quarter of that.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - see above

    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(path.name)
