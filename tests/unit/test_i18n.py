"""The catalogues of Python and the front end: complete in every language, and all of it in use."""

from __future__ import annotations

import ast
import json
import pickle
import re
import string
from dataclasses import astuple
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from inginious_nb import errors, i18n
from inginious_nb.client.results import JobResult
from inginious_nb.errors import AnswerError
from inginious_nb.frontend import serialize
from inginious_nb.grader.agents.mcq_texts import standard_texts
from inginious_nb.i18n import Message, Words
from inginious_nb.magics.commands import inginious
from inginious_nb.magics.commands.submissions import feedback_text
from tests import catalogues
from tests.support.french import typewriter_signs

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "inginious_nb"
ENGLISH = catalogues.english()
FRENCH = catalogues.read(next(path for path in catalogues.paths() if path.parents[1].name == "fr"))
MESSAGES = [message for message in FRENCH if message.id]


def forms(entry):
    """The forms of a text: itself, or those by a count."""
    return [entry] if isinstance(entry, str) else list(entry)


def named():
    """All words by their name, each with its forms."""
    return dict(catalogues.words(ENGLISH))


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def python_files():
    return [
        path
        for path in PACKAGE.rglob("*.py")
        if "grading_api" not in path.relative_to(PACKAGE).parts
    ]


def calls():
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                function = node.func
                called = function.attr if isinstance(function, ast.Attribute) else ""
                called = function.id if isinstance(function, ast.Name) else called
                yield f"{path.relative_to(ROOT)}:{node.lineno}", called, node


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def said():
    """Each message that the code says: where, its forms in English, its parameters."""
    for place, called, node in calls():
        texts = [literal(argument) for argument in node.args]
        # `Problem.refuse` takes what a message takes; a submission is refused with an error.
        if called in ("Message", "plural") or (
            called == "refuse" and texts[:1] not in ([], [None])
        ):
            keywords = {word.arg for word in node.keywords}
            if None in keywords:
                continue  # passed on by `refuse`, by `plural` and by the history
            assert None not in texts, f"{place} makes a message of something else than a literal"
            yield place, texts, keywords


NOT_FOR_STUDENTS = {
    "cli": "the command line speaks English",
    "client": "a program calls it",
    "grader": "what its commands say to whoever runs them",
    "messages": "for whoever maintains a peer",
    "course/yaml_file.py": "what is wrong in the files of a course is for its author",
}
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.InginiousError)
}


def test_no_refusal_is_said_in_english_only():
    for place, called, node in calls():
        path = place.removeprefix("inginious_nb/").partition(":")[0]
        if called in ERRORS and not any(path.startswith(part) for part in NOT_FOR_STUDENTS):
            assert not isinstance(node.args[0], (ast.Constant, ast.JoinedStr)), place


def test_french_says_of_a_submission_what_can_be_said_of_a_submission():
    # Beside `Terminée`, which says it of the submission, a result is a noun.
    words = [message.string for message in MESSAGES if ".results." in (message.context or "")]
    assert words
    assert not [word for word in words if re.search(r"é(e|s)?$|planté|dépassée?\b", word)]
    for message in MESSAGES:
        for form in forms(message.string):
            assert not any(old in form for old in ("VALEUR", "vos travaux", "-la là", "saisi ici"))


def test_every_message_is_translated_and_no_other():
    def identities(catalogue):
        return {(message.context, message.id) for message in catalogue if message.id}

    assert identities(FRENCH) == identities(catalogues.extracted())
    assert [message.id for message in MESSAGES if not all(forms(message.string))] == []


def test_the_compiled_catalogues_are_those_of_the_sources():
    for path in catalogues.paths():
        catalogue = catalogues.read(path)
        assert path.with_suffix(".mo").read_bytes() == catalogues.compiled(catalogue)
        for name, words in catalogues.for_front_end(catalogue).items():
            assert json.loads((catalogues.FRONT_END / name).read_text()) == words


def test_the_parameters_of_a_message_are_those_it_is_given():
    for place, texts, given in said():
        for form in texts:
            assert holes(form) <= given, place
        assert set().union(*map(holes, texts)) | ({"n"} if len(texts) > 1 else set()) == given, (
            place
        )


def test_the_parameters_of_translations_are_those_of_the_english():
    for message in MESSAGES:
        english, french = forms(message.id), forms(message.string)
        known = set().union(*map(holes, english))
        for form in french:
            assert holes(form) <= known, english
        assert holes(french[-1]) == holes(english[-1]), english
        for form in (english[-1], french[-1]):
            assert form.startswith(" ") == english[-1].startswith(" "), english


