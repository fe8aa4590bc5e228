"""Configuration: traitlets, overridden by environment variables, overridden by ``%inginious``.

One declaration a setting: its name in ``ipython_config.py`` (``c.Inginious.backend``), its
environment variable, its type, default and help. The table in the documentation is made from it.
"""

from __future__ import annotations

import ast
import getpass
import json
import math
import os
from typing import TYPE_CHECKING, Any

import platformdirs
from traitlets import Dict, Enum, Float, Integer, List, TraitError, Unicode, default, validate
from traitlets.config import Configurable
from traitlets.config.loader import LazyConfigValue

from .errors import UsageError
from .i18n import Message, in_one_form, system_language

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from traitlets.config import Config

EMBEDDED = "embedded"
"""What stands for an address where the embedded grading service is meant."""


class Inginious(Configurable):
    """The settings of inginious_nb.

    The class is named as it is written in ``ipython_config.py``: ``c.Inginious.backend = "…"``.
    """

    backend = Unicode(
        EMBEDDED,
        help="Client address of an INGInious backend, such as tcp://grading.example.org:2001, or "
        "the address of an INGInious site, such as https://inginious.example.org. "
        "`embedded`: a grading service on this machine.",
    ).tag(config=True, env="INGINIOUS_BACKEND")

    courses = List(
        Unicode(),
        help="Course folders, or folders of course folders. Empty: the folder `courses` in the "
        "notebook's folder or one of the three above it, and any of these that is a course itself.",
    ).tag(config=True, env="INGINIOUS_COURSES")

    username = Unicode(help="Sent to the task as @username.").tag(
        config=True, env="INGINIOUS_USERNAME"
    )

    email = Unicode("", help="Sent to the task as @email.").tag(config=True, env="INGINIOUS_EMAIL")

    language = Unicode(
        "",
        help="Language code, such as fr, for what the commands say, and sent to the task as @lang. "
        "Empty: JupyterLab's, else the system's. The widget follows JupyterLab.",
    ).tag(config=True, env="INGINIOUS_LANGUAGE")

    history = Unicode(help="File that keeps what was submitted and what came back.").tag(
        config=True, env="INGINIOUS_HISTORY"
    )

    sandbox: Any = Enum(
        ["auto", "bubblewrap", "plain"],
        "auto",
        help="How the embedded service isolates a task's scripts; auto: bubblewrap where it works.",
    ).tag(config=True, env="INGINIOUS_SANDBOX")

    slots = Integer(
        0, min=0, help="Jobs that the embedded service runs at the same time; 0: one per core."
    ).tag(config=True, env="INGINIOUS_SLOTS")

    environments = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        help="More environments for the embedded service and for `inginious-nb agent` and `test`: "
        "the names that tasks ask for, each with the one that stands for it, as in "
        '`{"cpp": "default"}`, in the variable, too; or with a Python, the folder of a virtual '
        'environment or of conda or the name of one: `{"pandas": "~/venvs/pandas"}`.',
    ).tag(config=True, env="INGINIOUS_ENVIRONMENTS", form='{"cpp": "default"}')

    queue_update_s = Float(
        10.0,
        min=0.0,
        help="Seconds between two looks at the queue when no job of ours waits; 0: never.",
    ).tag(config=True, env="INGINIOUS_QUEUE_UPDATE")

    resend_limit = Integer(
        3, min=0, help="How many times a job that the backend lost is sent again."
    ).tag(config=True, env="INGINIOUS_RESEND_LIMIT")

    give_up_after_s = Float(
        3600.0, min=1.0, help="Seconds without any answer after which a submission is given up."
    ).tag(config=True, env="INGINIOUS_GIVE_UP_AFTER")

    environment_wait_s = Float(
        20.0,
        min=0.0,
        help="Seconds to wait for an agent that offers the task's environment once the backend "
        "answers.",
    ).tag(config=True, env="INGINIOUS_ENVIRONMENT_WAIT")

    @validate("queue_update_s", "give_up_after_s", "environment_wait_s")
    def _finite(self, proposal: Any) -> float:
        if not math.isfinite(proposal["value"]):
            raise TraitError(f"{proposal['trait'].name} must be a number of seconds.")
        return float(proposal["value"])

    @validate("environments")
    def _absolute(self, proposal: Any) -> dict[str, str]:
        """Write the folders of Pythons so that other processes find them, too."""
        environments: dict[str, str] = proposal["value"]
        written = {name: os.path.expanduser(value) for name, value in environments.items()}  # noqa: PTH111 - a ~ that means nobody stays
        return {
            name: os.path.abspath(value) if os.path.isdir(value) and "/" in value else value  # noqa: PTH100, PTH112 - links are kept
            for name, value in written.items()
        }

    @validate("username")
    def _in_one_form(self, proposal: Any) -> str:
        """Write a name in the form that names of students have."""
        return in_one_form(proposal["value"])

    @default("username")
    def _default_username(self) -> str:
        # On a JupyterHub the account of the container is the same for everybody.
        try:
            name = os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
        except (OSError, KeyError):  # a container whose user has no name
            return "student"
        # Bytes that are no text stand in it as half surrogates, which no file takes.
        return in_one_form(name.encode("utf-8", "replace").decode())

    @default("history")
    def _default_history(self) -> str:
        try:
            folder = platformdirs.user_data_path("inginious_nb")
        except RuntimeError:  # no HOME, and an account that is in no list
            return ""
        # Older versions of platformdirs do not raise, and leave a ~ that nobody can expand.
        return str(folder / "history.sqlite") if folder.is_absolute() else ""

    def spoken_language(self, front_end: str) -> str:
        """Return the language of these settings, else of the front end, else of the system."""
        return self.language or front_end or system_language()


