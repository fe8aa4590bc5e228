"""Translations of what the run script says, by gettext, from the task's ``lang`` directory."""

import builtins
import gettext

from inginious_container_api import _places, input


def init():
    """Make ``_`` translate into the submitter's language, everywhere in this process."""
    if "_" in builtins.__dict__:
        return
    gettext.translation(
        "messages", get_lang_dir_path(), languages=[input.get_lang()], fallback=True
    ).install()


def get_lang_dir_path():
    """Return the folder of the task's translations."""
    return _places.LANG
