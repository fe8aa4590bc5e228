"""What the browser asks is answered exactly once: with a value, or with a sentence."""

from __future__ import annotations

import contextlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from inginious_nb.client.results import UNAVAILABLE, JobResult
from inginious_nb.errors import UsageError
from inginious_nb.frontend import serialize
from inginious_nb.frontend.publisher import Publisher
from inginious_nb.frontend.requests import TaskResponder
from inginious_nb.frontend.sign_in import typed
from inginious_nb.notebook.answers import Answers
from inginious_nb.notebook.sources import AnswerSource

LIMIT_S = 30


@pytest.fixture
def ask(session):
    """Ask about a task of the course `lab`: the value, or the sentence of the refusal."""
    responders = {}

    def asked(kind, *, about="lab/echo", buffers=(), **fields):
        if about not in responders:
            publisher = Publisher(session, session.task(about), lambda _changed: None)
            responders[about] = TaskResponder(publisher)
        reply, attached = responders[about].answer(
            {"v": 1, "kind": kind, "id": "r1", **fields}, buffers
        )
        assert (reply["kind"], reply["id"]) == ("reply", "r1")
        if not reply["ok"]:
            return reply["error"]
        return (reply["value"], attached[0]) if attached else reply["value"]

    return asked


def cell(source, *tags):
    return {
        "id": f"id-{source[:5]}",
        "cell_type": "code",
        "source": source,
        "execution_count": None,
        "metadata": {"tags": [*tags]},
    }


def job_result(session, reply):
    return session.task_state(session.task("lab/echo")).current.wait(LIMIT_S)


@pytest.mark.parametrize(
    ("name", "content", "media_type", "beginning"),
    [
        ("a.txt", "été\n".encode() * 1000, "text/plain", "été\n" * 333 + "é"),
        ("a.txt", b"\xff\xfe", "text/plain", ""),
        ("a.zip", b"PK\0\0", "application/zip", ""),
        ("README", b"read", "", "read"),
    ],
)
def test_a_file_is_described_before_it_is_sent(name, content, media_type, beginning):
    described = serialize.file_info({"filename": name, "value": content})
    assert described["size_bytes"] == len(content)
    assert described["media_type"] == media_type
    assert content.decode(errors="replace").startswith(described["beginning"])
    assert described["beginning"][:1000] == beginning[:1000]


@pytest.fixture
def template(session, course_folder):
    """The task `lab/echo` with a template, in Python."""
    file = course_folder / "lab" / "echo" / "task.yaml"
    file.write_text(
        file.read_text().replace("language: text", 'language: python, default: "def f(): ..."')
    )
    return session.task("lab/echo")


def test_a_command_sends_no_template_that_nobody_edited(session, ask, template):
    def refused(*cells):
        submission = session.submissions.new(template, origin="magic")
        publisher = Publisher(session, template, lambda _changed: None, submission=submission)
        request = {"v": 1, "kind": "submit", "id": "r", "submission": submission.id}
        reply, _ = TaskResponder(publisher).answer({**request, "cells": [*cells], "answers": {}})
        assert (submission.phase, session.history.get(submission.id)) == ("refused", None)
        return reply["error"]

    assert "the answer is empty" in refused()
    assert "which is no answer" in refused(cell("def f(): ...", "inginious:text"))
    assert "It could be cell [ ]: def f(): return 1" in refused(cell("def f(): return 1"))
    # A person who clicks sees the template in the editor.
    reply = ask("submit", cells=[], answers={})
    assert session.task_state(template).current.id == reply["submission"]


@pytest.mark.usefixtures("template")
def test_a_line_for_ipython_only_is_told_in_the_preview_and_not_sent(session, ask):
    cells = [cell("%%time\ndef f(): return 1", "inginious:text")]
    (previewed,) = ask("preview", cells=cells, answers={})["answers"]
    assert "cannot run `%%time`" in previewed["error"]
    assert "cannot run `%%time`" in ask("submit", cells=cells, answers={})
    # Whoever clicks may leave the line out, or send it.
    for magics, sent in [("skip", "def f(): return 1"), ("send", cells[0]["source"])]:
        (previewed,) = ask("preview", cells=cells, answers={}, magics=magics)["answers"]
        assert (previewed["error"], previewed["has_magics"]) == (None, True)
        assert previewed["text"] == sent
        reply = ask("submit", cells=cells, answers={}, magics=magics)
        assert session.history.answers(reply["submission"]) == {"text": sent}
        session.task_state(session.task("lab/echo")).current.wait(LIMIT_S)


