"""The mcq agent's grading: multiple choice and match, from the job alone.

Source: docs/protocol.md, Multiple-choice agent.

Result codes, grades and the shape of the feedback are those of INGInious's own agent; the standard
sentences are ours. Where that agent crashes for no good reason (docs/protocol.md, Known faults of
INGInious) this one does not: an answer or choice that is missing or does not exist is a wrong one
(B15), and a task without problems is a ``crash`` with a reason instead of the unknown code
``crashed`` (B14).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inginious_nb import messages
from inginious_nb.course import MatchProblem, MultipleChoiceProblem
from inginious_nb.course.fields import FieldError
from inginious_nb.course.problems import read_problems
from inginious_nb.course.translations import translator
from inginious_nb.errors import AnswerError, CourseError
from inginious_nb.i18n import Message

from .base import Environments, Grader, JobHandle
from .mcq_texts import StandardTexts, standard_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from inginious_nb.course import CourseLibrary, Problem


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The grade of one problem; without texts it is not mentioned in the feedback."""

    is_right: bool
    texts: tuple[str, ...] = ()
    wrong_choices: int = 0


class McqGrader(Grader):
    """Grades multiple_choice and match problems. Has no state to keep and nothing to kill."""

    def __init__(self, library: CourseLibrary) -> None:
        self._library = library

    def environments(self) -> Environments:
        """Return the one environment ``mcq/mcq``."""
        return {"mcq": {"mcq": {"id": "mcq", "created": 0}}}

    async def grade(self, job: messages.BackendNewJob, handle: JobHandle) -> messages.AgentJobDone:
        """Grade the answers at once; a request to kill the job would come too late.

        Raises:
            CourseError: The task is not there, or has a problem that cannot be graded here.
            AnswerError: An answer has a form that no front end sends.
        """
        del handle
        folder = self._library.task_directory(job.course_id, job.task_id)
        problems = _problems(job)
        language = job.inputdata.get("@lang")
        marker = _Marker(standard_texts(language), self._translate(job.course_id, folder, language))
        verdicts = {
            problem_id: marker.mark(problem, job.task_problems[problem_id], job.inputdata)
            for problem_id, problem in problems.items()
        }
        right = sum(verdict.is_right for verdict in verdicts.values())
        return messages.AgentJobDone(
            job_id=job.job_id,
            result=(_code(right == len(verdicts)), marker.summary(list(verdicts.values()))),
            grade=round(100.0 * right / len(verdicts), 2),
            problems={
                problem_id: (_code(verdict.is_right), "\n\n".join(verdict.texts))
                for problem_id, verdict in verdicts.items()
                if verdict.texts
            },
            tests={},
            custom={},
            state=json.dumps(dict.fromkeys(verdicts, "")),
            archive=None,
            stdout=None,
            stderr=None,
        )

    def _translate(self, course_id: str, folder: Path, language: object) -> Callable[[str], str]:
        if not isinstance(language, str):
            return str
        common = self._library.course(course_id).common_directory
        folders = [folder, folder / "student"]
        if common is not None:
            folders += [common, common / "student"]
        return translator(folders, language) or str


