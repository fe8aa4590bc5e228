"""The names of environments that this machine stands for, and what is said about any other.

A name of the configuration or of a course stands for one of the own ones. Scripts are not run
here, and nothing of the wire is known.
"""

from __future__ import annotations

import difflib
import json
import logging
import shutil
from typing import TYPE_CHECKING, Any

from inginious_nb.course.containers import PUBLISHED
from inginious_nb.course.environment import MCQ
from inginious_nb.course.folders import course_file
from inginious_nb.course.yaml_file import read_mapping
from inginious_nb.errors import CourseError, ServiceError
from inginious_nb.grader.job.command import RUN_FILES
from inginious_nb.grader.job.python_environments import find_environment
from inginious_nb.grader.ssh import NO_LIBRARY
from inginious_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from inginious_nb.course import Course
    from inginious_nb.course.library import CourseLibrary
    from inginious_nb.grader.job.python_environments import PythonEnvironment

logger = logging.getLogger(__name__)

Name = tuple[str, str]
"""The type and the name of an environment."""

WITH_SHELLS = "-ssh"
"""How the types of environments end that have remote shells for students."""

_MAX_LISTED = 12
_NEAR = 0.75
"""How alike two names are at least (`difflib`) of which one is a slip of the other."""
_IN_COURSE = "environment_aliases"


class OfferedEnvironments:
    """The environments of one grader.

    Args:
        library: The courses, which may name more.
        own: Those that all others stand for, as ``type/name`` or just ``name`` for docker.
        aliases: More names, each with the own one that stands for it.
        has_shells: Whether each is also offered as one with remote shells.

    Raises:
        ServiceError: An alias stands for something that is not offered.
    """

    def __init__(
        self,
        library: CourseLibrary,
        own: Iterable[str],
        aliases: Mapping[str, str],
        *,
        has_shells: bool,
    ) -> None:
        self._library = library
        self._has_shells = has_shells
        named = {full_name(name) for name in own}
        self._pythons = dict(_pythons_among(aliases, named)) if named else {}
        self._own = self._with_shells(named | set(self._pythons))
        self._aliases = {
            alias: target
            for alias, target in aliases.items()
            if full_name(alias) not in self._pythons
        }
        self._of_courses: dict[Path, tuple[int, _CourseAliases]] = {}
        for alias, target in self._aliases.items():
            self._check(alias, target)

    def python(self, course_id: str, environment: Name) -> PythonEnvironment | None:
        """Return the Python that a task's environment stands for, None for the system's.

        Raises:
            CourseError: There is no such course.
        """
        return self.resolved(environment, self._aliases_of(self._library.course(course_id)).usable)

    def resolved(
        self, environment: Name, of_course: Mapping[str, str] | None = None
    ) -> PythonEnvironment | None:
        """Return the Python that a name stands for, with the aliases of a course if there are.

        None stands for the system's.
        """
        aliases = {full_name(alias): full_name(t) for alias, t in self._aliases.items()}
        aliases |= {full_name(alias): full_name(t) for alias, t in (of_course or {}).items()}
        known = environment[0].removesuffix(WITH_SHELLS), environment[1]
        if known not in self._own:
            known = aliases.get(known, known)
        return self._pythons.get(known)

    def _check(self, alias: str, target: str) -> None:
        if full_name(target) in self._own:
            return
        is_swapped = full_name(alias) in self._own
        right = json.dumps({target: alias} if is_swapped else {alias: "default"})
        raise ServiceError(
            Message(
                "The environment alias {alias} stands for {target}, which is not offered "
                "(there is {offered}), and no Python environment either; set "
                "INGINIOUS_ENVIRONMENTS='{right}': first the name that tasks ask for, then the one "
                "that stands for it, or the folder of a virtual environment or of conda.",
                alias=alias,
                target=target,
                offered=self.listed(),
                right=right,
            )
        )

    def names(self) -> set[Name]:
        """Return all that is offered, aliases of today's course files included."""
        names = self._own | {full_name(alias) for alias in self._aliases}
        for course in self._library.courses.values():
            names.update(map(full_name, self._aliases_of(course).usable))
        return self._with_shells(names)

    def listed(self) -> str:
        """Return the own names for a person."""
        return ", ".join("/".join(name) for name in sorted(self._own))

    def refusal(self, course_id: str, task_id: str, environment: Name) -> str:
        """Return what would help a task whose environment is not offered; empty if it is.

        Choices and matches are graded by another grader, so their environment is never refused.
        """
        kind, name = environment
        if environment in self.names() or environment == (MCQ, MCQ):
            return ""
        said: list[str] = [_what(kind, name)]
        if kind == MCQ:
            said.append(
                Message(
                    "Write {line} into its task.yaml; there is no other.",
                    line=f"environment_id: {MCQ}",
                )
            )
        elif not self._own:
            said.append(
                Message(
                    "Tasks with a run script cannot be graded on this machine; inginious-nb doctor "
                    "says why."
                )
            )
        elif kind.endswith(WITH_SHELLS) and not self._has_shells:
            said.append(NO_LIBRARY)
        else:
            course = self._course(course_id)
            said += self._help(course, task_id, kind.removesuffix(WITH_SHELLS), name)
        return _joined(said)

    def _help(self, course: Course | None, task_id: str, kind: str, name: str) -> Iterator[str]:
        alias = name if kind == "docker" else f"{kind}/{name}"
        if course is not None:
            if not _has_run_file(course, task_id):
                yield Message(
                    "The task has no run script, so it needs one of its container's: put such a "
                    "script into the task or into $common, too."
                )
            fault = self._aliases_of(course).faults.get(alias, self._aliases_of(course).fault)
            if fault:
                yield fault
        programs = PUBLISHED[name].programs if name in PUBLISHED else ()
        lacking = [program for program in programs if not shutil.which(program)]
        if lacking:
            yield Message(
                "This machine lacks {programs}, which it is there for.",
                programs=", ".join(lacking),
            )
        meant = difflib.get_close_matches(
            f"{kind}/{name}", map("/".join, self._own), n=1, cutoff=_NEAR
        )
        if meant:
            yield Message("Did you mean {close}?", close=meant[0])
        yield Message(
            "To let this machine stand for it, write {in_course} into course.yaml, or set "
            "INGINIOUS_ENVIRONMENTS='{form}' (c.Inginious.environments = {form}) before the start.",
            in_course=f"{_IN_COURSE}: {json.dumps({alias: 'default'})}",
            form=json.dumps({**self._aliases, alias: "default"}),
        )
        yield Message("There is {offered}.", offered=self._all_listed())

    def _course(self, course_id: str) -> Course | None:
        try:
            return self._library.course(course_id)
        except CourseError:
            return None

    def _all_listed(self) -> str:
        names = ["/".join(name) for name in sorted(self.names())]
        return ", ".join(names[:_MAX_LISTED]) + (", …" if len(names) > _MAX_LISTED else "")

    def _with_shells(self, names: set[Name]) -> set[Name]:
        if not self._has_shells:
            return names
        plain = {(kind, name) for kind, name in names if not kind.endswith(WITH_SHELLS)}
        return names | {(kind + WITH_SHELLS, name) for kind, name in plain}

    def _aliases_of(self, course: Course) -> _CourseAliases:
        """Return the aliases of a course; its file is read again only when it has changed."""
        file = course_file(course.path)
        if file is None:
            return _CourseAliases(None, self._own)
        try:
            modified_ns = file.stat().st_mtime_ns
        except OSError:
            return _CourseAliases(None, self._own)
        known = self._of_courses.get(file)
        if known is None or known[0] != modified_ns:
            known = modified_ns, _CourseAliases(_read_aliases(file), self._own)
            self._of_courses[file] = known
            for fault in filter(None, (known[1].fault, *known[1].faults.values())):
                logger.warning("Course %s: %s", course.id, fault)
        return known[1]


