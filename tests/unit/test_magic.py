"""The magics in a real kernel: as nbconvert runs it, where nobody clicks, and as a front end."""

from __future__ import annotations

import json
import re

import pytest

from inginious_nb.errors import UsageError
from inginious_nb.magics.commands import inginious
from inginious_nb.notebook.grammar.command_group import call
from tests.support.courses import write_course
from tests.support.kernel import running_kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    write_course(folder / "courses")
    with running_kernel(folder, INGINIOUS_HISTORY=folder / "history.sqlite") as kernel:
        assert kernel.run("%load_ext inginious_nb").status == "ok"
        kernel.run("import inginious_nb.magics.submitter as s; s.FRONT_END_TIMEOUT_S = 0.2")
        yield kernel


def test_a_cell_submission_ends_with_its_grade_where_nobody_looks(kernel):
    outputs = kernel.run("%%inginious submit lab/echo\nwrong")
    assert outputs.status == "ok"
    assert "40" in outputs.text
    assert "You wrote: wrong" in outputs.text
    assert "You wrote: wrong" in outputs.html
    assert outputs.widgets == []


def test_a_text_keeps_what_looks_like_a_prompt(kernel):
    answer = "An example:\n\n    >>> double(21)\n    42\n>>> x\n... y"
    sent = kernel.run(f"%%inginious submit lab/echo\n{answer}\n", front_end=False)
    assert sent.status == "ok"
    handed_in = kernel.run(
        "from inginious_nb.frontend.process_session import get_session as g\n"
        "s = g(); h, me = s.history, s.people.student.username\n"
        "print(h.answers(h.recent(me)[0].id)['text'])"
    )
    assert handed_in.text.strip() == answer


def test_words_answer_choices_and_short_texts(kernel):
    outputs = kernel.run("h = %inginious submit lab/choice colour=0 word=rose\nh.result()")
    assert "'success', ''" in outputs.text
    assert "100" in outputs.text


def test_a_command_submits_as_another_student(kernel):
    for _ in range(2):
        ada = kernel.run("%%inginious submit lab/echo --as ada\nwrong")
    own = kernel.run("%inginious submit lab/choice colour=0 word=rose")
    assert "as ada · Submission 2" in ada.text
    assert " as " not in own.text
    assert "visible" in kernel.run("%inginious submit lab/choice --as ''").text


def test_the_demo_is_there_at_once(kernel):
    assert "quickstart.ipynb" in kernel.run("%inginious demo").text
    there = kernel.run("import os; os.path.exists('inginious-demo/quickstart.ipynb')")
    assert "True" in there.text
    opened = kernel.run("%inginious open demo/division")
    assert "Sharing apples" in opened.text


def test_courses_that_are_open_in_jupyterlab_are_known_where_none_is_near(tmp_path):
    write_course(tmp_path / "courses")
    opened = tmp_path / "history" / "opened-courses.json"
    opened.parent.mkdir()
    opened.write_text(json.dumps([str(tmp_path / "courses"), str(tmp_path / "gone")]))
    history = opened.with_name("history.sqlite")
    notebook = tmp_path / "notebooks" / "a" / "b" / "c" / "d"
    notebook.mkdir(parents=True)
    with running_kernel(notebook, INGINIOUS_HISTORY=history) as kernel:
        kernel.run("%load_ext inginious_nb")
        refused = kernel.run("%inginious courses ../d").text
        assert "no course" in refused.lower()
        assert "lab" in kernel.run("%inginious courses").text
        assert "echo" in kernel.run("%inginious tasks").text


def test_an_author_tries_the_recorded_submissions_of_a_task(kernel):
    kernel.run("%inginious demo tried")
    same = kernel.run("%inginious try demo/quiz")
    assert "2 recorded submissions, 0 not as recorded" in " ".join(same.text.split())
    kernel.run(
        "import pathlib; (record,) = pathlib.Path('inginious-demo').rglob('quiz/test/right.test')\n"
        "_ = record.write_text(record.read_text().replace('grade: 100.0', 'grade: 90.0'))"
    )
    different = kernel.run("%inginious try demo/quiz")
    assert "1 not as recorded" in " ".join(different.text.split())
    assert "right.test" in different.text


