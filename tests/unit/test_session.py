"""The session on the real embedded service: what is submitted is kept, graded and heard of."""

from __future__ import annotations

import asyncio
import errno
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from inginious_nb.client.client_buffer import ClientBuffer
from inginious_nb.client.client_sync import ClientSync
from inginious_nb.errors import (
    AnswerError,
    BackendError,
    BackendUnavailableError,
    CourseError,
    ServiceError,
    TaskNotFoundError,
    UsageError,
)
from inginious_nb.grader import service as service_module
from inginious_nb.grader.service import ServiceProcess
from inginious_nb.notebook.answers import Answers
from inginious_nb.session import Session
from inginious_nb.settings import load_settings
from tests.support.courses import write_course
from tests.support.waiting import has_ended, reached, until

WAIT_S = 30.0


def submit(session, task, **answers):
    return session.submit(session.task(task), answers, origin="api")


@pytest.fixture(autouse=True)
def earlier():
    """The children and threads of this process that other tests left."""
    return {*psutil.Process().children(), *threading.enumerate()}


def services(earlier):
    """The embedded services that a test started."""
    return [
        child
        for child in psutil.Process().children()
        if child not in earlier and _is_service(child)
    ]


def _is_service(process):
    try:
        return any('"inginious_nb.grader"' in word for word in process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return False


def test_a_choice_and_a_match_are_graded(session):
    result = submit(session, "lab/choice", colour="0", word="tulip").wait(WAIT_S)
    assert result.result[0] == "failed"
    assert result.grade == 50.0
    assert result.problems["colour"] == ("success", "Warm.")
    assert result.problems["word"][0] == "failed"


def test_a_program_is_graded_with_feedback_tests_and_custom_values(session):
    result = submit(session, "lab/echo", text="wrong").wait(WAIT_S)
    assert result.result == ("failed", "Read.")
    assert result.grade == 40.0
    assert "You wrote: wrong" in result.problems["text"][1]
    assert result.tests == {"seen": True}


def test_the_phases_are_passed_in_order_and_told(session):
    submission = session.submissions.new(session.task("lab/echo"), origin="api")
    seen = []
    submission.subscribe(lambda: seen.append(submission.phase))
    submission.submit(lambda: Answers({"text": "right"}))
    submission.wait(WAIT_S)
    assert list(dict.fromkeys(phase for phase in seen if phase != "queued")) == [
        "saved",
        "sent",
        "running",
        "done",
    ]
    times = [submission.times[phase] for phase in ("reading", "saved", "sent", "running", "done")]
    assert times == sorted(times)


def test_state_attempts_and_language_go_with_the_answers(session):
    task = session.task("lab/echo")
    submit(session, "lab/echo", text="wrong").wait(WAIT_S)
    submit(session, "lab/echo", text="right").wait(WAIT_S)
    last = session.submit(task, {"text": "wrong"}, origin="api", lang="fr").wait(WAIT_S)
    # The state is that of the best submission, the second.
    assert last.custom == {"state": "++.", "lang": "fr", "attempts": "n3"}


def test_who_has_waited_for_a_result_finds_it_in_the_state_of_the_task(session):
    task = session.task("lab/echo")
    submission = session.submissions.new(task, origin="api")
    returned = threading.Event()
    submission.subscribe(lambda: submission.done and returned.wait(0.2))  # told first, and slow
    submission.submit(lambda: Answers({"text": "right"}))
    submission.wait(WAIT_S)
    best = session.task_state(task).best
    returned.set()
    assert best is not None
    assert best.id == submission.id


def test_a_subscriber_may_ask_for_the_result_that_it_is_told_of(session):
    submission = session.submissions.new(session.task("lab/echo"), origin="api")
    heard = queue.SimpleQueue()
    submission.subscribe(lambda: submission.done and heard.put(submission.wait(0)))
    submission.submit(lambda: Answers({"text": "right"}))
    assert heard.get(timeout=WAIT_S).grade == 100.0


def test_debug_returns_the_output(session):
    task = session.task("lab/echo")
    result = session.submit(task, {"text": "right"}, origin="api", debug=True).wait(WAIT_S)
    assert "on stdout" in result.stdout


def test_a_result_is_in_the_history_when_it_is_told(session):
    submission = submit(session, "lab/echo", text="right")
    submission.wait(WAIT_S)
    record = session.history.get(submission.id)
    assert (record.code, record.grade) == ("success", 100.0)
    assert session.history.answers(submission.id) == {"text": "right"}
    assert session.history.result(submission.id).result == submission.result.result
    state = session.task_state(session.task("lab/echo"))
    assert state.best == state.last == state.records[0]
    assert (state.last.id, state.last.grade) == (record.id, record.grade)


async def test_it_can_be_awaited_by_several_and_giving_up_the_wait_leaves_it_running(session):
    submission = submit(session, "lab/sleep", seconds="60")
    waiter = asyncio.ensure_future(asyncio.wait_for(_of(submission), 0.01))
    with pytest.raises(TimeoutError):
        await waiter
    assert not submission.kill_requested
    submission.kill()
    first, second = await asyncio.gather(_of(submission), _of(submission))
    assert first == second
    assert first.result[0] == "killed"


async def _of(submission):
    return await submission


def test_a_running_submission_can_be_killed(session):
    submission = submit(session, "lab/sleep", seconds="60")
    reached(submission, "running")
    submission.kill()
    assert submission.kill_requested
    assert submission.wait(WAIT_S).result[0] == "killed"
    # The next one is not disturbed.
    assert submit(session, "lab/echo", text="right").wait(WAIT_S).grade == 100.0


def test_a_submission_killed_at_once_ends_as_killed(session):
    submission = submit(session, "lab/sleep", seconds="60")
    submission.kill()
    assert submission.wait(WAIT_S).result[0] == "killed"


@pytest.mark.parametrize(
    ("answers", "problem_id"),
    [({"colour": "0"}, "word"), ({"colour": "7", "word": "rose"}, "colour"), ({"x": "1"}, "x")],
)
def test_an_answer_that_cannot_be_is_refused_and_nothing_is_sent(session, answers, problem_id):
    task = session.task("lab/choice")
    submission = session.submissions.new(task, origin="api")
    with pytest.raises(AnswerError) as caught:
        submission.submit(lambda: Answers(answers))
    assert caught.value.problem_id == problem_id
    assert submission.phase == "refused"
    assert session.history.recent(session.people.student.username) == []
    with pytest.raises(AnswerError):
        submission.wait(0)


def test_what_was_decided_before_the_answers_prevails(session):
    task = session.task("lab/echo")
    submission = session.submissions.new(
        task, origin="magic", given=Answers({"text": "right"}), debug=True, lang="de"
    )
    submission.submit(lambda: Answers({"text": "from a cell"}))
    result = submission.wait(WAIT_S)
    assert result.grade == 100.0
    assert result.custom["lang"] == "de"
    assert "on stdout" in result.stdout


def test_only_the_first_brings_the_answers(session):
    submission = session.submissions.new(session.task("lab/echo"), origin="magic")
    assert submission.submit(lambda: Answers({"text": "right"}))
    assert not submission.submit(lambda: pytest.fail("read twice"))
    assert submission.wait(WAIT_S).grade == 100.0


def test_an_environment_that_no_agent_has_is_named(session):
    session.settings.environment_wait_s = 600.0  # nobody else will come and offer it
    result = submit(session, "lab/elsewhere", text="x").wait(WAIT_S)
    assert result.result[0] == "crash"
    assert "cobol" in result.result[1]
    assert 'INGINIOUS_ENVIRONMENTS=\'{"cobol": "default"}\'' in result.result[1]


def test_an_alias_written_into_the_course_counts_at_once(session, course_folder):
    submit(session, "lab/echo", text="right").wait(WAIT_S)  # the service runs already
    file = course_folder / "lab" / "course.yaml"
    file.write_text(file.read_text() + '\nenvironment_aliases: {"cobol": "default"}\n')
    code, text = submit(session, "lab/elsewhere", text="x").wait(WAIT_S).result
    assert "cobol" not in text, code


def test_a_broken_task_says_where_and_leaves_the_others_alone(session):
    with pytest.raises(CourseError, match=r"broken/task\.yaml.*line"):
        session.task("lab/broken")
    assert submit(session, "lab/echo", text="right").wait(WAIT_S).grade == 100.0


def test_a_task_that_is_not_there_names_the_nearest(session):
    with pytest.raises(TaskNotFoundError, match="echo"):
        session.task("lab/ecko")
    with pytest.raises(UsageError, match="open"):
        session.task(None)


def test_courses_added_later_are_graded_too(session, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    submit(session, "lab/echo", text="right").wait(WAIT_S)  # the service runs already
    write_course(tmp_path / "teaching", "more")
    assert [course.id for course in session.add_courses(Path("~/teaching"))] == ["more"]
    assert submit(session, "more/echo", text="right").wait(WAIT_S).grade == 100.0


def test_no_backend_at_the_address_is_said_and_nothing_is_lost(session):
    session.connect("tcp://127.0.0.1:9")
    submission = submit(session, "lab/echo", text="right")
    with pytest.raises(BackendUnavailableError, match=r"127\.0\.0\.1:9.*kept"):
        submission.wait(contact_timeout_s=0.2)
    assert not submission.done
    # Back at home the same answers are graded.
    session.connect("embedded")
    again = submit(session, "lab/echo", text="right")
    assert again.wait(WAIT_S).grade == 100.0


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("http://inginious.example.org", "Use https://inginious.example.org"),
        ("HTTP://10.0.0.1:8080", "Use https://10.0.0.1"),
        ("https://", "is not the address of a site"),
        ("https://host:port", "is not the address of a site"),
        ("https://host/?next=x", "is not the address of a site"),
        ("https://alice:secret@host", "Leave name and password out"),
        ("https://alice:secret@host?x", "is not the address of a site"),
        ("https://alice:sec/secret@host", "“https://host” is not the address of a site"),
        ("https://exa\u202emple.org", r"exa\\u202emple.org” is not the address of a site"),
        ("https://host/\x1b[31m", "is not the address of a site"),
        ("https://host\\.example.org", "is not the address of a site"),
        ("https://host%2eexample.org", "is not the address of a site"),
        ("http://localhost\n.example.org", "is not the address of a site"),
    ],
)
def test_what_would_give_a_password_away_is_no_site(session, address, text):
    with pytest.raises(UsageError, match=text) as refused:
        session.connect(address)
    assert "secret" not in str(refused.value)


