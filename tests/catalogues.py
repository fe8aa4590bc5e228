"""The gettext catalogues: `make catalogues` extracts, updates and compiles them with Babel.

In Python messages are `Message("…")`, `Message.plural("…", "…")`, `problem.refuse("…")` and
`marked("…")`, and all that the help of the command line says; short words are in
``i18n/words.json``, each with its name as the context. Those of the view of a class are in a file
of their own, since few pages load it. Those of JupyterLab's settings page are in the schema of the
settings.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from inginious_nb.cli.main import main as command_line
from inginious_nb.notebook.grammar.command_group import paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[1] / "inginious_nb"
LOCALE = PACKAGE / "i18n" / "locale"
WORDS = PACKAGE / "i18n" / "words.json"
FRONT_END = PACKAGE.parent / "js" / "i18n"
MORE_WORDS = ("class", "sign_in", "guidance", "statement")
"""Parts of the front end that are loaded on demand, whose words are files of their own."""
SCHEMA = FRONT_END.parent / "lab" / "schema" / "service.json"
SETTINGS = "settings"
CALLS = ("Message", "plural", "refuse", "marked")
DOMAIN = "inginious_nb"
HOLDER = "The inginious_nb developers"


def words(entry: Any, name: str = "") -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Yield the context and the text, or the forms of one, of all words below an entry."""
    if isinstance(entry, str):
        yield name, entry
    elif "other" in entry:
        many = entry["other"]
        yield name, (entry.get("one", many), many)
        yield from ((f"{name}.{form}", text) for form, text in entry.items() if form.isdigit())
    else:
        for key, inner in entry.items():
            yield from words(inner, f"{name}.{key}" if name else key)


def said(source: str) -> Iterator[str | tuple[str, ...]]:
    """Yield the messages of a module, or the forms of one that counts.

    Babel's own extractor overlooks a call among the arguments of another.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            values = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            texts = [value for value in values if isinstance(value, str)]
            if called in CALLS and texts:
                yield tuple(texts) if called == "plural" else texts[0]


def extracted() -> Catalog:
    """Return all messages of the code, untranslated."""
    catalogue = Catalog(domain=DOMAIN, project=DOMAIN, copyright_holder=HOLDER)
    for path in sorted(PACKAGE.rglob("*.py")):
        # Scripts have words of their own.
        if not {"grading_api", "templates"} & set(path.relative_to(PACKAGE).parts):
            for message in said(path.read_text(encoding="utf-8")):
                catalogue.add(message)
    for text in of_command_line(command_line):
        catalogue.add(text)
    for context, text in words(english()):
        catalogue.add(text, context=context)
    for text in settings(json.loads(SCHEMA.read_text())):
        catalogue.add(text, context=SETTINGS)
    return catalogue


def of_command_line(command: click.Command) -> Iterator[str]:
    """Yield what the help of a command says: docstrings, and texts of options."""
    yield from paragraphs(command.help)
    for param in command.params:
        if isinstance(param, click.Option) and param.help:
            yield param.help
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from of_command_line(inner)


def english() -> dict[str, Any]:
    """Return the named words by section."""
    found: dict[str, Any] = json.loads(WORDS.read_text())
    for part in MORE_WORDS:
        found |= json.loads((FRONT_END / f"{part}.en.json").read_text())
    return found


def settings(schema: Any) -> Iterator[str]:
    """Yield the titles and descriptions of a schema, which JupyterLab shows."""
    entries = schema.items() if isinstance(schema, dict) else enumerate(schema)
    for key, value in entries:
        if key in ("title", "description") and isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            yield from settings(value)


def paths() -> list[Path]:
    """Return the catalogues that there are."""
    return sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def read(path: Path) -> Catalog:
    """Return the catalogue in a file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name)


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as gettext reads it."""
    content = io.BytesIO()
    write_mo(content, catalogue)
    return content.getvalue()


def for_front_end(catalogue: Catalog) -> dict[str, dict[str, Any]]:
    """Return the words of the front end in the language of a catalogue, by file."""

    def translated(entry: Any, name: str) -> Any:
        if isinstance(entry, dict) and "other" not in entry:
            return {key: translated(inner, f"{name}.{key}") for key, inner in entry.items()}
        if isinstance(entry, str):
            return catalogue.get(entry, name).string
        many = entry["other"]
        exact = {
            form: catalogue.get(text, f"{name}.{form}").string
            for form, text in entry.items()
            if form.isdigit()
        }
        one, other = catalogue.get((entry.get("one", many), many), name).string
        return {**exact, "one": one, "other": other}

    lang, found = str(catalogue.locale), english()
    files: dict[str, tuple[str, ...]] = {f"{lang}.json": ("widget", "lab")}
    for part in MORE_WORDS:
        files[f"{part}.{lang}.json"] = tuple(
            json.loads((FRONT_END / f"{part}.en.json").read_text())
        )
    shown = {
        text: catalogue.get(text, SETTINGS).string
        for text in settings(json.loads(SCHEMA.read_text()))
    }
    translations = {
        name: {section: translated(found[section], section) for section in sections}
        for name, sections in files.items()
    }
    translations[f"{lang}.json"][SETTINGS] = shown
    return translations


def written(words: dict[str, Any]) -> str:
    """Return the text of a file of words for the front end."""
    return json.dumps(words, ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Bring all catalogues up to date; say what is to be translated."""
    template = extracted()
    missing = 0
    for path in paths():
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, sort_output=True, omit_header=False)
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        for name, content in for_front_end(catalogue).items():
            (FRONT_END / name).write_text(written(content))
        for message in catalogue:
            if message.id and not all(message.string if message.pluralizable else [message.string]):
                missing += 1
                sys.stderr.write(f"{path}: {message.id!r} is not translated\n")
    sys.exit(min(missing, 1))


if __name__ == "__main__":
    main()