def test_an_answer_cell_runs_as_usual_and_is_submitted_later(kernel):
    kernel.run("%inginious open lab/echo")
    ran = kernel.run("%%inginious answer text\nvalue = 6 * 7\nvalue", cell_id="a")
    assert ran.text.strip() == "42"
    submitted = kernel.run("h = %inginious submit\nh.result().problems['text'][1]")
    assert "value = 6 * 7" in submitted.text
    # What counts is the cell as it was last run.
    kernel.run("%%inginious answer text\nvalue = 'newer'", cell_id="a")
    again = kernel.run("h = %inginious submit\nh.result().problems['text'][1]")
    assert "newer" in again.text
    assert "6 * 7" not in again.text
    kernel.run("%%inginious answer text\n\n%%capture shown\nprint(6 * 7)", cell_id="a")
    assert "42" in kernel.run("shown.stdout").text


def test_an_answer_cell_that_is_run_again_keeps_its_view(kernel):
    def view(problem, cell_id):
        code = f"%%inginious answer {problem}\n1"
        return kernel.run(code, front_end=True, cell_id=cell_id).widgets

    (first,) = view("lab/echo/text", "run often")
    assert [view("lab/echo/text", "run often") for _ in range(3)] == [[first]] * 3
    assert view("lab/echo/text", "another") != [first]
    # A cell that answers something else now shows that, and the view before it is closed.
    known = f"{first!r} in __import__('ipywidgets').Widget.get_manager_state()['state']"
    assert "True" in kernel.run(known).text
    (second,) = view("lab/choice/word", "run often")
    assert second != first
    assert "False" in kernel.run(known).text
    for cell_id in ("run often", "another"):
        kernel.run("'an answer no more'", cell_id=cell_id)


def test_an_answer_cell_is_compiled_as_the_cell_it_is(kernel):
    awaited = kernel.run(
        "%%inginious answer lab/echo/text\nimport asyncio\nawait asyncio.sleep(0, 'awaited')"
    )
    assert "awaited" in awaited.text
    failed = kernel.run("%%inginious answer lab/echo/text\nx = 1\n1 / 0")
    assert failed.status == "error"
    assert re.search(r"Cell.*line 3|3 .*1 / 0", re.sub(r"\x1b\[[0-9;]*m", "", failed.text))


def test_the_answer_of_a_cell_that_failed_is_kept_all_the_same(kernel):
    kernel.run("%%inginious answer lab/echo/text\nthis is no Python", cell_id="b")
    submitted = kernel.run("h = %inginious submit lab/echo\nh.result().problems['text'][1]")
    assert "this is no Python" in submitted.text


def test_tagged_cells_are_read_from_the_saved_notebook(kernel):
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["inginious:word"]}, "source": "tulip"},
        {"cell_type": "raw", "metadata": {"tags": ["inginious:colour"]}, "source": "red"},
        {"cell_type": "code", "metadata": {}, "source": "marker = 'only here'"},
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    saved = kernel.cwd / "saved.ipynb"
    saved.write_text(json.dumps(notebook))
    # Where the kernel was started, wherever a cell has gone since.
    kernel.run("import os; here = os.getcwd(); os.chdir('/')")
    kernel.run("marker = 'only here'")
    outputs = kernel.run("h = %inginious submit lab/choice\nh.submission.sources")
    kernel.run("os.chdir(here)")
    saved.unlink()
    assert "notebook-file" in outputs.text
    assert "50 %" in outputs.text