class _Marker:
    """Marks answers, and words the feedback in one language."""

    def __init__(self, standard: StandardTexts, translate: Callable[[str], str]) -> None:
        self._standard = standard
        self._translate = translate

    def mark(self, problem: Problem, raw: dict[Any, Any], answers: dict[Any, Any]) -> _Verdict:
        """Mark the answer to one problem; ``raw`` is the problem as task.yaml has it.

        Raises:
            AnswerError: The answer has a form that no front end sends.
        """
        answer = answers.get(problem.id)
        if isinstance(problem, MultipleChoiceProblem):
            return self._mark_choices(problem, raw, _chosen(problem, answer))
        if answer is not None and not isinstance(answer, str):
            raise problem.refuse("the answer is not text.")
        is_right = answer is not None and answer.strip() == str(raw.get("answer"))
        if raw.get("centralize"):
            return _Verdict(is_right)
        return _Verdict(is_right, (self._standard.right if is_right else self._standard.wrong,))

    def _mark_choices(
        self, problem: MultipleChoiceProblem, raw: dict[Any, Any], chosen: list[int]
    ) -> _Verdict:
        valid = {index for index, choice in enumerate(problem.choices) if choice.valid}
        if problem.multiple:
            wrong_choices = len(valid.symmetric_difference(chosen))
        else:
            wrong_choices = 0 if set(chosen) & valid else 1
        texts = [self._opening(problem, raw, is_right=wrong_choices == 0)]
        texts += [
            raw["choices"][index].get("feedback")
            for index in chosen
            if 0 <= index < len(problem.choices)
        ]
        given = tuple(self._translate(str(text)) for text in texts if text is not None)
        return _Verdict(wrong_choices == 0, given, wrong_choices)

    def _opening(
        self, problem: MultipleChoiceProblem, raw: dict[Any, Any], *, is_right: bool
    ) -> object:
        if is_right:
            return raw.get("success_message")
        if raw.get("error_message") is not None or raw.get("centralize"):
            return raw.get("error_message")
        return self._standard.wrong_set if problem.multiple else self._standard.wrong

    def summary(self, verdicts: list[_Verdict]) -> str:
        """Return the feedback of the whole task: nothing if all is right."""
        wrong_problems = sum(not verdict.is_right for verdict in verdicts)
        wrong_choices = sum(verdict.wrong_choices for verdict in verdicts)
        texts = []
        if wrong_problems:
            texts.append(self._standard.wrong_problems.format(n=wrong_problems))
        if wrong_choices:
            texts.append(self._standard.wrong_choices.format(n=wrong_choices))
        return "\n\n\n".join(texts)


def _problems(job: messages.BackendNewJob) -> dict[str, Problem]:
    """Return the problems of a job, all of a kind that can be graded here."""
    name = f"{job.course_id}/{job.task_id}"
    if not job.task_problems:
        raise CourseError(
            Message("The task {task} has no problems, so there is nothing to grade.", task=name)
        )
    # Arrays come off the wire as tuples, and a YAML file has lists.
    raw_problems = {
        problem_id: raw | {"choices": list(raw["choices"])}
        if isinstance(raw, dict) and isinstance(raw.get("choices"), tuple)
        else raw
        for problem_id, raw in job.task_problems.items()
    }
    try:
        problems = read_problems({"problems": raw_problems})
    except FieldError as error:
        raise CourseError(
            Message("The task {task} cannot be graded: {error}.", task=name, error=str(error))
        ) from error
    for problem in problems.values():
        if not isinstance(problem, (MultipleChoiceProblem, MatchProblem)):
            raise CourseError(
                Message(
                    "The problem {problem} of {task} is of the type {type}, which the "
                    "environment mcq does not grade: give the task another environment.",
                    problem=problem.id,
                    task=name,
                    type=problem.type,
                )
            )
    return problems


def _chosen(problem: MultipleChoiceProblem, answer: object) -> list[int]:
    """Return the positions chosen, in the order submitted; -1 for one that cannot exist."""
    if answer is None:
        return []
    if problem.multiple:
        if isinstance(answer, (str, bytes)) or not isinstance(answer, (list, tuple)):
            raise _malformed(problem, "a list of choices")
        return [_position(problem, item) for item in answer]
    return [_position(problem, answer)]


def _position(problem: MultipleChoiceProblem, item: object) -> int:
    if not isinstance(item, (int, float, str)):
        raise _malformed(problem, "the number of a choice")
    try:
        return int(item)
    except (ValueError, OverflowError):
        return -1


def _malformed(problem: MultipleChoiceProblem, expected: str) -> AnswerError:
    return problem.refuse(f"the answer is not {expected}.")


def _code(is_right: bool) -> str:
    return "success" if is_right else "failed"