class _CourseAliases:
    """The meaning of ``environment_aliases`` in a course.yaml.

    Attributes:
        usable: The aliases that stand for something, each with what it stands for.
        faults: What is wrong with each of the others.
        fault: What is wrong with all of it; empty if nothing is.
    """

    def __init__(self, raw: Any, own: set[Name]) -> None:
        self.usable: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        self.fault = ""
        if raw is None:
            return
        if not isinstance(raw, dict):
            self.fault = _wrong_form(repr(raw)[:80])
            return
        for alias, target in raw.items():
            if isinstance(target, str) and full_name(target) in own:
                self.usable[str(alias)] = target
            else:
                self.faults[str(alias)] = _wrong_form(repr({alias: target})[:80])


def _wrong_form(found: str) -> Message:
    return Message(
        "The environment_aliases in its course.yaml cannot be {found}; an environment stands for "
        "another as in {form}.",
        found=found,
        form=f'{_IN_COURSE}: {{"cpp": "default"}}',
    )


def _pythons_among(
    aliases: Mapping[str, str], own: set[Name]
) -> Iterator[tuple[Name, PythonEnvironment]]:
    """Yield the names that stand for a Python environment, and not for another name."""
    names = own | {full_name(alias) for alias in aliases}
    for alias, target in aliases.items():
        # A folder that is named like an environment has to be written with its path.
        if alias == target or full_name(target) not in names:
            found = find_environment(target)
            if found is not None:
                yield full_name(alias), found


def full_name(name: str) -> Name:
    """Return the type and the name of an environment written ``type/name``, or ``name``."""
    kind, slash, rest = name.partition("/")
    return (kind, rest) if slash else ("docker", name)


def _what(kind: str, name: str) -> Message:
    container = PUBLISHED.get(name) if kind != MCQ else None
    if container is None:
        return Message(
            "No grader here offers the environment {type}/{environment}.",
            type=kind,
            environment=name,
        )
    return Message(
        "No grader here offers the environment {type}/{environment}, INGInious's container for "
        "{about}.",
        type=kind,
        environment=name,
        about=container.about,
    )


def _has_run_file(course: Course, task_id: str) -> bool:
    try:
        task = course.task(task_id)
    except CourseError:
        return True  # that is said elsewhere
    if task.environment_parameters.get("run_cmd"):
        return True
    common = course.common_directory
    folders = [course.task_directory(task_id), *([common] if common is not None else [])]
    return any((folder / name).is_file() for folder in folders for name in RUN_FILES)


def _read_aliases(file: Path) -> Any:
    try:
        return read_mapping(file).get(_IN_COURSE)
    except CourseError:
        return None


def _joined(said: list[str]) -> str:
    text = said[0]
    for more in said[1:]:
        text = Message("{first} {second}", first=text, second=more)
    return text
