"""The Python API that run scripts import (docs/grading-api.md), under the system's python3."""

from __future__ import annotations

import ast
import base64
import json
import struct

import jinja2
import pytest

IMPORTS = "from inginious_container_api import feedback, input, lang, rst\n"


def value(job, expression: str):
    return ast.literal_eval(job.python(f"{IMPORTS}print(repr({expression}))"))


def upload(job, content: bytes, name: str = "a.txt") -> None:
    """Make problem f an uploaded file, as the agent writes it."""
    path = job.root / ".__input/__inputfile_0"
    path.write_bytes(content)
    document = job.root / ".__input/__inputdata.json"
    data = json.loads(document.read_text())
    data["input"]["f"] = {"filename": name, "value": str(path)}
    document.write_text(json.dumps(data))


# ---- names ------------------------------------------------------------------------------------


def test_the_old_name_gives_the_same_modules(api_job):
    printed = api_job().python(
        "import inginious.feedback\n"
        "import inginious\n"
        "from inginious import input, feedback, rst, lang, run_student, ssh_student\n"
        "import inginious_container_api.feedback as new\n"
        "from inginious.feedback import set_grade\n"
        "print(inginious.feedback is new, feedback is new, set_grade is new.set_grade)\n"
        "print(inginious.input is input, new.__spec__.name, new.__name__)\n"
    )
    assert printed.split() == ["True"] * 4 + ["inginious_container_api.feedback"] * 2


def test_modules_are_found_without_importing_them(api_job):
    printed = api_job(q1="x").python("import inginious\nprint(inginious.input.get_input('q1'))")
    assert printed == "x\n"


def test_an_unknown_module_is_an_import_error(api_job):
    done = api_job().run("/usr/bin/python3", "-c", "import inginious.nothing")
    assert b"ModuleNotFoundError" in done.stderr


def test_the_names_of_before_2019(api_job):
    printed = api_job(q1="x").python(
        "from inginious import input\n"
        "from inginious.run_student import run, run_simple\n"
        "print(input.load_input()['input']['q1'], input._load_input is input.load_input)"
    )
    assert printed == "x True\n"


# ---- input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["text\n", ["0", "2"], 3, {"a": 1}, True])
def test_an_answer_comes_as_it_is(api_job, answer):
    assert value(api_job(q1=answer), "input.get_input('q1')") == answer


def test_reserved_keys(api_job):
    job = api_job(**{"@username": "ada", "@lang": "fr", "@time": "2026-11-24 08:00:00.000001"})
    assert value(job, "(input.get_username(), input.get_lang())") == ("ada", "fr")
    assert job.python(f"{IMPORTS}print(input.get_submission_time())").startswith("2026-11-24 08")


def test_a_time_without_microseconds_is_read(api_job):
    job = api_job(**{"@time": "2026-11-24 08:00:00"})
    assert job.python(f"{IMPORTS}print(input.get_submission_time().hour)") == "8\n"


@pytest.mark.parametrize("name", ["nothing", "q1:value", "nothing:filename"])
def test_an_unknown_id_is_a_key_error(api_job, name):
    done = api_job(q1="x").run("/usr/bin/python3", "-c", f"{IMPORTS}input.get_input({name!r})")
    assert f"KeyError: 'there is no answer to a problem {name}, only to q1'".encode() in done.stderr


def test_an_uploaded_file(api_job):
    job = api_job()
    upload(job, b"\xff\x00", "x.bin")
    expression = "[input.get_input(name) for name in ('f', 'f:value', 'f:filename')]"
    assert value(job, expression) == [b"\xff\x00", b"\xff\x00", "x.bin"]


# ---- templates --------------------------------------------------------------------------------


def filled(job, template: str, output: str = "") -> str:
    (job.root / "task/in.txt").write_text(template)
    job.python(f"{IMPORTS}input.parse_template('in.txt', {output!r})")
    return (job.root / "task" / (output or "in.txt")).read_text()