def test_with_a_front_end_it_returns_at_once_and_shows_a_widget(kernel):
    outputs = kernel.run("h = %inginious submit lab/sleep seconds=60\nh.done", front_end=True)
    assert len(outputs.widgets) == 1
    assert "False" in outputs.text
    assert "killed" in kernel.run("h.kill(); h.result().result[0]", front_end=True).text


def test_the_handle_is_shown_once_by_its_cell_and_again_where_it_is_asked_for(kernel):
    first = kernel.run("%inginious submit lab/choice colour=0 word=rose", front_end=True)
    assert len(first.widgets) == 1
    kernel.run("h = %inginious submit lab/choice colour=0 word=rose", front_end=True)
    assert len(kernel.run("h", front_end=True).widgets) == 1


def test_a_console_that_shows_no_widgets_gets_text(kernel):
    opened = kernel.run("%inginious open lab/choice", console=True)
    for shown in ("Choose", "colour", "0: red", "1: blue", "word"):
        assert shown in opened.text
    assert opened.widgets == []
    for line in ("submit lab/choice colour=0 word=rose", "submit lab/echo text=x --wait"):
        shown = kernel.run(f"h = %inginious {line}", console=True)
        assert re.search("100 %|40 %", shown.text)
        assert shown.widgets == []
    # What cannot be is said, and the console goes on.
    refused = kernel.run("%inginious submit lab/choice colour=9 word=x", console=True)
    assert "colour" in refused.text


def test_a_host_that_answered_shows_widgets_without_telling_cells(kernel):
    host = "next(iter(__import__('inginious_nb.magics').magics._loaded.values())).context.host"
    kernel.run(f"{host}.answering.add({host}.client)")
    assert len(kernel.run("%inginious open lab/choice", console=True).widgets) == 1
    # A console beside a notebook is another client, and shows none.
    assert kernel.run("%inginious open lab/choice", console=True, page="console").widgets == []
    kernel.run(f"{host}.answering.clear()")


def test_it_can_be_awaited(kernel):
    code = "h = %inginious submit lab/choice colour=0 word=rose\n(await h).grade"
    assert "100.0" in kernel.run(code, front_end=True).text


def test_a_comment_above_an_answer_line_and_a_tab_in_it_do_no_harm(kernel):
    ran = kernel.run("# mine\n\n%%inginious\tanswer lab/echo/text\nvalue = 'noted'\nvalue")
    assert "noted" in ran.text
    submitted = kernel.run("r = {}\nr['a'] = %inginious\tsubmit lab/echo --wait;  # now")
    assert "noted" in submitted.text
    assert "mine" not in submitted.text
    below = kernel.run("# mine\n%%inginious submit lab/echo\nright")
    assert "100 %" in below.text


def test_it_can_be_killed(kernel):
    kernel.run("h = %inginious submit lab/sleep seconds=60", front_end=True)
    assert "killed" in kernel.run("h.kill(); h.result().result[0]", front_end=True).text


def test_kill_without_an_id_ends_the_newest(kernel):
    kernel.run("h = %inginious submit lab/sleep seconds=60", front_end=True)
    assert "Stopping submission" in kernel.run("%inginious kill", front_end=True).text
    assert "killed" in kernel.run("h.result().result[0]").text
    assert "No submission is under way" in kernel.run("%inginious kill").text


def test_an_interrupt_ends_the_wait_and_not_the_submission(kernel):
    kernel.run("h = %inginious submit lab/sleep seconds=60", front_end=True)
    interrupted = kernel.run(
        "import _thread, threading\n"
        "threading.Timer(0.3, _thread.interrupt_main).start()\n"
        "h.result()",
        front_end=True,
    )
    assert "KeyboardInterrupt" in interrupted.text
    assert "False" in kernel.run("h.done").text
    assert "killed" in kernel.run("h.kill(); h.result().result[0]").text


