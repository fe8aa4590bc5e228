"""Texts that were written to stall or to fill whoever formats them, and what they hold back."""

from __future__ import annotations

import datetime as dt
import os
import resource
import signal

import pytest

from inginious_nb.render import plain_text as as_plain_text
from inginious_nb.render import process, render_html, render_inline, render_rst

NOW = dt.datetime.fromisoformat("2026-11-24 12:00")
NOTE = "could not be formatted within the limits"


def nested_substitutions(levels: int, width: int) -> str:
    lines = [f".. |a0| replace:: {'x' * 10}"]
    lines += [f".. |a{n}| replace:: {' '.join([f'|a{n - 1}|'] * width)}" for n in range(1, levels)]
    return "\n".join([*lines, "", f"|a{levels - 1}| the end"])


BOMBS = {
    "substitutions": nested_substitutions(8, 8),
    "indented lists": "".join(
        f"{'  ' * (n % 40)}* item *{n}* ``code`` `x_`\n\n" for n in range(9000)
    ),
    "a wide table": "\n".join(["=== " * 300, *["a*b " * 300] * 300, "=== " * 300]),
    "definitions": "".join(f"term{n}\n  definition *{n}* |x| `y`_\n" for n in range(12_000)),
    "footnotes": " ".join("[#]_" for _ in range(6_000)) + "\n\n" + ".. [#] x\n" * 6_000,
}


@pytest.fixture(autouse=True)
def _new_process():
    process.formatter.cache_clear()
    yield
    process.formatter().close()
    process.formatter.cache_clear()


@pytest.fixture
def little_time(monkeypatch):
    """Let a process end after a second of work, which may be spent with the first text."""
    monkeypatch.setattr(process, "MAX_CPU_S", 1)


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
@pytest.mark.usefixtures("little_time")
def test_a_text_that_takes_too_much_is_shown_as_it_is(text):
    rendered = render_rst(text)
    if not rendered.formatted:
        assert NOTE in rendered
        assert text.strip()[-20:].replace("&", "&amp;") in rendered
    assert len(rendered) < 10_000_000
    assert render_rst("*still here*") == "<p><em>still here</em></p>\n"


@pytest.mark.usefixtures("little_time")
def test_growing_substitutions_are_past_the_limits():
    assert not render_rst(BOMBS["substitutions"]).formatted


@pytest.mark.usefixtures("little_time")
def test_a_text_that_took_too_long_does_so_once(monkeypatch):
    render_rst(BOMBS["substitutions"])
    monkeypatch.setattr(process.FormattingProcess, "ask", lambda *_: pytest.fail("asked again"))
    assert NOTE in render_rst(BOMBS["substitutions"])


@pytest.mark.usefixtures("little_time")
def test_plain_text_has_the_same_limits():
    assert "the end" in as_plain_text(BOMBS["substitutions"], limit_chars=100_000)


def test_the_process_may_die_at_any_time():
    formatter = process.formatter()
    assert "<em>a</em>" in render_rst("*a*")
    os.kill(formatter._process._child.pid, signal.SIGKILL)
    formatter._process._child.wait()
    assert "<em>b</em>" in render_rst("*b*")


def test_without_a_process_texts_are_shown_as_they_are(monkeypatch):
    monkeypatch.setattr(process.sys, "executable", "/nowhere/python")
    rendered = render_rst("*a* <b>")
    assert rendered.startswith("<pre>*a* &lt;b&gt;</pre>")
    assert not rendered.formatted
    assert render_html("<script>alert(1)</script>").count("<script") == 0
    assert as_plain_text("*a*\x1b[2J") == "*a*[2J"


def test_a_forked_child_has_a_process_of_its_own():
    render_rst("*a*")
    own = process.formatter()._process._child.pid
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, render_inline("*b*").encode())
            process.formatter().close()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        assert told.read() == b"<em>b</em>"
    os.waitpid(pid, 0)
    assert render_rst("*c*") == "<p><em>c</em></p>\n"
    assert process.formatter()._process._child.pid == own