@pytest.mark.parametrize(
    ("template", "answer", "expected"),
    [
        ("a @@q1@@ b", "x", "a x b"),
        ("def f():\n@    @q1@@\n", "a\nb", "def f():\n    a\n    b\n"),
        ("@\t@q1@;@", "a\nb\n", "\ta;\n\tb;"),
        ("[@>@q1@<@]", "", "[]"),
        ("@@q1@@@@q1@@", "x", "xx"),
        ("@@other@@ @@q1@@", "x", "@@other@@ x"),
        ("me@example.org @decorator @@q1@@", "x", "me@example.org @decorator x"),
        ("@@q1@@ @@q2@@", "@@q2@@", "@@q2@@ two"),
        ("@@qX1@@", "x", "@@qX1@@"),
        ("@@@lang@@", "x", "en"),
        ("@a\nb@q1@@", "x", "a\nbx"),
        ("é @@q1@@", "ü", "é ü"),
    ],
)
def test_placeholders(api_job, template, answer, expected):
    assert filled(api_job(q1=answer, q2="two"), template) == expected


def test_ids_are_no_patterns(api_job):
    assert filled(api_job(**{"a.b": "x"}), "@@a.b@@ @@acb@@") == "x @@acb@@"


def test_a_template_into_a_new_folder(api_job):
    job = api_job(q1="x")
    assert filled(job, "@@q1@@", "new/folder/out.txt") == "x"
    assert (job.root / "task/in.txt").read_text() == "@@q1@@"


def test_an_uploaded_file_in_a_template(api_job):
    job = api_job()
    upload(job, "é\nb".encode())
    assert filled(job, "@@f@@ @@f:filename@@ @-@f:value@@") == "@@f@@ a.txt -é\n-b"


def test_a_list_raises_only_where_it_is_used(api_job):
    job = api_job(q1=["0"], q2="x")
    assert filled(job, "@@q2@@") == "x"
    (job.root / "task/bad.txt").write_text("@@q1@@")
    done = job.run("/usr/bin/python3", "-c", f"{IMPORTS}input.parse_template('bad.txt')")
    assert done.returncode == 1


# ---- feedback ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ("set_global_result('success')", {"result": "success"}),
        ("set_grade('12.5')", {"grade": 12.5}),
        ("set_grade(150)", {"grade": 150.0}),
        ("set_global_feedback('a'); set_global_feedback('b')", {"text": "b"}),
        ("set_global_feedback('a'); set_global_feedback('b', True)", {"text": "ab"}),
        ("set_global_feedback('b', append=True)", {"text": "b"}),
        ("set_problem_feedback('t', 'q1')", {"problems": {"q1": "t"}}),
        ("set_problem_result('failed', 'q1')", {"problems": {"q1": ["failed", ""]}}),
        (
            "set_problem_feedback('t', 'q1'); set_problem_result('failed', 'q1')",
            {"problems": {"q1": ["failed", "t"]}},
        ),
        (
            "set_problem_result('failed', 'q1')\nset_problem_feedback('t', 'q1')\n"  # noqa: ISC004
            "set_problem_feedback('u', 'q1', append=True)",
            {"problems": {"q1": ["failed", "tu"]}},
        ),
        (
            "set_problem_feedback('t', 'q1'); set_problem_feedback('u', 'q1', True)",
            {"problems": {"q1": "tu"}},
        ),
        ("set_state('s')", {"state": "s"}),
        ("set_tag('t', True); set_tag('u', 'True')", {"tests": {"t": True, "u": False}}),
        ("set_tag('*auto-tag-1', True)", {}),
        ("set_custom_value('k', {'a': [1]})", {"custom": {"k": {"a": [1]}}}),
        ("save_feedback({'result': 'x'})", {"result": "x"}),
    ],
)
def test_what_the_calls_leave(api_job, calls, expected):
    job = api_job()
    job.python(f"from inginious_container_api.feedback import *\n{calls}")
    assert job.feedback == expected


def test_a_remark_gets_an_id_of_its_own(api_job):
    job = api_job()
    job.python(f"{IMPORTS}feedback.tag('one'); feedback.tag(2); feedback.tag('one')")
    assert sorted(job.feedback["tests"].values()) == ["2", "one"]
    assert all(key.startswith("*auto-tag-") for key in job.feedback["tests"])


@pytest.mark.parametrize(
    "call", ["set_global_feedback(1)", "set_problem_feedback(b'', 'q')", "set_grade('x')"]
)
def test_what_is_no_text_or_no_number_is_a_value_error(api_job, call):
    job = api_job()
    done = job.run("/usr/bin/python3", "-c", f"{IMPORTS}feedback.{call}")
    assert b"ValueError" in done.stderr
    assert job.feedback == {}


def test_feedback_is_read_back(api_job):
    assert value(api_job(), "(feedback.set_grade(1), feedback.get_feedback())[1]") == {"grade": 1.0}