def test_live_cells_are_submitted(session, ask):
    reply = ask("submit", cells=[cell("first"), cell("right", "inginious:text")], answers={})
    current = session.task_state(session.task("lab/echo")).current
    assert reply == {"submission": current.id}
    assert current.wait(LIMIT_S).result[0] == "success"
    assert [(source.kind, source.label) for source in current.sources] == [
        ("cell", "cell [ ]: right")
    ]


def test_a_control_answers_where_no_cell_does(session, ask):
    ask("submit", cells=[], answers={"text": "right"})
    current = session.task_state(session.task("lab/echo")).current
    assert current.wait(LIMIT_S).grade == 100
    assert [source.kind for source in current.sources] == ["widget"]


def test_a_host_without_cells_gets_what_was_run_or_saved(session, ask):
    captured = Answers()
    captured.add("right", AnswerSource("text", "captured", "cell 1: right", ("a",), 1.0))
    session.front_end.read_executed_by(lambda: lambda _task: captured)
    preview = ask("preview", cells=None, answers={})["answers"]
    assert [(found["kind"], found["read_at"]) for found in preview] == [("captured", 1.0)]
    ask("submit", cells=None, answers={})
    assert job_result(session, None).grade == 100


def test_an_empty_answer_is_refused_in_words_and_nothing_is_sent(session, ask):
    sentence = ask("submit", cells=[cell("", "inginious:text")], answers={})
    assert "empty" in sentence
    assert session.task_state(session.task("lab/echo")).records == []


def test_a_second_submission_waits_for_the_first(session, ask):
    ask("submit", about="lab/sleep", cells=[], answers={"seconds": "60"})
    assert "under way" in ask("submit", about="lab/sleep", cells=[], answers={"seconds": "60"})
    current = session.task_state(session.task("lab/sleep")).current
    assert ask("kill", about="lab/sleep", submission=current.id) == {}
    assert current.wait(LIMIT_S).result[0] == "killed"
    assert len(session.task_state(session.task("lab/sleep")).records) == 1


def test_two_views_that_submit_at_the_same_moment_submit_once(session, monkeypatch):
    # Each view of JupyterLab is served by a thread of its own. Both are let in together, if they
    # can be; where one has to wait for the other, that one is not held up for ever.
    together, new = threading.Barrier(2), session.submissions.new

    def new_together(*args, **options):
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(1)
        return new(*args, **options)

    monkeypatch.setattr(session.submissions, "new", new_together)
    task = session.task("lab/sleep")
    views = [TaskResponder(Publisher(session, task, lambda _changed: None)) for _ in range(2)]
    request = {"v": 1, "kind": "submit", "id": "r", "cells": [], "answers": {"seconds": "60"}}
    with ThreadPoolExecutor() as threads:
        replies = [reply for reply, _ in threads.map(lambda view: view.answer(request), views)]
    assert sorted(reply["ok"] for reply in replies) == [False, True]
    assert len(session.task_state(task).records) == 1
    session.task_state(task).current.kill()
    assert session.task_state(task).current.wait(LIMIT_S).result[0] == "killed"


def test_only_the_first_page_that_answers_a_command_submits(session):
    task = session.task("lab/echo")
    submission = session.submissions.new(task, origin="magic")
    responder = TaskResponder(
        Publisher(session, task, lambda _changed: None, submission=submission)
    )
    request = {"v": 1, "kind": "submit", "cells": [], "answers": {"text": "right"}}
    for page in ("one", "two"):
        reply, _ = responder.answer({**request, "id": page, "submission": submission.id})
        assert reply["value"] == {"submission": submission.id}
    assert submission.wait(LIMIT_S).grade == 100
    assert len(session.task_state(task).records) == 1


