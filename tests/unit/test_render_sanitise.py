"""Nothing that a grader writes runs, loads, or looks like a part of the page."""

from __future__ import annotations

import base64
import html
import json
import textwrap
from pathlib import Path

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inginious_nb.render import plain_text, render_html, render_inline, render_rst
from tests.support.html_rules import faults

CORPUS = json.loads((Path(__file__).parents[1] / "data" / "xss.json").read_text())


def as_raw(payload):
    return "Before\n\n.. raw:: html\n\n" + textwrap.indent(payload, "\t") + "\n\nafter the attack\n"


def as_directives(payload):
    line = " ".join(payload.split())
    return (
        f".. image:: {line}\n   :alt: {line}\n   :class: {line}\n\n"
        f".. admonition:: {line}\n   :class: {line}\n\n   {line}\n\n"
        f".. code-block:: {line}\n\n   {line}\n\n"
        f".. container:: {line}\n\n   {line}\n\n"
        f"`{line} <{line}>`_ ``{line}`` :math:`{line}` |{line}|\n\n"
        f".. _{line}:\n\n.. math::\n\n   \\text{{{line}}}\n\n"
        f".. figure:: {line}\n   :target: {line}\n\n   {line}\n\nafter the attack\n"
    )


@pytest.mark.parametrize("payload", CORPUS)
def test_attacks_as_html(payload):
    assert faults(render_html(payload)) == []


@pytest.mark.parametrize("payload", CORPUS)
def test_attacks_in_a_raw_directive_hide_nothing(payload):
    rendered = render_rst(as_raw(payload))
    assert faults(rendered) == []
    assert "<p>after the attack</p>" in rendered


@pytest.mark.parametrize("payload", CORPUS)
def test_attacks_in_every_place_of_a_text(payload):
    rendered = render_rst(as_directives(payload))
    assert faults(rendered) == []
    assert "after the attack" in rendered


@pytest.mark.parametrize("payload", CORPUS)
def test_attacks_in_a_formula(payload):
    written = html.escape(payload)
    texts = [rf'<span class="math">\({text}\)</span>' for text in (payload, written)]
    texts.append(rf'<div class="math">\[\text{{{written}}}\]</div>')
    assert faults(render_html("".join(texts))) == []


@pytest.mark.parametrize("payload", CORPUS)
def test_attacks_in_a_choice(payload):
    assert faults(render_inline(payload)) == []