def test_a_host_that_looks_like_another_is_told_by_its_name_in_ascii(session):
    session.connect("https://inginious.\u0430c.example/inginious")  # a letter of another alphabet
    assert session.service.address == "https://inginious.xn--c-7sb.example/inginious"


def test_a_site_is_told_by_its_address_and_wants_a_name(session, monkeypatch):
    monkeypatch.delenv("INGINIOUS_SITE_USER", raising=False)
    session.connect("https://localhost:1/inginious/")
    assert session.service.address == "https://localhost:1/inginious"
    with pytest.raises(BackendError, match="Sign in first"):
        session.services.client()
    asked = []

    def ask(site, username):
        asked.append((site, username))
        return "alice", "secret"

    state = session.connect("https://localhost:1/inginious", ask)
    assert "does not answer yet" in state.message
    assert "localhost" not in state.short_message
    session.connect("HTTPS://LocalHost:1/inginious/", ask)  # asked once, however it is written
    assert asked == [("https://localhost:1/inginious", session.people.student.username)]
    assert "secret" not in repr(session.service)
    session.accounts.sign_out()
    with pytest.raises(BackendError, match="Sign in first"):
        session.services.client()
    session.connect("embedded")
    with pytest.raises(UsageError, match="There are no accounts"):
        session.accounts.sign_out()


