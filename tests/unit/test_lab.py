"""JupyterLab's own interface is served by the Jupyter server: without a kernel, to whoever may."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import queue
import uuid
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import tornado.websocket
from ipykernel.ipkernel import IPythonKernel
from tornado.iostream import StreamBufferFullError

from inginious_nb import __version__
from inginious_nb.course import demo as course_demo
from inginious_nb.course.scaffold import KINDS
from inginious_nb.errors import UsageError
from inginious_nb.frontend import process_session
from inginious_nb.frontend.connection import Connection, refusing
from inginious_nb.frontend.opened_courses import open_again
from inginious_nb.frontend.overview import OverviewPublisher
from inginious_nb.lab import framing
from inginious_nb.lab.identity import other_person
from inginious_nb.lab.socket import MAX_PAGES, MAX_REQUESTS, InginiousSocket
from inginious_nb.notebook import tasks_answered
from inginious_nb.notebook.cells import cell_from_json
from inginious_nb.notebook.tasks_answered import answer_cells
from inginious_nb.submissions import history, record
from inginious_nb.submissions.student import Student
from inginious_nb.submissions.task_state import TaskState
from tests.browser.server import CHECKOUT, TOKEN, JupyterServer, wait_until
from tests.catalogues import FRONT_END
from tests.support.effort import calls
from tests.support.histories import add
from tests.support.invented_class import write_notebook
from tests.support.waiting import reached

LIMIT_S = 30
SUBJECT = {"widget": "", "task": "lab/echo", "role": "task", "problem_id": "", "submission": ""}


class Page:
    """What a page hears, and what it says."""

    def __init__(self, session, root, pool=None):
        self.heard = queue.Queue()
        self.pool = pool or ThreadPoolExecutor(4)
        self.state = {}
        self.connection = Connection(
            session, lambda *sent: self.heard.put(sent), executor=self.pool, root=root
        )

    def say(self, channel="", **envelope):
        self.connection.receive({"channel": channel, **envelope})

    def until(self, wanted):
        """What is heard first of what is wanted; states are kept."""
        while True:
            envelope, *_ = self.heard.get(timeout=LIMIT_S)
            message, channel = envelope["message"], envelope["channel"]
            if message["kind"] == "state":
                self.state.setdefault(channel, {}).update(message["state"])
            if wanted(channel, message):
                return message

    def ask(self, kind, channel="", **fields):
        self.say(channel, message={"v": 1, "kind": kind, "id": kind, **fields})
        reply = self.until(lambda _, message: message.get("id") == kind)
        return reply["value"] if reply["ok"] else reply["error"]

    def has(self, channel, holds):
        if not holds(self.state.get(channel, {})):
            self.until(lambda *_: holds(self.state.get(channel, {})))


class LastFirst(Executor):
    """Threads that are as late as can be: what they were given last begins first."""

    def __init__(self):
        self.given = []

    def submit(self, call, /, *args):
        self.given.append((call, args))

    def run(self):
        while self.given:
            call, args = self.given.pop()
            call(*args)


@pytest.fixture
def page(session, tmp_path):
    page = Page(session, tmp_path)
    yield page
    page.connection.close()
    page.pool.shutdown()


def cell(name, source, *tags, cell_type="code"):
    return {
        "id": name,
        "cell_type": cell_type,
        "source": source,
        "execution_count": None,
        "metadata": {"tags": [*tags]},
    }


def test_a_task_is_made_where_it_can_be_opened(page, tmp_path):
    wanted = {"folder": "courses/new", "task": "hello", "task_kind": "bash"}
    assert "no kind" in page.ask("newTask", **wanted | {"task_kind": "cobol"})
    assert "cannot be an id" in page.ask("newTask", **wanted | {"task": "a b"})
    assert "JupyterLab shows" in page.ask("newTask", **wanted | {"folder": "/"})
    assert not (tmp_path / "courses/new").exists()
    assert page.ask("newTask", **wanted) == {"path": "courses/new/hello/run"}
    assert "there already" in page.ask("newTask", **wanted)
    again = page.ask("newTask", **wanted | {"task": "second", "task_kind": "match"})
    assert again == {"path": "courses/new/second/task.yaml"}
    page.has("", lambda state: any(row["id"] == "new" for row in state.get("courses", ())))


def test_every_kind_of_task_has_a_name():
    assert set(json.loads((FRONT_END / "class.en.json").read_text())["newTask"]["kinds"]) == set(
        KINDS
    )


def test_a_task_is_submitted_without_a_kernel(page):
    page.say("a", open=SUBJECT)
    # In a language that is not Python, which no magic could stand in.
    cells = [cell("c1", "right", "inginious:lab/echo/text", cell_type="raw")]
    sent = page.ask("submit", "a", cells=cells, answers={})
    page.has("a", lambda state: (state.get("result") or {}).get("submission") == sent["submission"])
    assert page.state["a"]["result"]["code"] == "success"
    (row,) = [
        row
        for course in page.state[""]["courses"]
        for row in course["tasks"]
        if row["ref"] == "lab/echo"
    ]
    page.has("", lambda state: "success" in json.dumps(state["courses"]))
    assert row["attempts_left"] is None


def test_what_a_kernel_submits_is_told(page, session, new_session):
    page.say("a", open=SUBJECT)
    kernel = new_session(session.settings)
    task = kernel.task("lab/echo")
    kernel.submit(task, {"text": "wrong"}).wait(LIMIT_S)
    page.connection.look()
    page.has("a", lambda state: (state.get("result") or {}).get("code") == "failed")
    page.has("", lambda state: '"grade": 40.0' in json.dumps(state["courses"]))
    # What was submitted here before is not the newest any more.
    page.ask("submit", "a", cells=[], answers={"text": "right"})
    page.has("a", lambda state: state["result"]["code"] == "success")
    kernel.submit(task, {"text": "wrong again"}).wait(LIMIT_S)
    page.connection.look()
    page.has("a", lambda state: state["result"]["code"] == "failed")


def test_what_a_kernel_waits_for_is_told_until_it_ends(page, session, new_session, monkeypatch):
    monkeypatch.setattr(record, "this_process", lambda: "elsewhere:1")
    page.say("a", open={**SUBJECT, "task": "lab/sleep"})
    kernel = new_session(session.settings)
    submission = kernel.submit(kernel.task("lab/sleep"), {"seconds": "90"})
    reached(submission, "running")

    def tasks(state):
        rows = [row for course in state.get("courses", ()) for row in course["tasks"]]
        return [(row["ref"], row["pending"]) for row in rows]

    def is_told(waits):
        page.connection.look()
        page.has(
            "a",
            lambda state: (
                [row["under_way_elsewhere"] for row in state.get("history", ())] == [waits]
            ),
        )
        page.has("", lambda state: ("lab/sleep", waits) in tasks(state))
        pending = [(submission.id, True)] if waits else []
        page.has(
            "",
            lambda state: (
                [(row["id"], row["elsewhere"]) for row in state.get("pending", ())] == pending
            ),
        )

    is_told(True)
    monkeypatch.setattr(record, "_process_exists", lambda _pid: False)
    is_told(False)


def test_no_change_is_missed_between_a_look_at_a_task_and_following_it(
    session, tmp_path, monkeypatch
):
    acts, newest = [], TaskState.newest

    def looked_at(state):
        found = newest.fget(state)
        if acts and state.task.id == "echo":
            acts.pop()(state)
        return found

    def submitted_elsewhere(state):
        username = session.people.student.username
        add(session.history, username, "echo", course_id="lab", username=username)
        state.read_again()

    monkeypatch.setattr(history, "this_process", lambda: "elsewhere:1")
    monkeypatch.setattr(TaskState, "newest", property(looked_at))
    told = queue.SimpleQueue()
    acts.append(submitted_elsewhere)
    overview = OverviewPublisher(session, told.put)
    for student in ("bob", ""):
        while not waits_for_echo(told.get(timeout=LIMIT_S)):
            pass
        acts.append(submitted_elsewhere)
        session.people.submit_as(student)
    overview.close()


def waits_for_echo(changed):
    rows = [task for course in changed.get("courses", ()) for task in course["tasks"]]
    return any(row["pending"] for row in rows if row["ref"] == "lab/echo")


def test_views_are_apart_and_end(page):
    page.say("a", open=SUBJECT)
    page.say("b", open={**SUBJECT, "task": "lab/nothing"})
    refused = page.until(lambda channel, message: channel == "b" and message["kind"] == "closed")
    assert "no task nothing" in refused["error"].lower()
    assert page.ask("where", "a")["kind"] == "embedded"
    page.say("a", close=True)
    page.say("a", message={"v": 1, "kind": "where", "id": "late"})
    page.ask("lang", lang="fr")
    page.has("", lambda state: state.get("lang") == "fr")
    assert page.state["a"]["task"]["name"] == "Echo"


def test_what_a_page_sets_last_stays_whatever_thread_is_late(session, tmp_path):
    page = Page(session, tmp_path, LastFirst())
    task = session.task("lab/echo")

    def say(kind, **fields):
        page.say("a", message={"v": 1, "kind": kind, "id": next(ids), **fields})

    def replies():
        page.pool.run()
        told = [envelope["message"] for envelope, *_ in list(page.heard.queue)]
        page.heard.queue.clear()
        return {one["id"]: one["ok"] for one in told if one["kind"] == "reply"}

    ids = iter(range(99))
    page.say("a", open=SUBJECT)
    say("where")
    say("draft", problem="text", value="of ada, first", by="a")
    say("submit", cells=[], answers={"text": "of ada"})
    say("draft", problem="text", value="of ada", by="a")
    say("submitAs", username="bob")
    say("draft", problem="text", value="of bob", by="a")
    say("submitAs", username="cleo")
    told = replies()
    assert told == dict.fromkeys(range(7), True)
    # What needs no order with another was not held up by it: here it is answered before.
    assert list(told).index(1) < list(told).index(0)
    assert session.people.student.username == "cleo"
    ada, bob = session.people.person, Student("bob")
    assert session.task_state(task, ada).drafts.values()["text"].value == "of ada"
    assert session.task_state(task, bob).drafts.values()["text"].value == "of bob"
    assert [one.username for one in session.history.recent(ada.username)] == [ada.username]
    # What was asked before the view, or the page, was closed is done; the page may hear no more.
    say("submitAs", username="dora")
    page.say("a", close=True)
    page.say("b", open=SUBJECT)
    page.say(
        "b", message={"v": 1, "kind": "draft", "id": 0, "problem": "text", "value": "b", "by": ""}
    )
    for lang in ("fr", "en", "nl"):
        page.say(message={"v": 1, "kind": "lang", "id": lang, "lang": lang})
    page.connection.close()
    assert page.pool.given
    assert replies().keys() == {7, 0, "fr", "en", "nl"}
    assert session.people.student.username == "dora"
    assert session.front_end.language == "nl"


def test_a_request_is_answered_though_no_thread_begins_any_more(session, tmp_path):
    pool = ThreadPoolExecutor(1)
    page = Page(session, tmp_path, pool)
    pool.shutdown()
    page.say("a", open=SUBJECT)
    assert page.ask("where", "a")["kind"] == "embedded"
    page.connection.close()


def test_the_cells_that_answer_are_told_for_all_tasks(page):
    cells = [
        cell("one", "x", "inginious:colour"),
        cell("two", "%%inginious answer lab/echo/text\nx"),
        cell("three", "x", "inginious:nobody", "other"),
        cell("four", "%%inginious submit lab/echo\nx"),
    ]
    found = page.ask("answerCells", cells=cells, notebook="a.ipynb", known=[])["answers"]
    assert [(one["cell_id"], one["task"], one["problem_id"]) for one in found] == [
        ("two", "lab/echo", "text"),
        ("one", "lab/choice", "colour"),
    ]


def test_a_notebook_of_very_many_answers_is_read_up_to_a_number(session, monkeypatch):
    for limit in ("MAX_TELLING_CELLS", "MAX_NAMES"):
        monkeypatch.setattr(tasks_answered, limit, 20)

    def work(count):
        names = [f"inginious:x{number}/y/z" for number in range(10 * count)]
        cells = [cell_from_json(cell(str(n), f"%inginious open a/b{n}")) for n in range(count)]
        tagged = [cell_from_json(cell("tagged", "", *names))]
        return lambda: answer_cells(session.library, [*tagged, *cells])

    assert calls(work(100)) < 1.5 * calls(work(20))


def test_a_result_that_the_notebook_lacks_is_told_when_it_is_opened(page, session, tmp_path):
    (tmp_path / "one.ipynb").touch()
    (tmp_path / "two.ipynb").touch()
    cells = [cell("c1", "right", "inginious:lab/echo/text")]

    def submit():
        page.say(channel := uuid.uuid4().hex, open=SUBJECT)
        asked = {"cells": cells, "answers": {}, "notebook": "one.ipynb"}
        sent = page.ask("submit", channel, **asked)["submission"]
        page.has(channel, lambda state: (state.get("result") or {}).get("submission") == sent)
        return sent

    def lacking(notebook, *known, cells=cells):
        return page.ask("answerCells", cells=cells, notebook=notebook, known=known)["results"]

    sent = submit()
    (found,) = lacking("one.ipynb")
    facts = [found[name] for name in ("submission", "code", "cell_ids", "task", "user")]
    assert facts == [sent, "success", ["c1"], "lab/echo", session.settings.username]
    assert lacking("one.ipynb", sent) == []
    # Neither a copy nor another cell was submitted.
    assert lacking("two.ipynb") == []
    assert lacking("one.ipynb", cells=[cell("c2", "right", "inginious:lab/echo/text")]) == []
    # It was renamed or moved in another page.
    (tmp_path / "one.ipynb").rename(tmp_path / "moved.ipynb")
    assert [found["submission"] for found in lacking("moved.ipynb")] == [sent]
    (tmp_path / "moved.ipynb").rename(tmp_path / "one.ipynb")
    # What somebody else of this history submitted is told as theirs.
    session.people.submit_as("grace")
    submit()
    session.people.submit_as("")
    assert [found["user"] for found in lacking("one.ipynb", sent)] == ["grace"]


def test_the_demo_is_copied_once(page, tmp_path):
    assert page.ask("demo", folder="demo") == {"path": "demo/quickstart.ipynb"}
    notebook = tmp_path / "demo" / "quickstart.ipynb"
    # A front end that writes there what its kernel says finds nothing to change.
    language = json.loads(notebook.read_text())["metadata"]["language_info"]
    assert language == IPythonKernel.language_info
    notebook.write_text("mine")
    assert page.ask("demo", folder="demo") == {"path": "demo/quickstart.ipynb"}
    assert notebook.read_text() == "mine"
    # Nor is there another one beside it, of the same name, where another folder is open.
    assert page.ask("demo", folder="week1/demo") == {"path": "demo/quickstart.ipynb"}
    assert not (tmp_path / "week1").exists()
    page.has("", lambda state: {"lab", "demo"} <= {course["id"] for course in state["courses"]})
    assert "JupyterLab shows" in page.ask("demo", folder="/elsewhere")
    assert "no folder" in page.ask("openCourse", folder="nowhere")


def test_the_demo_is_copied_where_it_can_be_shown(page, session, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    course_demo.copy_demo(elsewhere, "en")
    session.add_courses(elsewhere / "courses")
    assert page.ask("demo", folder="demo") == {"path": "demo/quickstart.ipynb"}
    cells = [cell("c", "3", "inginious:quotient")]
    asked = {"cells": cells, "notebook": "demo/quickstart.ipynb", "known": []}
    (found,) = page.ask("answerCells", **asked)["answers"]
    assert found["task"] == "demo/division"


def test_courses_of_the_settings_are_open(page, tmp_path):
    course_demo.copy_demo(tmp_path / "one", "en")
    for _ in range(2):
        folders = {"folders": ["one/courses", "nowhere", "\0"]}
        refused = page.ask("courseFolders", **folders)["refused"]
        assert [("nowhere" in text, "name" in text) for text in refused] == [
            (True, False),
            (False, True),
        ]
    page.has("", lambda state: {"lab", "demo"} <= {course["id"] for course in state["courses"]})
    assert not (tmp_path / "opened-courses.json").exists()  # the settings name them


def test_courses_that_were_opened_are_there_the_next_time(page, session, new_session, tmp_path):
    page.ask("lang", lang="fr")
    notebook = tmp_path / page.ask("demo", folder="one")["path"]
    assert "Rendez vos réponses d’ici" in notebook.read_text(encoding="utf-8")
    later = new_session(session.settings)
    open_again(later)
    assert list(later.library.courses) == ["lab", "demo"]
    (tmp_path / "opened-courses.json").write_text("[1, {}")
    open_again(later)


def test_why_there_is_no_session_is_told():
    heard = []
    with pytest.raises(UsageError), refusing(lambda *sent: heard.append(sent)):
        raise UsageError("Correct the configuration.")
    assert heard == [
        ({"channel": "", "message": {"kind": "closed", "error": "Correct the configuration."}},)
    ]


def test_a_course_near_the_notebook_is_known(page, tmp_path):
    page.ask("demo", folder="one")
    cells = [cell("c", "x", "inginious:quotient")]
    (found,) = page.ask("answerCells", cells=cells, notebook="one/a.ipynb", known=[])["answers"]
    assert found["task"] == "demo/division"


@pytest.mark.parametrize(
    "frame",
    ["", "[]", "nonsense", '{"buffers": [1]}', b"", b"\0\0\0\2{}x", b"\xff\xff\xff\xff{}"],
)
def test_a_frame_that_cannot_be_read_is_refused(frame):
    with pytest.raises(ValueError, match=r"."):
        framing.decode(frame)


def test_bytes_go_with_a_message():
    frame = framing.encode({"channel": "a"}, [b"one", b"", b"\0three"])
    assert framing.decode(frame) == ({"channel": "a"}, [b"one", b"", b"\0three"])
    assert framing.decode(framing.encode({"channel": "é"})) == ({"channel": "é"}, [])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = JupyterServer.start(tmp_path_factory.mktemp("lab") / "server")
    yield server
    server.stop()


def request(server, path, **headers):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request("GET", path, headers=headers)
    with contextlib.closing(connection):
        return connection.getresponse()


def test_nobody_else_is_served(server):
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "bm9ib2R5IGVsc2UgaGVyZQ==",
    }
    signed_in = request(server, f"/lab?token={TOKEN}").getheader("Set-Cookie").split(";")[0]
    statuses = {
        name: request(server, "/inginious/socket", **upgrade, **headers).status
        for name, headers in {
            "nobody": {},
            "a wrong token": {"Authorization": "token wrong"},
            "another site": {"Cookie": signed_in, "Origin": "https://elsewhere.example"},
            "this page": {"Cookie": signed_in, "Origin": server.url},
        }.items()
    }
    assert statuses == {"nobody": 403, "a wrong token": 403, "another site": 403, "this page": 101}


@contextlib.asynccontextmanager
async def connected(server):
    """A WebSocket that is closed in the end, by the server as well."""
    address = f"{server.url.replace('http', 'ws')}/inginious/socket?token={TOKEN}"
    socket = await tornado.websocket.websocket_connect(address)
    try:
        yield socket
    finally:
        socket.close()
        await ended(socket)


async def ended(socket):
    """Wait until a WebSocket is closed, whatever is still said."""
    while socket.close_code is None and await socket.read_message() is not None:
        pass


async def test_the_server_tells_the_courses(server):
    async with connected(server) as socket:
        told = json.loads(await socket.read_message())
        state = told["message"]["state"]
        assert [course["id"] for course in state["courses"]] == ["demo"]
        # With the build: a package that is installed again may have the same number.
        version, _, build = state["version"].partition("+")
        package = json.loads((CHECKOUT / "inginious_nb/labextension/package.json").read_text())
        assert (version, len(build)) == (__version__, 8)
        assert build in package["jupyterlab"]["_build"]["load"]
        await socket.write_message(b"nonsense", binary=True)
        await ended(socket)
        assert socket.close_code == 1003


async def test_so_many_pages_and_no_more(server):
    async with contextlib.AsyncExitStack() as opened:

        async def heard():
            socket = await opened.enter_async_context(connected(server))
            return socket, json.loads(await socket.read_message())["message"]

        pages = [await heard() for _ in range(MAX_PAGES)]
        assert {told["kind"] for _, told in pages} == {"state"}
        socket, told = await heard()
        assert told["kind"] == "closed"
        assert "close some of them" in told["error"]
        assert await socket.read_message() is None
        assert socket.close_code == 1013
        pages[0][0].close()
        async with asyncio.timeout(LIMIT_S):
            while (await heard())[1]["kind"] != "state":
                pass


async def test_a_page_is_read_and_written_to_no_faster_than_it_keeps_up(monkeypatch):
    under_way = []

    def receive(_content, _buffers):
        under_way.append(Future())
        return under_way[-1]

    stream = SimpleNamespace(max_write_buffer_size=None, close=lambda: under_way.append("closed"))
    served = InginiousSocket.__new__(InginiousSocket)
    served._loop, served._room = asyncio.get_running_loop(), asyncio.Semaphore(MAX_REQUESTS)
    served._connection = asyncio.get_running_loop().create_future()
    served._connection.set_result(SimpleNamespace(receive=receive))
    for _ in range(MAX_REQUESTS):
        await served.on_message("{}")
    waiting = asyncio.ensure_future(served.on_message("{}"))
    await asyncio.sleep(0)
    assert len(under_way) == MAX_REQUESTS
    under_way[0].set_result(None)
    await asyncio.wait_for(waiting, LIMIT_S)
    assert len(under_way) == MAX_REQUESTS + 1

    def full(*_, **__):
        raise StreamBufferFullError

    monkeypatch.setattr(InginiousSocket, "write_message", full)
    served.ws_connection = SimpleNamespace(stream=stream)
    served._write("x")
    assert under_way[-1] == "closed"


@pytest.mark.parametrize(
    ("name", "hub_user", "collaborative", "other"),
    [
        ("ada", "", True, ""),  # the owner
        ("grace", "", True, "grace"),
        ("Zoe\u0308", "Zo\u00eb", False, ""),  # in another form of Unicode
        ("grace", "", False, ""),  # an identity provider's own name for the owner
        ("0123456789abcdef" * 2, "", True, ""),  # what Jupyter makes up for a browser
        ("", "", True, ""),
        ("ada@hub", "ada@hub", False, ""),
        ("grace", "ada@hub", False, "grace"),  # a server that is shared by JupyterHub
        ("ada", "ada@hub", False, "ada"),  # a user of the hub who is called as the owner submits
        ("0123456789abcdef" * 2, "ada@hub", False, "0123456789abcdef" * 2),
    ],
)
def test_who_a_page_is(name, hub_user, collaborative, other, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", hub_user)
    ydoc = {"jupyter_server_ydoc": SimpleNamespace(enabled=collaborative)}
    app = SimpleNamespace(extension_manager=SimpleNamespace(extensions=ydoc))
    assert other_person(SimpleNamespace(username=name), "ada", app) == other


def test_each_person_has_a_session_and_all_one_service(
    tmp_path, monkeypatch, course_folder, request
):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("INGINIOUS_COURSES", str(course_folder))
    process_session.close_session()
    request.addfinalizer(process_session.close_session)
    owner = process_session.get_session()
    owner.offer_service()
    wait_until(lambda: list((tmp_path / "runtime").glob("*.json")), limit_s=LIMIT_S)
    grace = process_session.get_session_of("grace")
    assert process_session.get_session_of(" grace") is grace
    task = grace.task("lab/echo")
    assert grace.submit(task, {"text": "right"}).wait(LIMIT_S).result[0] == "success"
    assert [one.username for one in grace.history.recent("grace")] == ["grace"]
    assert owner.task_state(owner.task("lab/echo")).attempts == 0
    assert owner.service.state == "connected"  # which graded it
    for name in ("gr\nace", owner.settings.username, f" {owner.settings.username}"):
        with pytest.raises(UsageError):
            process_session.get_session_of(name)


def test_a_class_is_served_to_a_page_and_ends_with_its_view(page, session, tmp_path):
    for student in ("ada", "bob"):
        answers = {"colour": "red", "word": "rose"}
        write_notebook(tmp_path / "handed-in" / f"{student}.ipynb", answers, "lab/choice")
    session.settings.sandbox = "plain"
    subject = {"folder": "handed-in", "no_isolation": False}
    page.say("refused", open=subject)
    closed = page.until(lambda channel, message: message["kind"] == "closed")
    assert "isolate" in closed["error"]
    page.say("c", open=subject | {"no_isolation": True})
    page.has("c", lambda state: state.get("tasks") and state["tasks"][0]["mean"] == 100.0)
    assert page.ask("names", "c")["names"].keys() == {"1", "2"}
    page.say("c", close=True)
    outside = {str(tmp_path): "JupyterLab shows", "../x": "JupyterLab shows", "a/../..": "shows"}
    odd = {"~": "no folder", "x" * 9999: "not the name", "\0": "not the name", "\ud800": "the log"}
    for folder, said in {"nowhere": "no folder", **outside, **odd}.items():
        page.say("none", open={"folder": folder, "no_isolation": True})
        closed = page.until(lambda _, message: message["kind"] == "closed")
        assert said in closed["error"].replace("its log", "the log")