# Values that look like the markup around them: whoever edits HTML as text reads them wrongly.
LOOKS_LIKE_MARKUP = [
    "x src=",
    'x" src="y',
    "<img src=",
    '<img src="x"',
    ' href="',
    "<h1",
    "<section",
    "</a><a href=",
    "&quot; onerror=&quot;alert(1)",
    "inginious0x0x",
]
ADDRESSES = [
    'http://x/" src="x" onerror="alert(1)',
    "http://x/' onerror='alert(1)",
    "https://x/<img src=x onerror=alert(1)>",
    'http://x/?"><script>alert(1)</script>',
    'missing.png" onerror="alert(1)',
    "https://x/`onerror=alert(1)`",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("text", LOOKS_LIKE_MARKUP)
def test_values_that_look_like_markup(address, text):
    escaped = html.escape(address), html.escape(text)
    for whole in (
        f".. image:: {address}\n   :alt: {text}\n",
        f".. figure:: {address}\n   :alt: {text}\n   :target: {address}\n\n   {text}\n",
        f"`{text} <{address}>`_",
        as_raw(f'<img src="{escaped[0]}" alt="{escaped[1]}">'),
        as_raw(f'<img alt="{escaped[1]}" title="{escaped[1]}" src="{escaped[0]}">'),
        as_raw(f'<a href="{escaped[0]}" title="{escaped[1]}"><img src="{escaped[0]}">x</a>'),
        as_raw(f'<h1 title="{escaped[1]}">x</h1><section title="{escaped[1]}">y</section>'),
    ):
        assert faults(render_rst(whole)) == []
        assert faults(render_html(whole)) == []


def test_a_remote_picture_within_a_link_is_no_second_link():
    rendered = render_html('<a href="https://a/"><img src="https://b/c.png" alt="tree"></a>')
    assert rendered.count("<a") == 1
    assert '<span class="inginious-missing-image">tree</span>' in rendered


def test_the_sanitiser_that_is_installed_escapes_attributes():
    # Versions before 0.3.4 leave < as it is, which is enough for a script.
    assert nh3.clean('<p title="<b>">x</p>', attributes={"p": {"title"}}) == (
        '<p title="&lt;b&gt;">x</p>'
    )


@given(st.lists(st.sampled_from(CORPUS), min_size=2, max_size=4), st.randoms())
def test_pieces_of_attacks(payloads, random):
    pieces = "".join(payloads).split(" ")
    random.shuffle(pieces)
    assert faults(render_html(" ".join(pieces))) == []


@given(st.text(max_size=200))
def test_any_text_is_safe(text):
    assert faults(render_rst(text)) == []
    assert faults(render_html(text)) == []


@pytest.mark.parametrize(
    ("rst", "secret"),
    [
        (".. include:: {path}", "s3cret"),
        (".. literalinclude:: {path}", "s3cret"),
        (".. raw:: html\n   :file: {path}", "s3cret"),
        (".. raw:: html\n   :url: file://{path}", "s3cret"),
        (".. csv-table::\n   :file: {path}", "s3cret"),
        (".. image:: {path}\n   :loading: embed", "s3cret"),
        (".. image:: file://{path}\n   :loading: embed", "s3cret"),
        (".. image:: {path}\n   :scale: 50", "s3cret"),
        (".. code-block:: text\n   :file: {path}", "s3cret"),
    ],
)
def test_no_file_is_read_that_a_text_names(tmp_path, rst, secret):
    path = tmp_path / "x.svg"
    path.write_text(f"<svg>{secret}</svg>")
    rendered = render_rst(rst.format(path=path))
    assert secret not in rendered
    assert base64.b64encode(secret.encode()).decode()[:6] not in rendered


def test_configuration_files_change_nothing(tmp_path, monkeypatch):
    (tmp_path / "docutils.conf").write_text("[general]\nfile_insertion_enabled: yes\n")
    (tmp_path / "x.txt").write_text("s3cret")
    monkeypatch.chdir(tmp_path)
    assert "s3cret" not in render_rst(".. include:: x.txt")


def test_a_text_cannot_change_how_others_are_rendered():
    before = render_rst(":math:`x` and `y`")
    render_rst(".. role:: math(raw)\n   :format: html\n\n.. default-role:: math\n\n:math:`<b>`")
    assert render_rst(":math:`x` and `y`") == before


def test_pictures_in_the_text_are_shown():
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 1000
    rendered = render_rst(f".. raw:: html\n\n\t<img src='{picture}' alt='A tree'>")
    assert f'src="{picture}"' in rendered
    assert 'alt="A tree"' in rendered
    assert f'src="{picture}"' in render_html(f'<img src="{picture}">')
    assert f'src="{picture}"' in render_rst(f".. image:: {picture}")


def test_a_picture_broken_over_lines_is_shown():
    rendered = render_html('<img src="data:image/png;base64,AAAA\n  BBBB">')
    assert 'src="data:image/png;base64,AAAABBBB"' in rendered


def test_a_picture_in_running_text_stays_text():
    picture = "data:image/png;base64," + "A" * 5000
    rendered = render_html(f"<p>See {picture} there</p>")
    assert "<img" not in rendered
    assert "See data:image/png;base64,… there" in rendered


def test_pictures_have_a_budget():
    one = "data:image/png;base64," + "A" * 9_000_000
    rendered = render_html(f'<img src="{one}1"><img src="{one}2"><img src="{one}3" alt="third">')
    assert rendered.count("<img") == 2
    assert "third" in rendered


def test_a_refused_picture_leaves_its_description():
    rendered = render_html('<img src="x.png" alt="A &amp; <b>">')
    assert rendered == '<span class="inginious-missing-image">A &amp; &lt;b&gt;</span>'


@pytest.mark.parametrize(("alt", "shown"), [("A <tree>", "A &lt;tree&gt;"), ("", None)])
def test_a_picture_elsewhere_on_the_web_becomes_a_link(alt, shown):
    address = 'https://example.org/x.png?a=1&amp;b="><script>'
    rendered = render_html(f"<p><img src='{address}' alt='{alt}'></p>")
    assert faults(rendered) == []
    assert 'target="_blank" href="https://example.org/x.png?a=1&amp;b=&quot;&gt;' in rendered
    assert (shown or "https://example.org/x.png?a=1") in rendered.partition(">")[2]
    assert "<img" not in rendered


def test_links_leave_the_notebook_in_a_tab_of_their_own():
    rendered = render_rst(
        "`Site <https://example.org/?a=1&b=2>`_ and `Mail <mailto:a@example.org>`_"
    )
    assert 'target="_blank" href="https://example.org/?a=1&amp;b=2"' in rendered
    assert "noopener" in rendered
    assert "mailto:a@example.org" in rendered


def test_text_that_shows_html_is_not_changed():
    shown = '<a href="https://example.org"> <section> <h1>'
    rendered = render_rst(f"``{shown}``")
    assert '&lt;a href="https://example.org"&gt; &lt;section&gt; &lt;h1&gt;' in rendered


def test_links_within_a_text_find_their_place():
    rendered = render_rst("Go_\n\n.. _go:\n\nhere [1]_\n\n.. [1] a note")
    assert 'href="#inginious-text-go"' in rendered
    assert 'id="inginious-text-go"' in rendered
    assert "_blank" not in rendered


def test_headings_fit_into_the_page_and_landmarks_are_gone():
    rst = "One\n===\n\nTwo\n---\n\n.. note:: n\n\n.. sidebar:: s\n\n   t\n\n.. contents::\n"
    rendered = render_rst(rst, heading_level=4)
    assert "<h4>One</h4>" in rendered
    assert "<h5>Two</h5>" in rendered
    page = render_html("<main><h1>a</h1><h6>b</h6></main><nav>c</nav>")
    assert page == "<div><h3>a</h3><h6>b</h6></div><div>c</div>"
    for landmark in ("<section", "<aside", "<nav", "<main", "<header", "<footer"):
        assert landmark not in rendered


@pytest.mark.parametrize(
    "html", ["<div>" * 100_000, "</div>" * 50_000 + "<b><i>" * 50_000, "<table><tr><td>" * 20_000]
)
def test_endless_nesting_is_shown_as_text(html):
    assert render_html(f"{html}x").startswith("<pre>&lt;")


def test_mathml_in_raw_html_is_kept():
    rendered = render_rst(".. raw:: html\n\n   <math><msup><mi>x</mi><mn>2</mn></msup></math>")
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in rendered


@pytest.mark.parametrize(
    "written",
    [
        r'<span class="math">\(a^2 &lt; b\)</span>',
        r'<div class="math">\[ a^2 &lt; b \]</div>',
        r'<div class="formula math">\begin{equation*}a^2 &lt; b\end{equation*}</div>',
    ],
)
def test_what_a_page_would_leave_to_mathjax_is_mathml(written):
    shown = render_html(written)
    assert 'alttext="a^2 &lt; b"' in shown
    assert "<msup>" in shown
    assert ("block" in shown) == ("<div" in written)


@pytest.mark.parametrize("tex", [r"\href{javascript:alert(1)}{x}", "<b>x</b>", "x" * 3000])
def test_a_formula_that_is_none_is_shown_as_it_was_written(tex):
    shown = render_html(rf'<span class="math">\({tex}\)</span>')
    assert shown == rf'<span class="math">\({tex}\)</span>'


def test_formulas_without_end_take_no_time():
    shown = render_html((r'<span class="math">\(' + "x" * 1900 + r"\)</span>") * 50)
    assert 0 < shown.count("<math") < 12
    assert shown.count('class="math"') + shown.count("<math") == 50


def test_lists_and_paragraphs_may_be_left_open():
    rendered = render_html("<ul>" + "<li>x" * 5_000 + "</ul>" + "<p>y" * 5_000)
    assert rendered.count("<li>") == rendered.count("<p>") == 5_000


@pytest.mark.parametrize("payload", CORPUS)
def test_plain_text_has_no_control_characters(payload):
    for text in (plain_text(payload, is_html=True), plain_text(as_raw(payload))):
        assert all(character == "\n" or character.isprintable() for character in text)
    assert "after the attack" in plain_text(as_raw(payload))