@pytest.mark.parametrize(
    "address",
    [
        "grading.example.org",
        "tcp://host",
        "tcp://*:2001",
        "tcp://host:0",
        "tcp://host:99999",
        "ipc://" + "long" * 50,
        "",
    ],
)
def test_what_is_no_address_is_refused(session, address):
    with pytest.raises(UsageError, match="tcp://"):
        session.connect(address)


def test_what_a_killed_kernel_left_behind_is_sent_again(session, course_folder):
    submission = submit(session, "lab/sleep", seconds="60")
    reached(submission, "running")
    session.close()
    with pytest.raises(ServiceError):
        submission.wait(WAIT_S)

    settings = load_settings(None, os.environ)
    settings.courses = [str(course_folder)]
    successor = Session(settings)
    try:
        (left,) = successor.submissions.orphaned()
        assert successor.history.answers(left.id) == {"seconds": "60"}
        again = successor.submissions.resubmit()
        assert again.answers == {"seconds": "60"}
        assert successor.submissions.orphaned() == []
        again.kill()
        again.wait(WAIT_S)
        with pytest.raises(UsageError, match="nothing to repeat"):
            successor.submissions.resubmit()
    finally:
        successor.close()


def test_the_service_is_started_again_when_it_dies_and_the_job_gets_its_result(session, earlier):
    submit(session, "lab/echo", text="right").wait(WAIT_S)
    submission = submit(session, "lab/sleep", seconds="1")
    reached(submission, "running")
    (service,) = services(earlier)
    service.kill()
    assert submission.wait(WAIT_S).result[0] == "success"