def test_without_an_answering_front_end_the_run_cells_are_submitted(kernel):
    kernel.run("%%inginious answer lab/echo/text\nrun before", cell_id="b", front_end=True)
    kernel.run("h = %inginious submit lab/echo", front_end=True)
    outputs = kernel.run("h.result().problems['text'][1], h.submission.sources", front_end=True)
    assert "run before" in outputs.text
    assert "captured" in outputs.text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("%inginious sumbit lab/echo", "Did you mean submit"),
        ("%inginious open lab/ecko", "Did you mean"),
        ("%inginious open lab/broken", r"broken/task\.yaml"),
        ("%inginious submit lab/echo --wiat", "--wait"),
        ("%inginious submit lab/choice a b", "one word too many"),
        ("%%inginious submit lab/choice\n0", "2 problems.*colour, word"),
        ("%%inginious submit lab/echo/txt\n0", "txt"),
        ("%inginious connect grading.example.org", "tcp://"),
        ("%inginious courses /nowhere/at/all", "There is no folder"),
        ("%inginious history nothing", "nothing"),
        ("%inginious submit 'lab/echo", "quotation mark"),
    ],
)
def test_bad_words_end_in_one_sentence(kernel, line, sentence):
    outputs = kernel.run(line)
    assert outputs.status == "error"
    assert re.search(sentence, " ".join(outputs.text.split()))
    assert "Traceback" not in outputs.text
    assert len(outputs.error) == 1


@pytest.mark.parametrize(
    ("words", "sentence"), [("colour=9 word=x", "colour"), ("colour=0", "word.*no answer yet")]
)
def test_an_answer_that_cannot_be_is_shown_and_the_notebook_goes_on(kernel, words, sentence):
    outputs = kernel.run(f"%inginious submit lab/choice {words}")
    assert outputs.status == "ok"
    assert re.search(sentence, outputs.text, re.DOTALL)
    assert "Traceback" not in outputs.text


def test_an_answer_that_cannot_be_is_an_error_before_the_eyes_of_a_person(kernel):
    outputs = kernel.run("%inginious submit lab/choice colour=9 word=x", front_end=True)
    assert outputs.status == "error"
    assert "colour" in outputs.text
    assert len(outputs.error) == 1


def test_what_is_in_the_words_is_not_expanded(kernel):
    kernel.run("x = 'expanded'")
    outputs = kernel.run(
        "h = %inginious submit lab/echo 'text={x} $x'\nh.result().problems['text'][1]"
    )
    assert "{x} $x" in outputs.text


def test_an_interrupt_of_a_command_is_an_interrupt(kernel):
    code = (
        "import _thread, threading\n"
        "threading.Timer(0.5, _thread.interrupt_main).start()\n"
        "%inginious submit lab/sleep seconds=60 --wait"
    )
    outputs = kernel.run(code, front_end=True)
    assert "KeyboardInterrupt" in outputs.text
    assert "Abort" not in outputs.text
    kernel.run("%inginious kill")


def test_waiting_in_the_cell_that_submits_does_not_wait_for_itself(kernel):
    kernel.run("%%inginious answer lab/sleep/seconds\n0.1", cell_id="c", front_end=True)
    for wait in ("h.result().grade", "(await h).grade"):
        outputs = kernel.run(f"h = %inginious submit lab/sleep\n{wait}", front_end=True)
        assert outputs.text.strip().endswith("100.0")


def test_an_answer_to_a_problem_that_is_not_there_is_said_and_the_cell_still_runs(kernel):
    outputs = kernel.run("%%inginious answer nowhere\n'it ran'")
    assert outputs.status == "ok"
    assert "No task here has a problem nowhere" in outputs.text
    assert "it ran" in outputs.text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%inginious courses", "Laboratory"),
        ("%inginious tasks lab", "lab/choice"),
        ("%inginious tasks", "cannot be used"),
        ("%inginious status", "embedded"),
        ("%inginious queue", "running"),
        ("%inginious history", "lab/echo"),
        ("%inginious history lab/choice", "lab/choice"),
        ("%inginious help", "%inginious submit"),
        ("%inginious", "%inginious submit"),
        ("%inginious help submit", "--wait"),
        ("%inginious help settings", "INGINIOUS_BACKEND"),
        ("%inginious submit --help", "--lang"),
        ("%inginious open lab/choice", "Choose"),
    ],
)
def test_the_words_show_what_they_say(kernel, line, expected):
    kernel.run("%inginious submit lab/choice colour=0 word=rose")
    outputs = kernel.run(line)
    assert outputs.status == "ok", outputs.text
    assert expected in outputs.text


