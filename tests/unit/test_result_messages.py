"""Texts of results that a reader gets in their language, whoever made them and wherever kept."""

from __future__ import annotations

import dataclasses

import pytest

from inginious_nb import i18n, messages
from inginious_nb.client.results import JobResult
from inginious_nb.grader.agents import without_feedback
from inginious_nb.i18n import Message
from inginious_nb.submissions.database import pack_result, unpack_result

LOST = Message("The grading agent was lost while it graded this job.")
NEEDS = Message("The task needs {program}, which this grader does not have.", program="gcc")
JOB = messages.BackendNewJob(
    "j", "c", "t", {}, {"@state": ""}, "docker", "default", {}, debug=False
)


def received(sent: messages.AgentJobDone) -> JobResult:
    """Return a result as it comes out of a client, with both hops over the wire."""
    values = messages.decode(messages.encode(sent), messages.FROM_AGENT)
    done = messages.BackendJobDone(**dataclasses.asdict(values))
    return JobResult.from_message(messages.decode(messages.encode(done), messages.TO_CLIENT))


@pytest.mark.parametrize(
    "text",
    [
        LOST,
        NEEDS,
        Message("{first} {second}", first=NEEDS, second=LOST),
        Message(
            "The grading agent has no course {course}: copy it into its tasks folder.", course="{a}"
        ),
    ],
)
def test_why_there_is_no_feedback_is_said_in_the_language_of_the_reader(text):
    result = received(without_feedback(JOB, "killed", text))
    for again in (result, unpack_result(pack_result(result))):
        assert again.result == ("killed", text)
        assert again.custom == {}
        assert i18n.in_language(again.result[1], "fr") == text.in_language("fr") != text


def test_what_a_task_says_is_not_translated_even_if_it_is_a_sentence_of_ours():
    for text in (str(LOST), "network", ""):
        result = received(without_feedback(JOB, "killed", text))
        assert i18n.in_language(result.result[1], "fr") == text


@pytest.mark.parametrize(
    "forged",
    [
        i18n.kept(NEEDS),
        i18n.kept(LOST)[:1],
        ["{program.__class__}", {"program": "gcc"}],
        [None, None],
        {"a": 1},
        7,
        "",
    ],
)
def test_a_peer_cannot_put_another_text_in_the_place_of_a_result(forged):
    sent = without_feedback(JOB, "failed", "My own text")
    sent.custom = {"@inginious_nb": forged, "mine": 1}
    result = received(sent)
    assert result.result == ("failed", "My own text")
    assert i18n.in_language(result.result[1], "fr") == "My own text"
    assert result.custom == {"mine": 1}


async def test_a_task_cannot_use_the_reserved_custom_value(course):
    script = "from inginious import feedback\nfeedback.set_custom_value('@inginious_nb', 'x')\n"
    script += "feedback.set_custom_value('mine', 1)\nfeedback.set_global_result('success')\n"
    result = await course.grade({"run": "#!/usr/bin/env python3\n" + script})
    assert (result.result[0], result.custom) == ("success", {"mine": 1})


async def test_what_a_task_lacks_is_said_in_french(course):
    sent = await course.grade({"run": "#!/opt/nowhere/cobol\n"})
    french = "La tâche a besoin de cobol, que ce correcteur n’a pas."
    assert i18n.in_language(received(sent).result[1], "fr").startswith(french)