def test_a_service_that_ends_again_and_again_is_given_up_and_begun_anew(
    session, monkeypatch, earlier
):
    monkeypatch.setattr("inginious_nb.services.embedded._RESTART_LIMIT", 0)
    submission = submit(session, "lab/sleep", seconds="60")
    reached(submission, "running")
    (service,) = services(earlier)
    service.kill()
    assert submission.wait(WAIT_S).result[0] == "crash"
    assert session.service.state == "failed"
    assert "submit again" in session.service.message
    assert submit(session, "lab/echo", text="right").wait(WAIT_S).grade == 100.0


def test_a_service_that_dies_while_it_restarts_is_started_once_more(session, monkeypatch, earlier):
    submission = submit(session, "lab/sleep", seconds="60")
    reached(submission, "running")
    failures = [ServiceError("its process ended."), OSError("no space left")]
    start = ServiceProcess.start

    def start_or_fail(service):
        if failures:
            raise failures.pop()
        start(service)

    monkeypatch.setattr(ServiceProcess, "start", start_or_fail)
    (service,) = services(earlier)
    service.kill()
    asyncio.run(until(lambda: not failures))
    submission.kill()
    assert submission.wait(WAIT_S).result[0] == "killed"


KILL_AT_FIRST = """
import os, pathlib
once = pathlib.Path(os.environ["KILLED_ONCE"])
if not once.exists():
    once.touch()
    os.kill(os.getpid(), 9)
"""


def test_a_service_that_is_killed_while_it_first_starts_is_started_again(
    session, monkeypatch, tmp_path
):
    monkeypatch.setenv("KILLED_ONCE", str(tmp_path / "once"))
    boot = service_module._BOOT.replace("sys.path +=", f"exec({KILL_AT_FIRST!r}); sys.path +=")
    monkeypatch.setattr(service_module, "_BOOT", boot)
    assert submit(session, "lab/echo", text="right").wait(WAIT_S).grade == 100.0
    assert (tmp_path / "once").exists()


def test_what_a_service_that_cannot_start_for_now_refused_can_be_sent_again(session, monkeypatch):
    def fail(_service):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(ServiceProcess, "start", fail)
        patch.setattr("inginious_nb.services.embedded._FIRST_START_PAUSES_S", (0.0,))
        with pytest.raises(ServiceError, match="no space left"):
            submit(session, "lab/echo", text="right").wait(WAIT_S)
    assert session.submissions.resubmit().wait(WAIT_S).grade == 100.0


def test_a_wait_is_about_the_service_that_grades_and_no_other(session, earlier):
    submission = submit(session, "lab/sleep", seconds="1")
    reached(submission, "running")
    session.connect("tcp://127.0.0.1:9")
    assert submission.wait(WAIT_S, contact_timeout_s=0.1).result[0] == "success"
    # Nobody needs the embedded service any more.
    assert psutil.wait_procs(services(earlier), timeout=WAIT_S)[1] == []


def test_what_runs_in_another_kernel_is_left_to_it(session, course_folder):
    submission = submit(session, "lab/sleep", seconds="60")
    reached(submission, "running")
    settings = load_settings(None, os.environ)
    settings.courses = [str(course_folder)]
    other = Session(settings)
    try:
        assert other.submissions.orphaned() == []
        with pytest.raises(UsageError, match="another kernel"):
            other.submissions.resubmit(submission.id)
    finally:
        other.close()
    submission.kill()
    assert submission.wait(WAIT_S).result[0] == "killed"


def test_a_fault_of_ours_on_the_way_ends_the_submission_with_a_sentence(session, monkeypatch):
    async def broken(_backend):
        raise ZeroDivisionError

    monkeypatch.setattr("inginious_nb.services.zeromq.ZeroMQService.client", broken)
    submission = submit(session, "lab/echo", text="right")
    with pytest.raises(ServiceError, match="answers are kept"):
        submission.wait(WAIT_S)
    assert session.submissions.pending == []


def test_a_submission_stopped_before_its_answers_came_is_never_submitted(session):
    submission = session.submissions.new(session.task("lab/echo"), origin="magic")
    submission.kill()
    assert submission.phase == "refused"
    assert session.submissions.pending == []
    assert not submission.submit(lambda: pytest.fail("read in vain"))