def test_no_message_shows_how_python_writes_a_value():
    for text in (form for m in MESSAGES for form in (*forms(m.id), *forms(m.string))):
        assert not [one for _, _, _, one in string.Formatter().parse(text) if one], text
    for place, called, node in calls():
        if called in ("Message", "plural"):
            for part in ast.walk(node):
                assert getattr(part, "conversion", -1) == -1, place


def test_french_has_one_word_for_a_task_and_for_a_notebook():
    texts = [form for message in MESSAGES for form in forms(message.string)]
    assert [text for text in texts if re.search(r"exercice|carnet", text, re.IGNORECASE)] == []


def french_texts():
    """All texts in French that people read: where, and the text."""
    for path in [*catalogues.paths(), *(ROOT / "notebooks").rglob("*.po")]:
        if path.stem == "fr" or "fr" in path.parts:
            with path.open("rb") as file:
                for message in read_po(file, locale="fr"):
                    yield from ((path, form) for form in forms(message.string) if message.id)
    for path in (ROOT / "notebooks").rglob("*.fr.tpl"):
        yield path, path.read_text()
    for path in (ROOT / "js" / "i18n").glob("*fr.json"):
        yield from ((path, text) for text in strings(json.loads(path.read_text())))
    yield from (("mcq", text) for text in astuple(standard_texts("fr")))


def strings(value):
    """All strings of a JSON value."""
    if isinstance(value, str):
        return [value]
    return [text for inner in value.values() for text in strings(inner)]


def test_french_is_set_as_french_is():
    found = [(path, signs) for path, text in french_texts() if (signs := typewriter_signs(text))]
    assert found == []


def test_the_front_end_uses_every_word_and_fills_it_in():
    scripts = [*(ROOT / "js").rglob("*.ts"), *(ROOT / "js").rglob("*.tsx")]
    sources = [path.read_text() for path in scripts if "tests" not in path.relative_to(ROOT).parts]
    everything = "\n".join(sources)
    frontend = PACKAGE / "frontend"
    snapshot = "".join(
        path.read_text()
        for path in (frontend / "snapshot.py", frontend / "templates/snapshot.html")
    )
    every_form = {
        name: entry if isinstance(entry, str) else "".join(map(str, entry.values()))
        for name, entry in ENGLISH["widget"].items()
    }
    for name, _ in catalogues.words(ENGLISH["widget"]):
        top = name.partition(".")[0]
        assert re.search(rf"\bt\.{top}\b", everything) or f'"{top}"' in snapshot, name
        for filled in re.finditer(rf"(say\(\s*)?(?:language\.)?\bt\.{top}\b(?!\.)", everything):
            assert bool(filled[1]) == bool(holes(every_form[top])), filled[0]
    widget = dict(catalogues.words(ENGLISH["widget"]))
    for use in re.finditer(
        r"say\(\s*(?:language\.)?t\.(\w+), \{(.*?)\},?\s*\)", everything, re.DOTALL
    ):
        given = set(re.findall(r"(?:^|,)\s*(\w+)(?=[:,\s]|$)", use[2]))
        assert holes(forms(widget[use[1]])[-1]) <= given | {"value"}, use[0]


def test_the_plugins_use_every_word_of_theirs():
    sources = "\n".join(path.read_text() for path in (ROOT / "js" / "lab").rglob("*.ts*"))
    for name in ENGLISH["lab"]:
        assert re.search(rf"\blab\.{name}\b|\b{name}\b[^;]*\}} = lab;", sources), name


def test_python_asks_for_words_that_there_are():
    known = {name.partition(".")[2] for name in named()}
    groups = {name.rpartition(".")[0] for name in known}
    for place, called, node in calls():
        name = literal(node.args[0]) if node.args else None
        if called in ("words", "_words", "_own") and name and not re.search(r"\s", name):
            assert name in known, place
        if called == "named":
            assert name in groups, place


def test_the_bundle_has_what_the_front_end_says_and_nothing_else():
    bundle = (PACKAGE / "static" / "widget.js").read_text()
    assert FRENCH.get("Submit", "widget.submit").string in bundle
    others = [
        form
        for message in MESSAGES
        if not (message.context or "").startswith("widget.")
        for form in (*forms(message.id), *forms(message.string))
    ]
    assert max(filter(str.isascii, others), key=len) not in bundle


def test_every_command_is_explained_in_every_language():
    known = {message.id for message in MESSAGES}
    for command in inginious.commands.values():
        texts = [command.get_short_help_str(90)]
        texts += [" ".join(paragraph.split()) for paragraph in command.help.split("\n\n")]
        params = command.get_params(click.Context(command, help_option_names=["--help"]))
        texts += [param.help for param in params if isinstance(param, click.Option)]
        assert set(texts) <= known, command.name


