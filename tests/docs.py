"""Writes the table of settings into README.md: ``python -m tests.docs``. A test compares them."""

from __future__ import annotations

from pathlib import Path

from inginious_nb.settings import described_settings

README = Path(__file__).parents[1] / "README.md"
_BEGIN = "<!-- settings: written by `python -m tests.docs` -->\n"
_END = "<!-- end of settings -->"


def settings_table() -> str:
    """The settings as a Markdown table."""
    rows = ["| setting | environment variable | default | |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{name}` | `{variable}` | {default} | {text} |"
        for name, variable, default, text in described_settings()
    ]
    return "\n".join(rows) + "\n"


def with_settings(text: str) -> str:
    """The README with today's table."""
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return f"{head}{_BEGIN}\n{settings_table()}\n{_END}{tail}"


if __name__ == "__main__":
    README.write_text(with_settings(README.read_text()))