def load_settings(
    config: Config | None = None, environ: Mapping[str, str] = os.environ
) -> Inginious:
    """Return the settings from a traitlets configuration and, on top of it, the environment.

    Raises:
        UsageError: A setting or an environment variable has a value that cannot be.
    """
    try:
        settings = Inginious(config=config)
    except TraitError as error:
        raise _configuration_error(config, error) from error
    for name, trait in settings.traits(config=True).items():
        variable = trait.metadata["env"]
        text = environ.get(variable)
        if not text:
            continue
        try:
            setattr(settings, name, _parsed(trait, text))
        except (TraitError, ValueError) as error:
            raise UsageError(
                Message(
                    "The environment variable {variable} cannot be “{value}”; {variable}={form} "
                    "would be right.",
                    variable=variable,
                    value=text,
                    form=_form(trait, quote="'"),
                )
            ) from error
    return settings


def described_settings() -> Iterator[tuple[str, str, str, str]]:
    """Return all settings as (traitlet, environment variable, default, help), for help and docs."""
    for name, trait in sorted(Inginious.class_traits(config=True).items()):
        value = trait.default_value
        shown = str(value) if isinstance(value, (str, int, float)) and value != "" else ""
        yield f"c.Inginious.{name}", trait.metadata["env"], shown, trait.help


def _parsed(trait: Any, text: str) -> Any:
    """Return the value that an environment variable's text means for a setting."""
    if isinstance(trait, List):
        return [part for part in text.split(os.pathsep) if part]
    if isinstance(trait, Dict):
        return json.loads(text)
    return trait.from_string(text)


def _form(trait: Any, *, quote: str = "") -> str:
    """Return an example of the right form of a setting, quoted for a shell where it has to be."""
    if "form" in trait.metadata:
        return f"{quote}{trait.metadata['form']}{quote}"
    return str(trait.default_value)


def _configuration_error(config: Config | None, error: TraitError) -> UsageError:
    """Return a message on a configuration: which setting cannot be, and what would be right."""
    given: Any = config.get("Inginious") if config is not None else None
    for name, value in (given or {}).items():
        trait = Inginious.class_traits(config=True).get(name)
        if trait is None or isinstance(value, LazyConfigValue):
            continue
        try:
            Inginious(**{name: value})
        except TraitError:
            form = _form(trait)
            return UsageError(
                Message(
                    "The setting c.Inginious.{name} cannot be {value}; c.Inginious.{name} = {form} "
                    "would be right.",
                    name=name,
                    value=repr(value),
                    form=form if _is_literal(form) else repr(form),
                )
            )
    return UsageError(
        Message("The configuration of Inginious cannot be used: {reason}", reason=str(error))
    )


def _is_literal(form: str) -> bool:
    try:
        ast.literal_eval(form)
    except (SyntaxError, ValueError):
        return False
    return True