@pytest.mark.parametrize(
    ("line", "english", "french"),
    [
        ("submit --lang", "--lang needs a value", "Il manque une valeur à l’option --lang."),
        ("submit --wait=3", "--wait takes no value", "L’option --wait ne prend pas de valeur."),
        ("history --limit x", "takes a whole number", "L’option --limit attend un nombre entier."),
        ("kill a b c", "b c is more than", "b c est de trop pour cette commande."),
        ("answer", "PROBLEM is missing", "Il manque PROBLEM."),
        ("queue --foo", "no option --foo", "L’option --foo n’existe pas."),
    ],
)
def test_words_that_do_not_fit_are_refused_in_the_readers_language(line, english, french):
    words = line.split()
    with pytest.raises(UsageError, match=english) as refused:
        call(inginious, words, None, prog_name="%inginious")
    assert f"Usage: %inginious {words[0]} [OPTIONS]" in str(refused.value)
    said = refused.value.in_language("fr")
    assert said.startswith(french)
    assert f"Usage\u00a0: %inginious {words[0]} [OPTIONS]" in said


def test_the_help_of_a_word_is_in_the_readers_language(french_kernel):
    for line in ("%inginious help submit", "%inginious submit --help"):
        text = " ".join(french_kernel.run(line).text.split())
        assert "Usage : %inginious submit [OPTIONS]" in text
        for said in ("Options :", "Attend le résultat.", "le chemin d’un fichier", "cette aide."):
            assert said in text
        for english in ("Show this", "Returns", "Return when"):
            assert english not in text


def test_help_has_no_value(kernel):
    assert kernel.run("%inginious submit --help").bundles == []


def test_names_are_no_markup(kernel, tmp_path):
    folder = write_course(tmp_path, "other") / "echo" / "task.yaml"
    folder.write_text(folder.read_text().replace("name: Echo", "name: 'Up [draft] [/a]'"))
    kernel.run(f"%inginious courses {tmp_path}")
    assert "Up [draft] [/a]" in kernel.run("%inginious tasks other").text


def test_the_help_of_the_magic_lists_the_words(kernel):
    asked = "get_ipython().inspector.info(get_ipython().find_line_magic('inginious'))"
    outputs = kernel.run(f"print({asked}['docstring'])")
    for word in ("open", "submit", "answer", "courses", "tasks", "status", "queue", "history"):
        assert f"%inginious {word}" in outputs.text


def test_loading_twice_and_unloading_do_no_harm(tmp_path):
    write_course(tmp_path / "courses")
    with running_kernel(tmp_path, INGINIOUS_HISTORY=tmp_path / "history.sqlite") as kernel:
        kernel.run("%load_ext inginious_nb")
        kernel.run("import inginious_nb; inginious_nb.load_ipython_extension(get_ipython())")
        kernel.run("%%inginious answer lab/echo/text\n1")
        assert "40" in kernel.run("%inginious submit lab/echo").text
        assert kernel.run("%unload_ext inginious_nb").status == "ok"
        assert kernel.run("%inginious courses").status == "error"
        assert kernel.run("%%inginious answer text\n1").status == "error"
        assert kernel.run("%load_ext inginious_nb").status == "ok"
        assert "Laboratory" in kernel.run("%inginious courses").text


