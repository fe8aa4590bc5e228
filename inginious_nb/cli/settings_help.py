"""The settings explained to a person: for ``settings`` and ``%inginious help settings``."""

from __future__ import annotations

from inginious_nb.settings import described_settings


def settings_text() -> str:
    """Return all settings in English, one paragraph each."""
    return "\n\n".join(
        f"{name}   ({variable}{f', default {value}' if value else ''})\n    {help_text}"
        for name, variable, value, help_text in described_settings()
    )
