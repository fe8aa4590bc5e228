"""The commands that shell scripts call (docs/grading-api.md)."""

from __future__ import annotations

import json
import shutil

import jinja2
import pytest


def output(job, *command: str, stdin: str = "") -> str:
    done = job.run(*command, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


# ---- getinput ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "printed"),
    [("é\n", "é\n"), (3, "3"), (True, "True"), (["0", "1"], '["0", "1"]'), ({"a": 1}, '{"a": 1}')],
)
def test_getinput_writes_the_answer_as_it_is(api_job, answer, printed):
    assert output(api_job(q1=answer), "getinput", "q1") == printed


def test_getinput_writes_an_uploaded_file(api_job):
    job = api_job()
    (job.root / "f").write_bytes(b"\xff\x00")
    document = {"input": {"f": {"filename": "x", "value": str(job.root / "f")}}}
    (job.root / ".__input/__inputdata.json").write_text(json.dumps(document))
    assert job.run("getinput", "f").stdout == b"\xff\x00"
    assert job.run("getinput", "f:filename").stdout == b"x"


@pytest.mark.parametrize(("arguments", "status"), [(["no"], 1), (["empty"], 2), ([], 2)])
def test_getinput_refuses(api_job, arguments, status):
    assert api_job(empty=None).run("getinput", *arguments).returncode == status


# ---- parsetemplate ----------------------------------------------------------------------------


def test_parsetemplate(api_job):
    job = api_job(q1="a\nb")
    (job.root / "task/t").write_text("@ @q1@@")
    assert output(job, "parsetemplate", "--output", "sub/o", "t") == ""
    assert (job.root / "task/sub/o").read_text() == " a\n b"
    output(job, "parsetemplate", "t")
    assert (job.root / "task/t").read_text() == " a\n b"


def test_parsetemplate_refuses_what_it_cannot_read(api_job):
    job = api_job()
    (job.root / "task/bad").write_bytes(b"\xff")
    assert job.run("parsetemplate", "missing").returncode == 2
    assert job.run("parsetemplate", "bad").returncode == 2


# ---- feedback ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["feedback-result", "success"], {"result": "success"}),
        (["feedback-result", "-i", "q1", "failed"], {"problems": {"q1": ["failed", ""]}}),
        (["feedback-result", "failed", "--id", "q1"], {"problems": {"q1": ["failed", ""]}}),
        (["feedback-grade", "87"], {"grade": 87.0}),
        (["feedback-msg", "-m", "hi"], {"text": "hi"}),
        (["feedback-msg", "-m", r"a\nb"], {"text": r"a\nb"}),
        (["feedback-msg", "-e", "-m", r"é\n\tb"], {"text": "é\n\tb"}),
        (["feedback-msg", "--id", "q1", "--message", "hi"], {"problems": {"q1": "hi"}}),
        (["feedback-msg"], {"text": "from stdin"}),
        (["feedback-msg", "-m", ""], {"text": "from stdin"}),
        (["feedback-custom", "k", "1"], {"custom": {"k": 1}}),
        (["feedback-custom", "k", "1.5"], {"custom": {"k": 1.5}}),
        (["feedback-custom", "k", "x"], {"custom": {"k": "x"}}),
        (["feedback-custom", "-j", "k", "[1]"], {"custom": {"k": [1]}}),
        (["feedback-state", "s"], {"state": "s"}),
        (["tag-set", "t", "true"], {"tests": {"t": True}}),
        (["tag-set", "t", "yes"], {"tests": {"t": False}}),
        (["feedback", "-r", "success", "-g", "5", "-f", "t"],
         {"result": "success", "grade": 5.0, "text": "t"}),
        (["feedback", "--result", "failed", "--id", "q1", "--feedback", "t"],
         {"problems": {"q1": ["failed", "t"]}}),
        (["feedback", "-e", "-f", r"a\nb"], {"text": "a\nb"}),
        (["feedback", "-c", "a:1", "-c", "b:x:y"], {"custom": {"a": 1, "b": "x:y"}}),
        (["feedback-msg", "-ei", "q1", r"-ma\tb"], {"problems": {"q1": "a\tb"}}),
        (["feedback-msg", "--message=-x-"], {"text": "-x-"}),
        (["feedback-msg", "--mess", "hi"], {"text": "hi"}),
        (["feedback-grade", "-5"], {"grade": -5.0}),
        (["feedback-result", "--", "-odd-"], {"result": "-odd-"}),
        # The peer parses this option and stores nothing (its fault B11).
        (["feedback", "-j", 'a:{"b": [1]}'], {"custom": {"a": {"b": [1]}}}),
    ],
)  # fmt: skip
def test_what_the_commands_leave(api_job, command, expected):
    job = api_job()
    assert output(job, *command, stdin="from stdin") == ""
    assert job.feedback == expected