def test_one_process_formats_many_texts_for_a_large_kernel():
    held = b"x" * (400 * 1024 * 1024)
    render_rst("*first*")
    first = process.formatter()._process._child
    del held
    render_rst("*second*")
    assert first is not None
    assert process.formatter()._process._child is first


def test_nothing_is_left_when_it_is_closed():
    render_rst("*a*")
    child = process.formatter()._process._child
    process.formatter().close()
    assert child.poll() is not None


# What makes docutils give up, or the process end, while something is held back.
UNFORMATTABLE = {
    "as long as a book": "a line\n" * 60_000,
    "intricate": " *a" * 30_000,
    "deep": "".join(" " * depth + "* a\n\n" for depth in range(300)),
}
HELD_BACK = {
    "a block": ".. hidden-until:: 2030-01-01\n\n   SOLUTION\n\n   SOLUTION\n",
    "a tab": ".. hidden-until:: 2030-01-01\n\n\tSOLUTION\n",
    "capitals": ".. Hidden-Until:: 2030-01-01\n\n   SOLUTION\n",
    "a space": ".. hidden-until :: 2030-01-01\n\n   SOLUTION\n",
    "no date": ".. hidden-until:: soon\n   SOLUTION\n",
    "in a list": "* .. hidden-until:: 2030-01-01\n\n     SOLUTION\n",
    "in a quotation": "   .. hidden-until:: 2030-01-01\n\n      SOLUTION\n",
    "in a table": (
        "+---------------------------------+\n| .. hidden-until:: 2030-01-01    |\n"
        "|                                 |\n|    SOLUTION                     |\n"
        "+---------------------------------+\n"
    ),
    "a second one": (
        ".. hidden-until:: 2020-01-01\n\n   shown\n\n.. hidden-until:: 2030-01-01\n\n   SOLUTION\n"
    ),
}


@pytest.mark.parametrize("secret", HELD_BACK.values(), ids=HELD_BACK)
@pytest.mark.parametrize("text", UNFORMATTABLE.values(), ids=UNFORMATTABLE)
def test_what_is_held_back_stays_back_where_formatting_fails(text, secret):
    check_that_it_is_held_back(secret, text)


@pytest.mark.parametrize("secret", ["a block", "in a table"])
@pytest.mark.usefixtures("little_time")
def test_what_is_held_back_stays_back_where_the_process_ends(secret):
    check_that_it_is_held_back(HELD_BACK[secret], BOMBS["substitutions"])


def check_that_it_is_held_back(secret, text):
    whole = f"Before\n\n{secret}\n\n{text}"
    assert "SOLUTION" not in render_rst(whole, now=NOW)
    assert "SOLUTION" not in as_plain_text(whole, now=NOW, limit_chars=10**6)
    assert "Before" in render_rst(whole, now=NOW)


@pytest.mark.parametrize("secret", HELD_BACK.values(), ids=HELD_BACK)
def test_what_is_held_back_stays_back_without_a_process(monkeypatch, secret):
    monkeypatch.setattr(process.sys, "executable", "/nowhere/python")
    assert "SOLUTION" not in render_rst(secret, now=NOW)
    assert "SOLUTION" not in as_plain_text(secret, now=NOW)


def test_it_is_shown_as_written_once_its_date_has_come(monkeypatch):
    monkeypatch.setattr(process.sys, "executable", "/nowhere/python")
    assert "SOLUTION" in render_rst(HELD_BACK["a block"], now=NOW.replace(year=2031))


def test_a_text_is_formatted_under_limits_of_memory_and_time():
    render_rst("*a*")
    child = process.formatter()._process._child
    soft, _ = resource.prlimit(child.pid, resource.RLIMIT_AS)
    assert soft <= process.MAX_MEMORY_BYTES
    soft, _ = resource.prlimit(child.pid, resource.RLIMIT_CPU)
    assert 0 < soft < 60
