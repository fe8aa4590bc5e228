"""What the documentation says is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import README, with_settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def pages():
    """The pages of the documentation, with their text."""
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))):
        yield str(page.relative_to(ROOT)), page.read_text()


def test_the_table_of_settings_is_that_of_the_code():
    assert README.read_text() == with_settings(README.read_text())


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_links_into_the_project_lead_somewhere(name):
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_commands_that_are_shown_exist():
    known = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    missing = {
        (name, target)
        for name, text in pages()
        for line in re.findall(r"`make ([a-z][a-z -]*)|^make ([a-z][a-z-]*)", text, re.MULTILINE)
        for target in "".join(line).split()
        if target not in known
    }
    assert missing == set()


def test_each_make_target_is_explained_to_contributors():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    listed = re.findall(r"^([a-z][a-z-]*):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [target for target in listed if f"`make {target}" not in text] == ["help"]


def test_files_that_are_cited_exist():
    cited = {
        (name, path)
        for name, text in pages()
        for path in re.findall(r"(?<![\w/.-])((?:inginious_nb|js|tests|docs)/[\w/.-]*\w/?)", text)
    }
    made = ("docs/_build/", "tests/browser/artifacts")
    missing = {
        (name, path)
        for name, path in cited
        if not (ROOT / path).exists() and not path.startswith(made)
    }
    assert missing == set()


def test_the_architecture_names_every_part():
    text = (ROOT / "docs" / "architecture.md").read_text()
    for path in (ROOT / "inginious_nb").iterdir():
        if path.name not in ("__init__.py", "__pycache__", "py.typed", "static", "labextension"):
            assert path.name in text, path.name


def test_the_task_of_the_teachers_guide_is_graded_as_it_says(tmp_path):
    blocks = re.findall(r"```(\w+)\n(.*?)```", (DOCS / "teaching.md").read_text(), re.DOTALL)
    course, task, record = (text for language, text in blocks if language == "yaml")
    (run,) = (text for language, text in blocks if language == "python" and "run_student" in text)
    folder = tmp_path / "python1" / "double"
    for name in ("student", "test"):
        (folder / name).mkdir(parents=True)
    (tmp_path / "python1" / "course.yaml").write_text(course)
    (folder / "task.yaml").write_text(task)
    (folder / "run").write_text(run)
    (folder / "student" / "answer.tpl").write_text("@@double@@\n")
    (folder / "test" / "right.test").write_text(record)
    done = subprocess.run(
        [sys.executable, "-m", "inginious_nb.cli", "test", str(tmp_path / "python1")],
        capture_output=True,
        text=True,
        check=False,
    )
    said = "1 recorded submission, 0 differ from the record.\n"
    assert (done.returncode, done.stdout) == (0, said)


def texts():
    """The tracked files that a person writes, with their text."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if Path(name).suffix in (".py", ".ts", ".tsx", ".md", ".toml", ".css", ".yml"):
            yield name, (ROOT / name).read_text()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git tells which files there are")
def test_no_document_is_cited_that_is_not_there():
    missing = {
        (name, cited)
        for name, text in texts()
        for cited in re.findall(r"[\w/.-]*[\w-]+\.md\b", text)
        if not any(
            (folder / cited.lstrip("/")).is_file() for folder in (ROOT, DOCS, (ROOT / name).parent)
        )
    }
    assert missing == set()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git tells which files there are")
def test_the_sections_of_the_protocol_that_are_cited_are_there():
    titles = re.findall(r"^## (.*)$", (DOCS / "protocol.md").read_text(), re.MULTILINE)
    for name, text in texts():
        flat = re.sub(r"\s+#? ?", " ", text)
        for cited in re.findall(r"docs/protocol\.md, (.{0,40})", flat):
            assert any(cited.startswith(title) for title in titles), (name, cited)


def test_modules_that_the_architecture_names_exist():
    drawing = (DOCS / "pictures" / "walk.svg").read_text()
    named = re.findall(r'class="module"[^>]*>([\w/.]+)<', drawing)
    named += re.findall(r"`([\w/.]+\.(?:py|tsx?))`", (DOCS / "architecture.md").read_text())
    known = [
        f"/{path.relative_to(ROOT)}{'/' if path.is_dir() else ''}"
        for folder in ("inginious_nb", "js")
        for path in (ROOT / folder).rglob("*")
    ]
    missing = [name for name in named if not any(path.endswith(f"/{name}") for path in known)]
    assert (missing, len(named) > 60) == ([], True)


def test_the_architecture_names_every_thread():
    text = (DOCS / "architecture.md").read_text()
    made = {
        name
        for path in (ROOT / "inginious_nb").rglob("*.py")
        for name in re.findall(
            r'(?:name=|thread_name_prefix=|IOThread\()"(inginious[^"]*)"', path.read_text()
        )
    }
    assert {name for name in made if f"`{name}`" not in text} == set()
    assert len(made) > 5