def test_the_preview_says_what_would_be_sent_from_where_and_whether_it_changed(session, ask):
    def preview(source):
        (found,) = ask("preview", cells=[cell(source, "inginious:text")], answers={})["answers"]
        return found

    assert ask("preview", cells=[], answers={})["answers"][0]["kind"] == "missing"
    before = preview("right")
    assert (before["text"], before["changed"], before["cell_ids"]) == ("right", None, ["id-right"])
    ask("submit", cells=[cell("right", "inginious:text")], answers={})
    job_result(session, None)
    assert preview("right")["changed"] is False
    assert preview("wrong")["changed"] is True
    assert "empty" in preview("")["error"]


def test_choices_are_shown_by_their_texts(ask):
    answers = {"colour": "1", "word": "rose"}
    found = ask("preview", about="lab/choice", cells=[], answers=answers)["answers"]
    assert [(answer["text"], answer["choices"]) for answer in found] == [
        ("blue", ["1"]),
        ("rose", []),
    ]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"filename": "a.txt", "size_bytes": 10}, None),
        ({"filename": "a.exe", "size_bytes": 10}, "its name must end with"),
        ({"filename": "a.txt", "size_bytes": 10**9}, "at most"),
    ],
)
def test_a_preview_judges_a_file_by_name_and_size_and_a_submission_wants_all_of_it(
    session, ask, course_folder, entry, words
):
    (course_folder / "lab" / "upload").mkdir()
    (course_folder / "lab" / "upload" / "task.yaml").write_text(
        "environment_type: mcq\nproblems: {file: {type: file, allowed_exts: [.txt]}}\n"
    )
    found = ask("preview", about="lab/upload", cells=[], answers={"file": entry})["answers"]
    if words is None:
        assert (found[0]["text"], found[0]["error"]) == ("a.txt", None)
    else:
        assert words in found[0]["error"]
    refusal = ask("submit", about="lab/upload", cells=[], answers={"file": entry})
    assert "did not arrive completely" in refusal


def test_a_draft_that_is_too_long_to_be_kept_is_refused(session, ask):
    drafts = session.task_state(session.task("lab/echo")).drafts
    assert ask("draft", problem="text", value="x" * 1_000_000, by="v") == {}
    refusal = ask("draft", problem="text", value="y" * 1_000_001, by="v")
    assert "more than 1,000,000 characters is not kept" in refusal
    assert drafts.values()["text"].value[0] == "x"


def test_an_old_attempt_is_told_with_its_answers(session, ask):
    ask("submit", cells=[], answers={"text": "wrong"})
    job_result(session, None)
    attempt = session.task_state(session.task("lab/echo")).records[0]
    found = ask("open", submission=attempt.id)
    assert found["answers"] == {"text": {"text": "wrong", "choices": []}}
    assert found["result"]["problems"]["text"]["feedback"]["html"].startswith("<p>You wrote: wrong")
    assert "no such submission" in ask("open", about="lab/choice", submission=attempt.id)


def test_bytes_are_handed_over_beside_the_reply(session, ask):
    ask("submit", cells=[], answers={"text": "right"}, debug=True)
    job_result(session, None)
    attempt = session.task_state(session.task("lab/echo")).records[0]
    value, archive = ask("archive", submission=attempt.id)
    assert value == {"filename": "lab-echo-1.tar.gz"}
    assert archive[:2] == b"\x1f\x8b"
    value, text = ask("output", submission=attempt.id, what="feedback")
    assert value == {"filename": "echo-1-feedback.txt"}
    assert b"Read." in text
    assert b"on stdout" in ask("output", submission=attempt.id, what="stdout")[1]
    assert "no such text" in ask("output", submission=attempt.id, what="problem:other")


