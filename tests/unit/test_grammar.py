"""One grammar for all who read commands: IPython itself, cell discovery, the command line."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from inginious_nb.cli.main import main
from inginious_nb.errors import UsageError
from inginious_nb.i18n import speak_to
from inginious_nb.magics.answer_cells import AnswerCells
from inginious_nb.magics.commands import help_text, inginious
from inginious_nb.magics.host import Host
from inginious_nb.notebook.cells import Cell, find_answers, submitted_tasks
from inginious_nb.notebook.grammar import commands
from inginious_nb.notebook.grammar.arguments import split
from inginious_nb.notebook.grammar.command_group import LANGUAGE, call
from inginious_nb.notebook.grammar.commands import (
    DECLARED,
    FOR_TERMINALS,
    SECTIONS,
    declared,
    implemented,
    parse,
)
from inginious_nb.notebook.grammar.magic_lines import command_lines, split_cell
from inginious_nb.notebook.references import TaskName
from tests import catalogues
from tests.support.effort import calls

TABLE = json.loads((Path(__file__).parents[1] / "data" / "magic_lines.json").read_text())
FIB = TaskName("demo", "fib", ("fib",))
rows = pytest.mark.parametrize("row", TABLE, ids=[row["what"] for row in TABLE])


def as_rows(parsed):
    return [
        {"name": found.name, "reference": found.reference, "answers": dict(found.answers)}
        for found in parsed
        if found is not None
    ]


@pytest.fixture(scope="module")
def shell():
    """A shell that notes the lines that reach our magic, and the answer cells that it keeps."""
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.lines = []
    shell.register_magic_function(
        lambda line, cell=None: shell.lines.append(line), "line_cell", "inginious"
    )
    shell.answer_cells = AnswerCells(shell, Host(shell), lambda _reference: None)
    shell.answer_cells.install()
    shell.push({"r": {}, "key": str, "self": shell, "name": "demo/fib"})
    yield shell
    shell.answer_cells.remove()
    InteractiveShell.clear_instance()


@rows
def test_a_cell_gives_the_commands_of_the_table(row):
    assert as_rows(map(parse, command_lines(row["source"]))) == row["commands"]


@rows
def test_ipython_runs_the_commands_of_the_table(shell, row, capsys):
    shell.lines.clear()
    shell.run_cell(row["source"])
    if "only its run can tell" in row["what"]:
        assert shell.lines == ["open demo/fib"]
    elif "unfinished" not in row["what"]:
        assert as_rows(map(parse, shell.lines)) == row["commands"]


@rows
def test_the_head_of_a_cell_is_that_of_the_table(row):
    cell = split_cell(row["source"])
    assert cell.head == row["head"]
    assert cell.head + cell.body == row["source"]


@rows
def test_an_answer_is_found_kept_and_taken_for_an_answer_alike(shell, row, capsys):
    cell = Cell("", "code", row["source"])
    answers = any(command["name"] == "answer" for command in row["commands"])
    before = shell.answer_cells.of("")
    shell.run_cell(row["source"])
    kept = [read.cell.body for read in shell.answer_cells.of("") if read not in before]
    assert kept == ([cell.body] if answers else [])
    if answers:
        (found,) = find_answers([cell], FIB).values()
        assert found.text == cell.body


@rows
def test_the_command_line_submits_what_the_commands_of_the_table_name(row):
    opened = [c for c in row["commands"] if c["name"] in ("open", "submit")]
    expected = [(c["reference"] or "demo/fib", c["answers"]) for c in opened]
    assert submitted_tasks([Cell("", "code", row["source"])]) == expected


def test_a_new_option_with_a_value_needs_no_word_elsewhere(monkeypatch):
    submit = next(command for command in commands.DECLARED if command.name == "submit")
    monkeypatch.setattr(submit, "params", [*submit.params, click.Option(["--room"])])
    cell = Cell("", "code", "%%inginious submit --room B12 demo/fib\nx = 1")
    assert {p: a.text for p, a in find_answers([cell], FIB).items()} == {"fib": "x = 1"}
    assert submitted_tasks([Cell("", "code", "%inginious submit --room B12 demo/fib")]) == [
        ("demo/fib", {})
    ]


def test_each_function_takes_the_parameters_that_are_declared():
    for name, command in inginious.commands.items():
        function = inspect.unwrap(command.callback)
        context, *parameters = inspect.signature(function).parameters
        assert set(parameters) == {param.name for param in command.params}, name
        assert context == "context"


def test_a_command_of_the_other_kind_is_named_as_it_is_written_there():
    only_here = {str(command.name) for command in DECLARED}.difference(main.commands)
    assert set(main.commands).difference(command.name for command in DECLARED) == FOR_TERMINALS
    for group, names, written in (
        (declared(), FOR_TERMINALS, "inginious-nb {}"),
        (main, only_here, "%inginious {}"),
    ):
        for name in names:
            with pytest.raises(UsageError, match=written.format(name)):
                call(group, [name], None, prog_name="x")


def test_a_choice_that_is_missing_is_named_by_its_words():
    with pytest.raises(UsageError, match=r"course\|task is missing"):
        call(declared(), ["new"], None, prog_name="x")


def test_the_help_of_the_command_line_cuts_no_sentence():
    printed = CliRunner().invoke(main, ["--help"], terminal_width=60).output
    assert "..." not in printed.partition("To begin with:")[2]


def test_commands_are_listed_in_one_order_of_those_who_use_them():
    ordered = [name for _, names in SECTIONS for name in names]
    assert len(ordered) == len(set(ordered))
    assert {*main.commands, *(command.name for command in DECLARED)} == set(ordered)
    terminal = CliRunner().invoke(main, ["--help"], terminal_width=100).output
    for text, pattern, group in (
        (terminal, r"^  ([a-z]+)  ", main),
        (help_text(), r"^  %inginious ([a-z]+) ", declared()),
        (help_text(lang="fr"), r"^  %inginious ([a-z]+) ", declared()),
    ):
        listed = re.findall(pattern, text, re.MULTILINE)
        assert listed == [name for name in ordered if name in group.commands]
    assert "\nPour les enseignants" in help_text(lang="fr")


ENGLISH = re.compile(
    r"(?i)\b(?:the|of|and|with|where|which|what|is|are|was|to|by|for|not|default|required|show)\b"
)
SAME_IN_FRENCH = {"OPTIONS", "ARGS", "NOTEBOOK", "SITE", "PORT", "CSV", "HTML", "JSON"}


def helps(command, *path):
    """What ``--help`` says of a command and all below it."""
    context = click.Context(command, info_name=path[-1], help_option_names=["--help"])
    context.meta[LANGUAGE] = "fr"
    yield " ".join(path), context.get_help()
    for name, inner in getattr(command, "commands", {}).items():
        yield from helps(inner, *path, name)


@pytest.mark.parametrize("group", [main, declared()], ids=["inginious-nb", "%inginious"])
def test_the_help_of_every_command_is_all_in_french(group):
    seen = dict(helps(group, "x"))
    assert len(seen) > len(group.commands)
    french = {str(message.string) for message in catalogues.read(catalogues.paths()[0])}
    for path, text in seen.items():
        said = re.sub(
            r"[\w/.%*:-]*inginious[\w/.-]*|(?<!\w)--?[\w-]+|[a-z]+(?:-[a-z]+)+|\[[a-z|]+\]",
            "",
            text,
        )
        assert ENGLISH.findall(said) == [], path
        capitals = set(re.findall(r"\b[A-Z_-]{3,}\b", said)) - SAME_IN_FRENCH
        assert capitals <= french, path


def test_the_command_line_asks_the_system_for_the_language_before_it_shows_help():
    speak_to(lambda: "en")
    told = CliRunner().invoke(main, ["--help"], env={"LANGUAGE": "fr"}).output
    assert told.startswith("Usage\xa0:")
    assert "Pour les enseignants" in told


def test_a_command_without_a_function_is_noticed_at_once():
    functions = dict.fromkeys(declared().commands, print)
    functions.pop("open")
    with pytest.raises(LookupError, match="submit"):
        implemented(functions)


@given(st.text(alphabet=st.sampled_from("ab=\\'\"#; \t%inginous\n")) | st.text())
def test_any_text_is_split_or_refused_and_any_cell_is_read(text):
    try:
        words = split(text)
    except UsageError:
        assert parse(text) is None
    else:
        assert all(isinstance(word, str) for word in words)
    assert split_cell(text).head + split_cell(text).body == text
    assert all(isinstance(line, str) for line in command_lines(f"{text}%inginious open"))


def test_of_a_cell_full_of_data_each_line_is_looked_at_once():
    lines = 20_000
    data = "x = 'inginious'\n" * lines

    def read():
        assert list(command_lines(f"%inginious open demo/fib\n{data}")) == ["open demo/fib"]
        assert list(command_lines(f"%%inginious answer fib\n{data}")) == ["answer fib"]

    assert calls(read) < 3 * 2 * lines
