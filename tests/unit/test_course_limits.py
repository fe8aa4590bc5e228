"""No file of a course takes more than its share: it is refused before its values are made.

Each of these files ended the process, or kept it busy or in memory without end.
"""

from __future__ import annotations

import importlib
import struct

import pytest
import yaml

from inginious_nb.course import CourseLibrary, yaml_file, yaml_loader
from inginious_nb.course.folders import natural
from inginious_nb.errors import CourseError
from tests.support.effort import watchdog

TASK = "environment_type: mcq\nproblems: {q: {type: match, answer: x}}\n"
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)
)
WIDE_MERGES = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\n"
BOMBS = {
    "merge keys": (MERGES, "unfolds"),
    "merges of one mapping": (WIDE_MERGES + "b:\n" + "- {<<: *a}\n" * 500, "unfolds"),
    "brackets": ("a: " + "[" * 200_000, "100 deep"),
    "braces": ("a: " + "{" * 200_000, "100 deep"),
    "dashes": ("- " * 200_000, "100 deep"),
    "question marks": ("? " * 200_000, "100 deep"),
    "brackets of JSON": ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "100 deep"),
    "aliases one within another": (
        "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 5000)),
        "100 deep",
    ),
    "aliases side by side": (
        "a0: &a0 [x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 30)),
        "unfolds",
    ),
    "aliases of a long text": (f"a: &a {'x' * 1_000_000}\nb: [{'*a, ' * 1000}]\n", "unfolds"),
    "an alias of itself": ("a: &a [*a]\n", "unfolds without end"),
    "a merge of itself": ("a: &a {<<: *a}\n", "unfolds without end"),
    "an alias as a key of itself": ("&a\n? *a\n: x\n", "unfolds without end"),
    "values": ("- x\n" * 200_000, "unfolds"),
    "a tag that grows": (f"%TAG !e! {'x' * 100_000}\n---\n" + "- !e!a b\n" * 50_000, "tag"),
    "directives": (
        "".join(f"%TAG !{n}! x\n" for n in range(100_000)) + "---\na: b\n",
        "begin with",
    ),
    "a number of base 60": (f"a: 1{':59' * 300_000}\n", "line 1 .* cannot be read as int"),
    "a large file": ("#" * (33 << 20), "32 MiB"),
}


@pytest.fixture(params=["libyaml", "python"])
def parser(request, monkeypatch):
    """Have files parsed by libyaml, or without it."""
    if request.param == "python":
        with monkeypatch.context() as context:
            context.delattr(yaml, "CSafeLoader", raising=False)
            importlib.reload(yaml_loader)
            yield request.param
        importlib.reload(yaml_loader)
    else:
        yield request.param


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_means_too_much_costs_itself(tmp_path, parser, name):
    text, words = BOMBS[name]
    if parser == "python" and len(text) > 300_000:
        pytest.skip("takes its time, but not without end")
    file = tmp_path / "task.yaml"
    file.write_text(text)
    with watchdog(), pytest.raises(CourseError, match=words) as caught:
        yaml_file.read_yaml(file)
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("!!timestamp soon", "'soon' cannot be read as timestamp"),
        ("!!bool perhaps", "'perhaps' cannot be read as bool"),
        ("!!int ''", "'' cannot be read as int"),
        ("!!float pi", "'pi' cannot be read as float"),
        ("2026-02-30", "'2026-02-30' cannot be read as timestamp"),
        ("!!map x", "expected a mapping"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_line(tmp_path, value, words):
    (tmp_path / "task.yaml").write_text(f"name: x\nvalue: {value}\n")
    with pytest.raises(CourseError, match=words) as caught:
        yaml_file.read_yaml(tmp_path / "task.yaml")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "line",
    [
        f"weight: 1{'0' * 5000}",
        f"input_random: {10**9}",
        f"input_random: {'9' * 90}",
        f"submission_limit: {{amount: {'9' * 90}, period: 1}}",
        f"accessible: {'x' * 1_000_000}",
        f"environment_type: {'x' * 1_000_000}",
    ],
)
def test_a_field_that_is_too_large_costs_its_task(tmp_path, line):
    name = line.partition(":")[0]
    fields = "" if name == "environment_type" else "environment_type: mcq\n"
    for task in ("good", "bad"):
        (tmp_path / "c" / task).mkdir(parents=True)
        (tmp_path / "c" / task / "task.yaml").write_text(TASK)
    (tmp_path / "c" / "bad" / "task.yaml").write_text(f"{line}\n{fields}problems: {{}}\n")
    course = CourseLibrary([tmp_path]).course("c")
    assert (list(course.tasks), list(course.broken)) == (["good"], ["bad"])
    assert len(str(course.broken["bad"])) < 500