@pytest.mark.parametrize(
    ("buffers", "username", "refusal"),
    [
        ((), "ada", "Type your user name and your password."),
        ((b"",), "ada", "Type your user name and your password."),
        ((b"\xff",), "ada", "Type your user name and your password."),
        ((b"secret",), " ", "Type your user name and your password."),
        ((b"secret",), "ada", "There are no accounts where answers are graded now"),
    ],
)
def test_what_cannot_sign_in_is_refused(ask, buffers, username, refusal):
    told = ask("signIn", site="", username=username, cookie=False, keep=False, buffers=buffers)
    assert told.startswith(refusal)


def test_a_password_goes_to_no_other_site_than_it_was_typed_for():
    request = {"site": "https://a.example", "username": "ada", "cookie": False, "keep": False}
    answer, _way = typed(request, [b"secret"])
    assert answer("https://a.example", "") == ("ada", "secret")
    with pytest.raises(
        UsageError, match=r"By now https://b\.example is used .* https://a\.example"
    ):
        answer("https://b.example", "")


def test_the_address_is_told_only_when_asked_for(session, ask):
    where = ask("where")
    assert (where["kind"], where["address"]) == ("embedded", session.service.address)


@pytest.mark.parametrize(
    "request_",
    [
        None,
        [],
        {},
        {"v": 2, "kind": "kill", "id": "r1"},
        {"v": 1, "kind": "__init__", "id": "r1"},
        {"v": 1, "kind": "submit", "id": "r1", "cells": "all", "answers": {}},
        # What a saved notebook asks for as soon as it is opened.
        {"v": 1, "kind": "submit", "id": "r1", "answers": {"text": "x"}, "submission": "old"},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [1], "answers": {}},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [], "answers": []},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [], "answers": {"text": {"filename": 1}}},
        {"v": 1, "kind": "submit", "id": "r1", "cells": [], "answers": {"text": 7}},
        {"v": 1, "kind": "draft", "id": "r1", "problem": "other", "value": "x"},
        {"v": 1, "kind": "draft", "id": "r1", "problem": ["text"], "value": "x"},
        {"v": 1, "kind": "lang", "id": "r1", "lang": "../../en"},
        {"v": 1, "kind": "kill", "id": "r1", "submission": "other"},
        {"v": 1, "kind": "open", "id": "r1", "submission": None},
        {"v": 1, "kind": "file", "id": "r1", "problem": "text", "path": "/etc/passwd"},
        {"v": 1, "kind": "ssh", "id": "r1", "submission": "other"},
    ],
)
def test_a_browser_is_not_trusted(session, request_):
    responder = TaskResponder(Publisher(session, session.task("lab/echo"), lambda _changed: None))
    reply, attached = responder.answer(request_)
    assert reply["ok"] is False
    assert reply["error"].endswith((".", "?"))
    assert attached == []
    assert session.task_state(session.task("lab/echo")).records == []


# ---- in French -------------------------------------------------------------------------------


@pytest.fixture
def asked_in_french(ask):
    """Ask as a widget in French does."""

    def asked(kind, **fields):
        ask("lang", about=fields.get("about", "lab/echo"), lang="fr")
        return ask(kind, **fields)

    return asked


