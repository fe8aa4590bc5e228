"""Feedback in a terminal: the text, its structure, and nothing a terminal would obey."""

from __future__ import annotations

import pytest

from inginious_nb.render import plain_text


@pytest.mark.parametrize(
    ("rst", "text"),
    [
        ("*a* **b** ``c`` :math:`x^2`", "a b c x^2"),
        ("Title\n=====\n\ntext\nmore", "Title\n\ntext\nmore"),
        ("* a\n* b\n\n  c", "* a\n* b\n  c"),
        ("3. a\n4. b", "3. a\n4. b"),
        (".. code-block:: python\n\n\tdef f():\n\t    pass", "    def f():\n        pass"),
        (
            ".. admonition:: Next\n\t:class: alert alert-info\n\n\tDo *it*",
            "Next\n\nDo it",
        ),
        (".. warning:: Stop", "Warning\n\nStop"),
        (".. image:: a.png\n   :alt: A tree", "[picture: A tree]"),
        (".. raw:: html\n\n   <p>a &amp; <b>b</b></p><script>x()</script>", "a & b"),
        ("=== ===\na   b\n=== ===\nc   d\n=== ===", "a | b\nc | d"),
        ("term\n  its definition", "term\n\n    its definition"),
        (".. a comment\n\ntext", "text"),
        ("`Link <https://example.org>`_", "Link"),
        ("a :broken:`role` *here", "a :broken:`role` *here"),
        ("", ""),
    ],
)
def test_structure_survives(rst, text):
    assert plain_text(rst) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b &lt;c&gt;</p>", "a\nb <c>"),
        ("a<br>b<ul><li>c</li><li>d</li></ul>", "a\nbc\nd"),
        ("<style>p{}</style>x<script>y</script>", "x"),
    ],
)
def test_html_loses_its_tags(html, text):
    assert plain_text(html, is_html=True) == text


@pytest.mark.parametrize("is_html", [False, True])
def test_a_terminal_is_told_nothing(is_html):
    assert (
        plain_text("a\x1b]0;title\x07\x1b[31mb\x9b5mc\x08d", is_html=is_html)
        == "a]0;title[31mb5mcd"
    )


def test_long_texts_are_cut_visibly():
    text = plain_text("word\n" * 1000, limit_chars=100)
    assert text.startswith("word\nword\n")
    assert text.endswith("more characters follow.]")
    assert len(text) < 200