def test_keys_that_share_a_hash_value_do_not_slow_a_file_down(tmp_path):
    file = tmp_path / "task.yaml"
    file.write_text("".join(f"{n * (2**61 - 1)}: x\n" for n in range(1, 20_000)))
    mapping = yaml_file.read_mapping(file)
    assert len(mapping) == 19_999
    assert len({hash(key) for key in mapping}) > 19_900


def test_numbers_of_any_length_have_an_order():
    names = ["t10", "t9", f"t{'9' * 5000}", f"t1{'0' * 5000}", "t010", "ta", "t"]
    ordered = ["t", "t9", "t10", "t010", "t999", "t100", "ta"]
    assert [name[:4] for name in sorted(names, key=natural)] == ordered


def catalogue(count=1, keys=1, texts=1, header=b"", plural=b""):
    """A catalogue whose tables say what they like."""
    header = (
        b"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=%s;\n%s"
        % (
            plural or b"n",
            header,
        )
    )
    size = 28 + 16 * (count + 1)
    rows = struct.pack("<II", 0, size) + struct.pack("<II", keys, size) * count
    rows += struct.pack("<II", len(header), size) + struct.pack("<II", texts, size) * count
    start = struct.pack("<7I", 0x950412DE, 0, count + 1, 28, 28 + 8 * (count + 1), 0, 0)
    return start + rows + header + b"x" * max(keys, texts)


CATALOGUES = {
    "not one": (b"hello", "does not begin as one"),
    "empty": (b"", "does not begin as one"),
    "cut off": (catalogue(keys=3, texts=3)[:40], "damaged"),
    "tables that lie": (struct.pack("<7I", 0x950412DE, 0, 9, 2**31, 2**31, 0, 0), "damaged"),
    "entries without end": (
        struct.pack("<7I", 0x950412DE, 0, 2**32 - 1, 28, 28, 0, 0),
        "too many entries",
    ),
    "entries that overlap": (catalogue(count=50_000, keys=5, texts=200_000), "entries overlap"),
    "a long header": (catalogue(header=b"X: y\n" + b"z\n" * 1_000_000), "header is too long"),
    "a plural that divides by zero": (catalogue(plural=b"n/0"), "is not a translation"),
    "a plural without end": (
        catalogue(plural=b"(" * 500 + b"n" + b")" * 500),
        "is not a translation",
    ),
    "a charset of its own": (
        catalogue(keys=3, texts=3).replace(b"UTF-8", b"UTF-9"),
        "is not a translation",
    ),
}


@pytest.mark.parametrize("name", CATALOGUES)
def test_a_damaged_catalogue_leaves_the_texts_as_they_are(tmp_path, name, caplog):
    content, words = CATALOGUES[name]
    folder = tmp_path / "c" / "t"
    folder.mkdir(parents=True)
    (folder / "task.yaml").write_text(f"name: Hello\n{TASK}")
    (folder / "$i18n").mkdir()
    (folder / "$i18n" / "fr.mo").write_bytes(content)
    with watchdog():
        task = CourseLibrary([tmp_path]).task("c/t")
        assert task.translated("fr").name == "Hello"
    assert words in caplog.text