def test_a_new_kernel_tells_of_what_the_killed_one_left_behind(tmp_path):
    write_course(tmp_path / "courses")
    environment = {"INGINIOUS_HISTORY": tmp_path / "history.sqlite"}
    with running_kernel(tmp_path, **environment) as kernel:
        kernel.run("%load_ext inginious_nb")
        kernel.run("h = %inginious submit lab/sleep seconds=60", front_end=True)
        kernel.kill()
    with running_kernel(tmp_path, **environment) as kernel:
        assert "%inginious resubmit" in kernel.run("%load_ext inginious_nb").text
        assert "no result" in kernel.run("%inginious history").text
        again = "h = %inginious resubmit\nh.kill(); h.result().result[0]"
        assert "killed" in kernel.run(again, front_end=True).text
        assert "repeated" in kernel.run("%inginious history").text


@pytest.fixture(scope="module")
def french_kernel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cahier")
    write_course(folder / "courses")
    environ = {"LANGUAGE": "fr_BE", "INGINIOUS_HISTORY": folder / "history.sqlite"}
    with running_kernel(folder, **environ) as kernel:
        assert kernel.run("%load_ext inginious_nb").status == "ok"
        yield kernel


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%inginious submit lab/choice colour=0 word=rose", "Réussite · 100 %"),
        ("%inginious submit lab/choice colour=0", "Question word : il n’y a pas encore de réponse"),
        ("%inginious open lab/choice", "word : ✓ Réussite"),
        ("%inginious open lab/chioce", "Le cours lab n’a pas de tâche chioce."),
        ("%inginious open lab/chioce", "Vouliez-vous dire choice ?"),
        (
            "%inginious sumbit",
            "« sumbit » n’est pas une commande de %inginious. Vouliez-vous dire submit ?",
        ),
        ("%inginious submit --wiat", "L’option --wiat n’existe pas. Vouliez-vous dire --wait ?"),
        ("%%inginious answer\n1", "Il manque PROBLEM."),
        ("%inginious connect nowhere", "« nowhere » n’est pas l’adresse d’un service"),
        ("%inginious kill", "Aucune soumission n’est en cours."),
        ("%inginious courses", "Origine"),
        ("%inginious tasks", "Tentatives"),
        ("%inginious history", "réussi"),
        ("%inginious status", "Correction"),
        # The one while the submission is under way, the other once it has its result.
        ("%inginious queue", "File d’attente|Personne n’attend"),
        ("%inginious help", "Affiche une tâche : son texte"),
        ("%%inginious answer nowhere\n1", "Aucune tâche n’a ici de question nowhere"),
    ],
)
def test_the_words_answer_in_the_language_of_the_kernel(french_kernel, line, expected):
    french_kernel.run("%inginious submit lab/choice colour=0 word=rose")
    text = " ".join(french_kernel.run(line).text.split())
    assert any(words in text for words in expected.split("|")), text


COMPLETED = """
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    found = get_ipython().Completer.completions({line!r}, {at})
    print([{line!r}[:c.start] + c.text for c in found])
"""


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("%inginious sub", "%inginious submit"),
        ("%inginious open lab/ch", "%inginious open lab/choice"),
        ("%inginious submit lab/choice col", "%inginious submit lab/choice colour="),
        ("%inginious submit lab/choice --wa", "%inginious submit lab/choice --wait"),
        ("%%inginious answer lab/echo/", "%%inginious answer lab/echo/text"),
        ("x = 1\n%inginious tasks l", "x = 1\n%inginious tasks lab"),
        ("%inginious help que", "%inginious help queue"),
        ("%inginious new ta", "%inginious new task"),
        ("%inginious new task lab/x --kind py", "%inginious new task lab/x --kind python"),
        ("%inginious class x --task lab/ch", "%inginious class x --task lab/choice"),
    ],
)
def test_tab_completes_commands_tasks_and_problems(kernel, line, completed):
    outputs = kernel.run(COMPLETED.format(line=line, at=len(line)))
    assert repr(completed) in outputs.text
