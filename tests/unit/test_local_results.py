"""What a container task comes out as: look-up, feedback, limits, precedence.

Source: docs/protocol.md, The grading container.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import tarfile
from unittest import mock

import pytest

from inginious_nb.grader.agents import JobHandle

CALL = "{}set_global_result('success')"
GOOD = "#!/bin/bash\nfeedback-result success\n"


def feedback_file(content: str) -> str:
    return (
        f"#!/bin/bash\ncat > $INGINIOUS_JOB_ROOT/.__output/__feedback.json <<'EOF'\n{content}\nEOF"
    )


# ---- what is run ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        {"run": GOOD},
        {"run": "#!/usr/bin/env bash\nfeedback-result success"},
        {"run": "#!/usr/bin/python3\nimport inginious as i\n" + CALL.format("i.feedback.")},
        {"run.sh": "feedback-result success"},
        {"run.py": CALL.format("")},
        {"run.py3": CALL.format("")},
        {"run": GOOD, "run.py": "raise SystemExit"},
        {"run.py": CALL.format(""), "run.sh": "feedback-result failed"},
        # An interpreter that this system keeps elsewhere.
        {"run": "#!/opt/nowhere/bin/bash\nfeedback-result success"},
    ],
    ids="+".join,
)  # fmt: skip
async def test_run_files(course, files):
    result = await course.grade(files)
    assert (result.result, result.grade) == (("success", ""), 100.0)


async def test_the_run_file_of_the_course(course):
    course.write({"run": GOOD}, "$common")
    result = await course.grade({})
    assert "not executable" in result.result[1]  # it is not made so, other than a task's own
    (course.path / "$common/run").chmod(0o755)
    result = await course.grade({})
    assert result.result[0] == "success"


@pytest.mark.parametrize("umask", [0o022, 0o077])
async def test_the_shared_files_are_beside_the_task(course, umask):
    before = os.umask(umask)  # as that of who checked the course out, and of the service
    try:
        course.write({"help.txt": "shared"}, "$common")
        result = await course.grade(
            '#!/bin/bash\nfeedback-msg -m "$(cat ../course/common/help.txt)"'
        )
    finally:
        os.umask(before)
    assert result.result[1] == "shared"


@pytest.mark.parametrize(
    ("run_cmd", "code"),
    [
        ("./x.sh success", "success"),
        ("x.sh success", "success"),
        ("/bin/bash x.sh success", "success"),
        ("bash x.sh success", "crash"),
        ("", "crash"),
        ("missing.sh", "crash"),
        # Split on single blanks: the first argument is the empty word between two of them.
        ("./x.sh  success", "crash"),
    ],
)
async def test_run_cmd_instead_of_a_run_file(course, run_cmd, code):
    files = {"run": GOOD, "x.sh": '#!/bin/bash\n[ -z "$1" ] || feedback-result "$1"\n'}
    result = await course.grade(files, parameters={"run_cmd": run_cmd})
    assert (result.result[0], result.state) == (code, "")


@pytest.mark.parametrize(
    "files",
    [{}, {"run": "feedback-result success"}, {"run": "#!/usr/bin/python2\n"}, {"run": ""}],
    ids=["none", "no interpreter named", "interpreter missing", "empty"],
)
async def test_nothing_can_be_run(course, files):
    result = await course.grade(files)
    assert (result.result[0], result.state, result.archive) == ("crash", "", None)


async def test_what_is_missing_is_named(course):
    result = await course.grade({"run": "#!/usr/bin/python2\n"})
    assert "Python 2 (python2)" in result.result[1]
    result = await course.grade("#!/bin/bash\nozc -c x.oz && feedback-result success")
    assert "Mozart Oz (ozc)" in result.result[1]


@pytest.mark.parametrize(
    ("run", "missing"),
    [
        ("#!/bin/bash\ncheck-c-program && feedback-result success", "check-c-program"),
        ("#!/bin/sh\ncheck-c-program && feedback-result success", "check-c-program"),
        ("#!/usr/bin/python3\nimport subprocess\nsubprocess.run(['my-tool'])", "my-tool"),
        ("#!/usr/bin/python3\nimport no_such_module.part", "the Python module no_such_module"),
    ],
)
async def test_what_the_script_did_not_find_is_named(course, run, missing):
    result = await course.grade(run)
    assert result.result[0] == "crash"
    assert f"what this grader does not have: {missing}." in result.result[1]


# ---- how it is run ----------------------------------------------------------------------------


async def test_the_process_environment(course):
    result = await course.grade(
        "#!/bin/bash\n"
        'read line; echo "stdin:$?$line"\n'
        "[ $PWD = $HOME ] && [ ${PWD##*/} = task ] && echo home\n"
        "umask; id -u; echo ${SECRET-none}; ls -d student\n"
        "feedback-result success\n"
    )
    # Without a namespace only root can become another user.
    own = course.kind == "plain" and os.geteuid() != 0
    user = str(os.geteuid()) if own else "4242"
    assert result.stdout.split() == ["stdin:1", "home", "0022", user, "none", "student"]


async def test_uid_is_not_root(course):
    result = await course.grade("#!/bin/bash\nid -u >&2; feedback-result success")
    assert result.stderr != "0\n"


async def test_the_task_is_a_copy(course):
    for _ in range(2):
        result = await course.grade(
            {"run": "#!/bin/bash\ncat data; echo more >> data; echo new > student/x\n" + GOOD[12:],
             "data": "once\n"}
        )  # fmt: skip
        assert result.stdout == "once\n"
    assert (course.path / "task/data").read_text() == "once\n"


async def test_every_file_may_be_executed_and_written(course):
    result = await course.grade({"run": "#!/bin/bash\n./tool", "tool": GOOD})
    assert result.result[0] == "success"


async def test_the_start_message_is_the_input_file(course):
    run = (
        "#!/usr/bin/python3\n"
        "from inginious import feedback, input\n"
        "feedback.set_custom_value('document', input.load_input())\n"
        "feedback.set_custom_value('file', input.get_input('f').decode())\n"
        "feedback.set_global_result('success')\n"
    )
    answers = {"q1": "x", "f": {"filename": "a.txt", "value": b"content"}}
    result = await course.grade(run, answers)
    assert result.custom["document"]["input"]["q1"] == "x"
    assert result.custom["document"]["input"]["f"]["value"].endswith("/.__input/__inputfile_0")
    assert result.custom["file"] == "content"


async def test_the_exit_status_means_nothing(course):
    result = await course.grade("#!/bin/bash\nfeedback-result success\nexit 7")
    assert result.result[0] == "success"


# ---- the result -------------------------------------------------------------------------------


async def test_a_whole_result(course):
    result = await course.grade(
        "#!/bin/bash\n"
        "feedback-result failed; feedback-grade 33.337; feedback-msg -m text\n"
        "feedback-result -i q1 success; feedback-msg -i q1 -m one; feedback-msg -i q2 -m two\n"
        "tag-set t1 true; feedback-custom k 1; feedback-state after\n"
        "echo kept > ../archive/a.txt\n"
        "echo out; echo err >&2\n"
    )
    assert result.result == ("failed", "text")
    assert result.grade == 33.34
    assert result.problems == {"q1": ("success", "one"), "q2": "two"}
    assert (result.tests, result.custom, result.state) == ({"t1": True}, {"k": 1}, "after")
    assert (result.stdout, result.stderr) == ("out\n", "err\n")
    with tarfile.open(fileobj=io.BytesIO(result.archive)) as archive:
        assert archive.extractfile("./a.txt").read() == b"kept\n"


async def test_output_is_told_only_under_debug(course):
    result = await course.grade("#!/bin/bash\necho out\n" + GOOD, debug=False)
    assert (result.stdout, result.stderr) == ("", "")


async def test_odd_files_are_left_out_of_the_archive_and_named(course):
    run = (
        "#!/bin/bash\ncd ../archive; echo kept > a.txt; ln a.txt hard; ln -s a.txt soft\n"
        "mkfifo pipe\n"
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")'\n"
        "feedback-result success\n"
    )
    result = await course.grade(run, debug=True)
    assert result.result == ("success", "")
    with tarfile.open(fileobj=io.BytesIO(result.archive)) as archive:
        names = archive.getnames()
    assert sorted(names) == [".", "./a.txt", "./hard", "./soft"]
    assert "./pipe" in result.stderr
    assert "./socket" in result.stderr


async def test_an_empty_archive_is_one(course):
    result = await course.grade(GOOD)
    with tarfile.open(fileobj=io.BytesIO(result.archive)) as archive:
        assert [member.isdir() for member in archive] == [True]
    assert len(result.archive) < 300


async def test_the_state_is_lost_unless_set(course):
    assert (await course.grade(GOOD)).state == ""


@pytest.mark.parametrize(
    ("content", "code", "grade"),
    [
        ('{"result": "success"}', "success", 100.0),
        ('{"result": "failed"}', "failed", 0.0),
        ('{"result": "success", "grade": 150.126}', "success", 150.13),
        ('{"result": "fancy"}', "fancy", 0.0),
        ('{"text": "x"}', "error", 0.0),
        ('{"grade": 50.0}', "error", 50.0),
        ('{"result": "success", "problems": {"other": ["failed", ""]}}', "success", 100.0),
        ('{"result": "success", "problems": {"a": [true, null], "b": 1}}', "success", 100.0),
    ],
)
async def test_accepted_feedback(course, content, code, grade):
    result = await course.grade(feedback_file(content))
    assert (result.result[0], result.grade, result.state) == (code, grade, "")


@pytest.mark.parametrize(
    "content",
    [
        '{"result": "success", "grade": 50}',
        '{"result": "success", "grade": true}',
        '{"result": 1}',
        '{"result": "success", "text": null}',
        '{"result": "success", "extra": 1}',
        '{"result": "success", "problems": []}',
        '{"result": "success", "problems": {"q 1": "x"}}',
        '{"result": "success", "problems": {"q1": {}}}',
        '{"result": "success", "tests": {"é": true}}',
        '{"result": "success", "tests": {"t": {}}}',
        '{"result": "success", "custom": []}',
        '{"result": "success", "state": 1}',
        '["success"]',
    ],
)
async def test_refused_feedback(course, content):
    result = await course.grade(feedback_file(content))
    assert (result.result[0], result.grade) == ("crash", 0.0)
    assert (result.state, result.archive) == ("before", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["failed", "why"], ("failed", "why")),
        (["failed", None], ("failed", "")),
        ("why", "why"),
        (7, "7"),
        (None, ""),
        (["success"], "['success']"),
        ([], "[]"),
    ],
)
async def test_what_a_script_may_say_about_a_problem(course, value, expected):
    content = json.dumps({"result": "success", "problems": {"q1": value}})
    result = await course.grade(feedback_file(content))
    assert (result.result[0], result.problems) == ("success", {"q1": expected})


async def test_feedback_that_is_no_json(course):
    result = await course.grade(feedback_file('{"result": '))
    assert (result.result[0], result.state) == ("crash", "")
    assert result.archive is not None


@pytest.mark.parametrize("run", ["#!/bin/bash\ntrue", feedback_file("{}"), feedback_file("")])
async def test_no_feedback(course, run):
    result = await course.grade(run)
    assert (result.result[0], result.state, result.archive) == ("crash", "", None)


async def test_half_of_a_surrogate_pair_can_be_sent(course):
    result = await course.grade(feedback_file(json.dumps({"result": "failed", "text": "a\ud800"})))
    assert result.result == ("failed", "a?")


# ---- limits -----------------------------------------------------------------------------------

_SUCCESS_THEN = "#!/bin/bash\nfeedback-result success; echo x > ../archive/x\n"


async def test_cpu_time(course):
    run = _SUCCESS_THEN + "while :; do :; done"
    result = await course.grade(run, limits={"time": 1, "hard_time": 20})
    assert (result.result, result.grade) == (("timeout", ""), 0.0)
    assert (result.state, result.archive) == ("before", None)


async def test_what_was_printed_before_a_limit_is_discarded(course):
    run = "#!/bin/bash\necho out; echo err >&2; sleep 60"
    result = await course.grade(run, limits={"hard_time": 1}, debug=True)
    assert (result.result[0], result.stdout, result.stderr) == ("timeout", "", "")


async def test_cpu_time_is_that_of_all_processes(course):
    # Each of them stays below the limit; ended ones count too.
    run = _SUCCESS_THEN + "for i in {1..40}; do timeout 0.4 bash -c 'while :; do :; done'; done"
    result = await course.grade(run, limits={"time": 1, "hard_time": 20})
    assert result.result == ("timeout", "")


async def test_waiting_is_no_cpu_time(course):
    run = "#!/bin/bash\nsleep 1.5; feedback-result success"
    result = await course.grade(run, limits={"time": 1, "hard_time": 20})
    assert result.result[0] == "success"


async def test_wall_time(course):
    result = await course.grade(_SUCCESS_THEN + "sleep 60", limits={"hard_time": 1})
    assert (result.result, result.state, result.archive) == (("timeout", ""), "before", None)


async def test_memory(course):
    run = "#!/usr/bin/python3\nx = b'x' * (1 << 30)\nimport time\ntime.sleep(60)"
    result = await course.grade(run, limits={"memory": 100})
    assert (result.result, result.state, result.archive) == (("overflow", ""), "before", None)


async def test_memory_that_processes_share_counts_once(course):
    run = (
        "#!/usr/bin/python3\nimport os, time\nx = b'x' * (60 << 20)\n"
        "for _ in range(4):\n    if os.fork() == 0:\n        time.sleep(1)\n        os._exit(0)\n"
        "for _ in range(4):\n    os.wait()\n"
        "from inginious import feedback\nfeedback.set_global_result('success')"
    )
    result = await course.grade(run, limits={"memory": 150})
    assert result.result[0] == "success"


async def test_kill(course):
    kill = asyncio.Event()
    grading = asyncio.create_task(course.grade(_SUCCESS_THEN + "sleep 60", kill=kill))
    await asyncio.sleep(0)
    kill.set()
    result = await grading
    assert (result.result, result.grade) == (("killed", ""), 0.0)
    assert (result.state, result.archive) == ("before", None)


async def test_a_cancelled_job_leaves_nothing(course):
    course.write({"run": "#!/bin/bash\nsleep 60"})
    job = course.job()
    grading = asyncio.create_task(course.grader.grade(job, JobHandle(job.job_id)))
    done, _ = await asyncio.wait([grading], timeout=0.3)
    assert not done
    grading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await grading


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"environment": "java7"}, "docker/java7"),
        ({"environment_type": "kata"}, "kata/default"),
        ({"task_id": "missing"}, "missing"),
        ({"task_id": "../task"}, ""),
        ({"course_id": "elsewhere"}, "elsewhere"),
        ({"limits": {"time": "soon"}}, "time"),
        ({"limits": {"memory": 0}}, "memory"),
        ({"limits": {"hard_time": None}}, "hard_time"),
    ],
)
async def test_refusals(course, changes, word):
    result = await course.grade(GOOD, **changes)
    assert (result.result[0], result.state, result.archive) == ("crash", "before", None)
    assert word in result.result[1]


async def test_parameters_have_defaults(course):
    course.write({"run": GOOD})
    job = course.job()
    job.environment_parameters = {}
    result = await course.grader.grade(job, JobHandle(job.job_id))
    assert result.result[0] == "success"


@pytest.mark.parametrize("limits", [{"time": "5"}, {"time": 5.7}, {"memory": 1}])
async def test_limits_are_converted(course, limits):
    assert (await course.grade(GOOD, limits=limits)).result[0] == "success"


# ---- environments -----------------------------------------------------------------------------


def test_what_is_announced(course):
    announced = course.grader.environments()
    assert set(announced["docker"]) >= {"default", "python3", "c"}
    assert all("id" in details and "created" in details for details in announced["docker"].values())


async def test_the_files_of_many_courses_are_not_read_for_every_job(local_grader, tmp_path):
    grader, library, _ = local_grader
    for number in range(100):
        folder = tmp_path / f"of-many-{number}"
        folder.mkdir()
        (folder / "course.yaml").write_text("name: c\nenvironment_aliases: {many: default}\n")
        library.add(folder)
    assert "many" in grader.environments()["docker"]
    with mock.patch("inginious_nb.grader.agents.environments.read_mapping") as read:
        assert "many" in grader.environments()["docker"]
    assert not read.called


async def test_an_alias_of_the_course(course):
    (course.path / "course.yaml").write_text(
        "name: c\nenvironment_aliases: {pythia: default, docker/other: nothing}\n"
    )
    announced = course.grader.environments()["docker"]
    assert "pythia" in announced
    assert "other" not in announced
    assert (await course.grade(GOOD, environment="pythia")).result[0] == "success"