# ---- templates of feedback --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "language"),
    [("hello.fr.tpl", "fr"), ("lang/fr/hello.tpl", "fr"), ("hello.tpl", "fr")],
)
def test_where_a_feedback_template_is_looked_for(api_job, file, language):
    job = api_job(**{"@lang": language})
    job.environ["PYTHONPATH"] += ":" + jinja2.__path__[0].removesuffix("/jinja2")
    path = job.root / "task" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{{ _('Hi') }} {{ name }}{% for i in [1, 2] %}{{ i }}{% endfor %}")
    printed = job.python(
        f"{IMPORTS}print(feedback.set_feedback_from_tpl('hello', {{'name': 'A'}}))"
    )
    assert (printed, job.feedback) == ("True\n", {"text": "Hi A12"})


@pytest.mark.parametrize("content", [None, "{% if %}"])
def test_a_bad_feedback_template_is_shown(api_job, content):
    job = api_job()
    job.environ["PYTHONPATH"] += ":" + jinja2.__path__[0].removesuffix("/jinja2")
    if content is not None:
        (job.root / "task/t.tpl").write_text(content)
    printed = job.python(f"{IMPORTS}print(feedback.set_feedback_from_tpl('t', {{}}, 'q1'))")
    assert printed == "False\n"
    assert ":class: alert alert-danger" in job.feedback["problems"]["q1"]


# ---- rst --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            "rst.get_codeblock('python', 'a\\n  b')",
            "\n\n.. code-block:: python\n\n\ta\n\t  b\n\n",
        ),
        (
            "rst.get_admonition('danger', 'Title', 'a\\nb')",
            "\n\n.. admonition:: Title\n\t:class: alert alert-danger\n\n\ta\n\tb\n\n",
        ),
        (
            "rst.get_admonition('pink', '', 'a')",
            "\n\n.. note:: \n\t:class: alert alert-info\n\n\ta\n\n",
        ),
        ("rst.indent_block(2, 'a\\nb')", "\t\ta\n\t\tb\n"),
        ("rst.indent_block(1, 'a', '..')", "..a\n"),
        ("rst.indent_block(-1, '\\t\\ta\\nb')", "\ta\nb\n"),
        ("rst.indent_block(0, '\\ta')", "\ta\n"),
        ("rst.indent_block(-2, '  \\ta', ' ')", "\ta\n"),
    ],
)
def test_shapes_of_rst(api_job, expression, expected):
    assert value(api_job(), expression) == expected


@pytest.mark.parametrize(("format_", "subtype"), [("", "png"), ("jpeg", "jpeg")])
def test_an_image_is_part_of_the_text(api_job, format_, subtype):
    job = api_job()
    (job.root / "task/a.png").write_bytes(b"\x89PNG")
    text = value(job, f"rst.get_imageblock('a.png', {format_!r})")
    assert text.startswith('\n\n.. raw:: html\n\n\t<img src="data:image/' + subtype + ";base64,")
    assert base64.b64encode(b"\x89PNG").decode() in text


# ---- lang -------------------------------------------------------------------------------------


def catalogue(translations: dict[str, str]) -> bytes:
    """A gettext .mo file: header, two tables of (length, offset), texts each ended by NUL."""
    entries = [("", "Content-Type: text/plain; charset=UTF-8\n"), *sorted(translations.items())]
    start = 28 + 16 * len(entries)
    tables, texts = [b"", b""], b""
    for side in (0, 1):
        for entry in entries:
            text = entry[side].encode()
            tables[side] += struct.pack("<II", len(text), start + len(texts))
            texts += text + b"\0"
    header = (0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, start)
    return struct.pack("<7I", *header) + b"".join(tables) + texts


def test_translations_are_installed(api_job):
    job = api_job(**{"@lang": "fr"})
    path = job.root / "task/lang/fr/LC_MESSAGES/messages.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(catalogue({"Hello": "Bonjour"}))
    assert job.python(f"{IMPORTS}lang.init()\nprint(_('Hello'), _('other'))") == "Bonjour other\n"
    assert job.python(f"{IMPORTS}print(lang.get_lang_dir_path())") == f"{job.root}/task/lang\n"


def test_without_translations_texts_stay_as_they_are(api_job):
    assert api_job().python(f"{IMPORTS}lang.init()\nprint(_('Hello'))") == "Hello\n"


def test_an_existing_translation_function_is_kept(api_job):
    code = f"{IMPORTS}import builtins\nbuiltins._ = str.upper\nlang.init()\nprint(_('a'))"
    assert api_job().python(code) == "A\n"