def test_every_way_to_submit_gives_the_same_result(session):
    """The session, submit, new_job, ClientBuffer and ClientSync on the same service."""
    task = session.task("lab/choice")
    inputdata = {"colour": "1", "word": "rose", "@lang": "en"}
    expected = submit(session, "lab/choice", colour="1", word="rose").wait(WAIT_S)
    client = session.services.client()

    assert session._io.run(client.submit(task, inputdata)).result(WAIT_S) == expected

    called = threading.Event()
    values = []

    def callback(*six):
        values.append(six)
        called.set()

    client.new_job(0, task, inputdata, callback)
    assert called.wait(WAIT_S)
    assert values == [tuple(expected)]

    assert ClientSync(client).new_job(0, task, inputdata) == expected

    buffer = ClientBuffer(client)
    job_id = buffer.new_job(0, task, inputdata)
    deadline = threading.Event()
    while not buffer.is_done(job_id):
        assert not deadline.wait(0.01)
    assert buffer.get_result(job_id) == expected


def test_a_history_that_cannot_be_written_is_said_and_the_student_is_graded_all_the_same(
    course_folder, tmp_path
):
    (tmp_path / "file").write_text("")
    settings = load_settings(None, {"INGINIOUS_HISTORY": str(tmp_path / "file" / "h.sqlite")})
    settings.courses = [str(course_folder)]
    session = Session(settings)
    try:
        assert "INGINIOUS_HISTORY" in session.warnings[0]
        assert submit(session, "lab/echo", text="right").wait(WAIT_S).grade == 100.0
    finally:
        session.close()


def test_a_shell_that_cannot_be_opened_costs_no_attempt(session, monkeypatch):
    monkeypatch.setattr("inginious_nb.grader.ssh.can_open_ssh", lambda: False)
    task = session.task("lab/echo")
    with pytest.raises(UsageError, match=r"pip install 'inginious_nb\[ssh\]'"):
        session.submit(task, {"text": "right"}, origin="api", debug="ssh")
    assert session.task_state(task).records == []


def test_closing_leaves_no_thread_and_no_process(session, earlier):
    submit(session, "lab/echo", text="right").wait(WAIT_S)
    before = services(earlier)
    assert len(before) == 1
    session.close()
    assert not any(service.is_running() for service in before)
    threads = {thread.name for thread in set(threading.enumerate()) - earlier}
    assert not threads & {"inginious_nb", "inginious-nb embedded service"}
    with pytest.raises(ServiceError, match="has ended"):
        submit(session, "lab/echo", text="right")


def test_a_result_is_kept_when_no_thread_can_begin_any_more(session, course_folder):
    # So it is while the interpreter ends: the loop's executor has ended before all else.
    submission = submit(session, "lab/sleep", seconds="60")
    reached(submission, "running")

    async def end_executor():
        await asyncio.get_running_loop().shutdown_default_executor()

    session._io.run(end_executor()).result(WAIT_S)
    submission.kill()
    assert submission.wait(WAIT_S).result[0] == "killed"
    assert session.history.get(submission.id).code == "killed"


def no_loop():
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def no_thread(_thread):
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize(
    ("where", "name", "instead"),
    [(asyncio, "SelectorEventLoop", no_loop), (threading.Thread, "start", no_thread)],
)
def test_a_session_that_cannot_begin_says_so(tmp_path, monkeypatch, where, name, instead):
    settings = load_settings()
    settings.history = str(tmp_path / "history.db")
    with monkeypatch.context() as full:
        full.setattr(where, name, instead)
        with pytest.raises(ServiceError, match="no more files or threads"):
            Session(settings, directory=tmp_path)
    Session(settings, directory=tmp_path).close()


def test_a_program_that_just_ends_leaves_nothing_behind(course_folder):
    program = """
from inginious_nb.frontend.process_session import get_session
session = get_session()
submission = session.submit(session.task("lab/sleep"), {"seconds": "60"}, origin="api")
import psutil
from tests.support.waiting import reached
reached(submission, "running")
print(*(child.pid for child in psutil.Process().children(recursive=True)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"INGINIOUS_COURSES": str(course_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # What sweeps after the service ends a moment later.
    asyncio.run(until(lambda: all(has_ended(int(pid)) for pid in done.stdout.split())))