# ---- how it works ----------------------------------------------------------------------------


def test_a_sentence_is_english_and_can_be_said_in_french():
    place = Message.plural("cell {numbers}", "cells {numbers}", n=1, numbers="4")
    sentence = Message("{place}: {first_line}", place=place, first_line="def f(x):")
    assert sentence == "cell 4: def f(x):"
    assert sentence.in_language("fr-BE") == "cellule 4\u00a0: def f(x):"
    assert sentence.in_language("nl") == sentence
    error = AnswerError(sentence)
    assert (str(error), error.in_language("fr")) == (sentence, sentence.in_language("fr"))


def test_what_is_filled_in_is_never_looked_into():
    text = Message("cannot be used: {error}", error="{0.__class__} {error}")
    assert text.in_language("fr").endswith("{0.__class__} {error}")


@pytest.mark.parametrize(
    ("n", "english", "french"),
    [
        (0, "0 attempts", "0 tentative"),
        (1, "1 attempt", "1 tentative"),
        (2, "2 attempts", "2 tentatives"),
        (1.5, "1.5 attempts", "1.5 tentative"),
    ],
)
def test_counts_are_said_as_each_language_counts(n, english, french):
    assert Words("widget", "en")("attempts", n=n) == english
    assert Words("widget", "fr")("attempts", n=n) == french


def test_an_exact_count_may_have_words_of_its_own():
    assert Words("widget", "fr")("atMostBefore", n=0) == "la prochaine"


def test_numbers_are_written_as_each_language_does():
    size = Message(
        "the file {name} has {size:,} bytes; at most {limit:,} bytes are accepted.",
        name="a, b",
        size=1_234_567,
        limit=1000,
    )
    assert "1,234,567 bytes" in size
    assert "1\u202f234\u202f567 octets" in size.in_language("fr")
    assert "a, b" in size.in_language("fr")
    assert (i18n.number(87.5, "en"), i18n.number(87.5, "fr")) == ("87.5", "87,5")


def test_a_sentence_survives_a_file_and_a_pickle():
    place = Message.plural("cell", "cells", n=2)
    path = Message("There is no folder {path}; give the folder of a course.", path=Path("/a"))
    for text in (Message("{place} (empty)", place=place), path, "only {this}"):
        for again in (i18n.from_kept(i18n.kept(text)), pickle.loads(pickle.dumps(text))):
            assert again == text
            assert i18n.in_language(again, "fr") == i18n.in_language(text, "fr")


@pytest.mark.parametrize(
    "kept",
    [
        ["{a.__class__.__init__.__globals__}", {"a": 1}],
        ["{a[0]}", {"a": "secret"}],
        ["{a:>999999999}", {"a": "x"}],
        ["{a!r:{b}}", {"a": "x", "b": 9}],
        ["{missing}", {}],
        ["{", {}],
        ["{0}", {}],
        # Known sentences whose translations count, without a count or with a text for one.
        ["cells {numbers}", {"numbers": "4"}],
        ["cells {numbers}", {"numbers": "4", "n": "four"}],
        ["cells", {"one": "{n.real}", "n": 1}],
        ["cells", "no parameters"],
        ["cells"],
        [],
        [7, {}],
        [["cells"], {}],
    ],
)
def test_what_a_history_has_as_a_sentence_is_never_obeyed_and_ends_nothing(kept):
    text = i18n.from_kept(kept)
    assert isinstance(text, str)
    assert text in ("", "cells", "cells 4", kept and kept[0], str(kept and kept[0]))
    for lang in i18n.LANGUAGES:
        assert len(i18n.in_language(text, lang)) < 100


def test_what_only_looks_like_ours_is_left_alone(session):
    feedback = JobResult(("failed", "network"), 0.0, {"text": ("failed", "environment variables")})
    task = session.task("lab/echo")
    shown = serialize.result_info(task, feedback, submission_id="s", number=1, at=None, lang="fr")
    assert "network" in shown["feedback"]["html"]
    assert "environment variables" in shown["problems"]["text"]["feedback"]["html"]
    assert feedback_text(feedback, "fr").startswith("network\n")
    assert i18n.in_language("network", "fr") == "network"


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({"LANG": "fr_BE.UTF-8"}, "fr"),
        ({"LANGUAGE": "fr:en", "LANG": "en_US.UTF-8"}, "fr"),
        ({"LC_ALL": "de_DE", "LANG": "fr_FR"}, "de"),
        ({"LC_ALL": "", "LANG": "C.UTF-8"}, "en"),
    ],
)
def test_the_systems_language_is_read_as_gettext_does(environ, lang):
    assert i18n.system_language(environ) == lang