def plain(text):
    """A text with ordinary spaces; test_i18n looks at those of French."""
    return re.sub("[\u00a0\u202f]", " ", text)


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        (
            "submit",
            {"cells": [cell("", "inginious:text")], "answers": {}},
            (
                "Question text (A text) : la réponse est vide ; écrivez quelque chose avant "
                "de soumettre."
            ),
        ),
        (
            "submit",
            {"about": "lab/choice", "cells": [], "answers": {"colour": "green", "word": "rose"}},
            (
                "Question colour : « green » n’est pas l’un des choix ; choisissez l’un de "
                "ceux qui sont affichés."
            ),
        ),
        (
            "submit",
            {"about": "lab/choice", "cells": [], "answers": {"colour": "0"}},
            "Question word : il n’y a pas encore de réponse ; entrez-en une avant de soumettre.",
        ),
        (
            "submit",
            {"cells": 1, "answers": {}},
            "Cette page a demandé d’une façon que ce noyau ne connaît pas ; rechargez-la.",
        ),
        ("kill", {"submission": "other"}, "Cette soumission n’est plus en cours."),
        (
            "open",
            {"submission": "other"},
            "L’historique de cette tâche n’a pas cette soumission.",
        ),
        (
            "submit",
            {"submission": "old", "cells": [], "answers": {}},
            "Cette soumission est terminée ; appuyez sur Soumettre pour en faire une nouvelle.",
        ),
        ("ssh", {"submission": "other"}, "Il n’y a plus de console pour cette soumission."),
        (
            "file",
            {"about": "lab/upload", "problem": "file", "path": "/nowhere/a.txt"},
            (
                "Question file : le fichier « /nowhere/a.txt » ne peut pas être lu (ce "
                "fichier n’existe pas) ; donnez le chemin d’un fichier tel qu’il est vu "
                "depuis le notebook."
            ),
        ),
        (
            "submit",
            {
                "about": "lab/upload",
                "cells": [],
                "answers": {"file": {"filename": "a.txt", "buffer": 0}},
                "buffers": [bytes(2000)],
            },
            (
                "Question file : le fichier a.txt fait 2 000 octets ; au plus 1 467 octets "
                "sont acceptés."
            ),
        ),
        (
            "submit",
            {
                "about": "lab/upload",
                "cells": [],
                "answers": {"file": {"filename": "a.exe", "buffer": 0}},
                "buffers": [b""],
            },
            (
                "Question file : un fichier nommé a.exe n’est pas accepté ici ; son nom doit "
                "se terminer par .txt ou .csv."
            ),
        ),
    ],
)
def test_a_refusal_is_in_the_language_of_the_widget(
    course_folder, asked_in_french, kind, fields, sentence
):
    (course_folder / "lab" / "upload").mkdir()
    (course_folder / "lab" / "upload" / "task.yaml").write_text(
        "environment_type: mcq\n"
        "problems: {file: {type: file, allowed_exts: [.txt, .csv], max_size: 1500}}\n"
    )
    assert plain(asked_in_french(kind, **fields)) == sentence


def test_where_an_answer_was_read_is_in_the_language_of_the_widget(asked_in_french):
    cells = [cell("x = 1", "inginious:text"), cell("", "inginious:text")]
    found = asked_in_french("preview", cells=cells, answers={})["answers"][0]
    assert re.fullmatch("cellules .+ : x = 1", plain(found["label"]))
    found = asked_in_french("preview", cells=[cell("", "inginious:text")], answers={})["answers"][0]
    assert plain(found["error"]).startswith("Question text (A text) : la réponse est vide")
    found = asked_in_french("preview", cells=[], answers={"text": "x"})["answers"][0]
    assert found["label"] == "saisie dans le widget"


def test_a_fault_of_ours_is_told_in_the_language_of_the_widget(
    session, asked_in_french, monkeypatch
):
    monkeypatch.setattr(session.history, "get", lambda _id: 1 / 0)
    sentence = "Un problème est survenu dans le noyau ; son journal en donne les détails."
    assert plain(asked_in_french("open", submission="x")) == sentence


def test_an_old_attempt_that_crashed_is_told_in_the_language_of_the_widget(
    session, ask, asked_in_french
):
    ask("submit", cells=[], answers={"text": "right"})
    job_result(session, None)
    attempt = session.task_state(session.task("lab/echo")).last
    session.history.finish(attempt.id, JobResult(("crash", UNAVAILABLE)))
    found = asked_in_french("open", submission=attempt.id)["result"]["feedback"]["html"]
    assert "Le service de correction n’est pas disponible" in found


def test_what_is_isolated_is_told_in_the_language_of_the_widget(session, ask, asked_in_french):
    ask("submit", cells=[], answers={"text": "right"})
    job_result(session, None)
    english, french = ask("where"), asked_in_french("where")
    assert english["sandbox"] == french["sandbox"]
    assert (
        set(english["isolated"] + english["open"]) & set(french["isolated"] + french["open"])
        == set()
    )


def test_the_kernel_speaks_as_the_front_end_does_unless_it_was_told_how(session, ask):
    assert session.language == "en"
    ask("lang", lang="fr")
    assert session.language == "fr"
    session.settings.language = "de"
    assert session.language == "de"