def test_messages_are_added(api_job):
    job = api_job()
    output(job, "feedback-msg", "-m", "a")
    output(job, "feedback-msg", "-a", "-m", "b")
    output(job, "feedback-msg", "--append", "--id", "q1", "-m", "c")
    assert job.feedback == {"text": "ab", "problems": {"q1": "c"}}


def test_a_remark(api_job):
    job = api_job()
    output(job, "tag", "well done")
    assert list(job.feedback["tests"].values()) == ["well done"]


def test_the_old_command_prints_the_feedback(api_job):
    printed = output(api_job(), "feedback", "-r", "failed", "--print")
    assert json.loads(printed) == {"result": "failed"}


def test_a_message_from_a_template(api_job):
    job = api_job()
    # Once it is installed, the interpreter finds jinja2 by itself.
    job.environ["PYTHONPATH"] = jinja2.__path__[0].removesuffix("/jinja2")
    command = shutil.which("feedback-msg-tpl", path=job.environ["PATH"])
    (job.root / "task/t.tpl").write_text("{{ a }}-{{ b }}")
    assert job.run("python3", command, "-i", "q1", "t", "a=1", "b=x").returncode == 0
    assert job.feedback == {"problems": {"q1": "1-x"}}
    assert job.run("feedback-msg-tpl", "t", "a=1=2").returncode == 2
    assert job.run("feedback-msg-tpl", "t", "a").returncode == 2


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["feedback-result"], 2),
        (["feedback-grade", "many"], 2),
        (["feedback-custom", "-j", "k", "{"], 1),
        (["tag-set", "t"], 2),
        (["feedback", "-x"], 2),
        (["archive"], 2),
        (["rst-indent", "-a", "x"], 2),
        (["run_student"], 2),
        (["run_student", "--time", "x", "true"], 2),
        (["run_student", "--fast", "true"], 2),
        (["ssh_student", "x"], 2),
        (["inginious-ipython"], 1),
    ],
)
def test_bad_usage(api_job, command, status):
    job = api_job()
    assert job.run(*command).returncode == status
    assert job.feedback == {}


# ---- archive ----------------------------------------------------------------------------------


def test_archive_copies_and_removes(api_job):
    job = api_job()
    (job.root / "task/a").write_text("x")
    assert "deprecated" in output(job, "archive", "-o", "sub", "-a", "a")
    assert (job.root / "archive/sub/a").read_text() == "x"
    output(job, "archive", "-o", "sub", "-r", "a")
    assert not (job.root / "archive/sub/a").exists()


# ---- rst --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (["rst-code", "-l", "java", "-c", "x"], "\n\n.. code-block:: java\n\n\tx\n\n\n"),
        (["rst-code", "-l", "java"], "\n\n.. code-block:: java\n\n\tin\n\n\n"),
        (
            ["rst-msgblock", "-c", "success", "-t", "T", "-m", "x"],
            "\n\n.. admonition:: T\n\t:class: alert alert-success\n\n\tx\n\n\n",
        ),
        (["rst-msgblock", "-m", "x"], "\n\n.. note:: \n\t:class: alert alert-info\n\n\tx\n\n\n"),
        (["rst-indent", "-a", "2", "-e", "-m", r"a\nb"], "\t\ta\n\t\tb\n\n"),
        (["rst-indent", "-c", "  "], "  in\n\n"),
        (["rst-indent", "-a", "-1", "-m", "\ta"], "a\n\n"),
    ],
)
def test_rst(api_job, command, printed):
    assert output(api_job(), *command, stdin="in") == printed


def test_rst_image(api_job):
    job = api_job()
    (job.root / "task/a.png").write_bytes(b"x")
    assert 'src="data:image/png;base64,eA=="' in output(job, "rst-image", "a.png")
