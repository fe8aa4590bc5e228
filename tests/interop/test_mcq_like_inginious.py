"""Our mcq grading against INGInious's own mcq agent, job by job and field by field.

The standard sentences are each side's own, so they are replaced by their names before comparing.
Jobs on which that agent crashes without need (docs/protocol.md, Known faults of INGInious) are left
out: the unit tests say what ours does with them.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import fields

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from inginious_nb import messages
from inginious_nb.course import CourseLibrary
from inginious_nb.errors import InginiousError
from inginious_nb.grader.agents import JobHandle
from inginious_nb.grader.agents.mcq import McqGrader
from tests.support.peer import Process, peer_bin

texts = st.sampled_from(["", "A text.", "Éé ü"])
choices = st.lists(
    st.fixed_dictionaries(
        {"text": texts}, optional={"valid": st.booleans(), "feedback": texts | st.none()}
    ),
    min_size=1,
    max_size=4,
)
wording = {
    "centralize": st.booleans(),
    "error_message": texts | st.none(),
    "success_message": texts | st.none(),
}


@st.composite
def questions(draw):
    """A problem and an answer to it."""
    if draw(st.booleans()):
        expected = draw(st.sampled_from(["x y", " x", "", 3, 0.5, True]))
        problem = draw(
            st.fixed_dictionaries(
                {"type": st.just("match"), "answer": st.just(expected)}, optional=wording
            )
        )
        return problem, draw(st.sampled_from(["x y", " x y\n", "X Y", "", "3", "0.5", "True"]))
    options = draw(choices)
    draw(st.sampled_from(options))["valid"] = True
    multiple = draw(st.booleans())
    problem = draw(
        st.fixed_dictionaries(
            {
                "type": st.just("multiple_choice"),
                "choices": st.just(options),
                "multiple": st.just(multiple),
            },
            optional=wording | {"limit": st.just(0), "unshuffle": st.booleans()},
        )
    )
    index = st.integers(0, len(options) - 1)
    one = index | index.map(str)
    return problem, draw(st.lists(one, max_size=4, unique_by=int) if multiple else one)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "c" / "t").mkdir(parents=True)
    (folder / "c" / "course.yaml").write_text("name: C")
    return folder


class TheirAgent:
    """INGInious's own mcq agent, with a backend's side that is only here to ask it."""

    def __init__(self, folder):
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.RCVTIMEO, 20_000)
        port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        command = peer_bin() / "inginious-agent-mcq"
        self._process = Process(command, f"tcp://127.0.0.1:{port}", "--tasks", folder)
        self._identity, _ = self._hear()

    def grade(self, job):
        self._socket.send_multipart([self._identity, messages.encode(job)])
        while True:
            self._identity, message = self._hear()
            if isinstance(message, messages.AgentJobDone):
                return message

    def _hear(self):
        identity, frame = self._socket.recv_multipart()
        return identity, messages.decode(frame, messages.FROM_AGENT)

    def stop(self):
        self._process.kill()
        self._context.destroy(linger=0)


@pytest.fixture(scope="module")
def theirs(folder):
    agent = TheirAgent(folder)
    yield agent.grade
    agent.stop()


@pytest.fixture(scope="module")
def ours(folder):
    grader = McqGrader(CourseLibrary([folder]))
    return lambda job: asyncio.run(grader.grade(job, JobHandle(job.job_id)))


def a_job(problems, answers, language):
    return messages.BackendNewJob(
        job_id="j",
        course_id="c",
        task_id="t",
        task_problems=problems,
        inputdata={"@lang": language, "@state": "before"} | answers,
        environment_type="mcq",
        environment="mcq",
        environment_parameters={},
        debug=False,
    )


def standard_sentences(grade, language):
    """What a grader says by itself about single problems, by meaning."""
    match = {"type": "match", "answer": "x"}
    several = {
        "type": "multiple_choice",
        "multiple": True,
        "choices": ({"text": "", "valid": True},),
    }
    problems = {"right": match, "wrong": match, "wrong_set": several}
    done = grade(a_job(problems, {"right": "x", "wrong": "y", "wrong_set": []}, language))
    return {problem_id: text for problem_id, (_, text) in done.problems.items()}


def comparable(done, sentences):
    """The result with the standard sentences replaced by their names and bare numbers."""
    values = {field.name: getattr(done, field.name) for field in fields(done)}
    code, text = done.result
    values["result"] = code, [re.findall(r"\d+", part) for part in text.split("\n\n\n")]
    for problem_id, (code, text) in done.problems.items():
        first, *rest = text.split("\n\n", 1)
        names = [name for name, sentence in sentences.items() if sentence == first]
        values["problems"][problem_id] = code, "\n\n".join([*(names or [first]), *rest])
    return values


@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "he", "nb_NO", "xx"])
def test_every_result_is_that_of_inginious(theirs, ours, language):
    their_sentences = standard_sentences(theirs, language)
    our_sentences = standard_sentences(ours, language)
    assert our_sentences.keys() == their_sentences.keys()

    @given(st.lists(questions(), min_size=1, max_size=4))
    @settings(max_examples=40, deadline=None)
    def compare(asked):
        problems = {f"q{number}": problem for number, (problem, _) in enumerate(asked)}
        answers = {f"q{number}": answer for number, (_, answer) in enumerate(asked)}
        job = messages.decode(
            messages.encode(a_job(problems, answers, language)), messages.TO_AGENT
        )
        assert comparable(ours(job), our_sentences) == comparable(theirs(job), their_sentences)

    compare()


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        ({"type": "code"}, "x"),
        ({"type": "multiple_choice", "choices": ({"text": "a"},)}, "0"),
        ({"type": "multiple_choice", "choices": ({"text": "a", "valid": True},)}, ["0"]),
        ({"type": "match", "answer": "3"}, 3),
        ({"type": "match"}, "3"),
    ],
)
def test_what_cannot_be_graded_is_a_crash_for_both(theirs, ours, problem, answer):
    job = a_job({"q": problem}, {"q": answer}, "en")
    assert theirs(job).result[0] == "crash"
    with pytest.raises(InginiousError):  # the agent makes a crash of it
        ours(job)
