"""reStructuredText as INGInious authors and the grading API write it becomes what they meant."""

from __future__ import annotations

import base64
import datetime as dt
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from docutils.core import publish_string

from inginious_nb.course import CourseLibrary
from inginious_nb.render import (
    Assets,
    plain_text,
    render_feedback,
    render_html,
    render_inline,
    render_rst,
)

NOW = dt.datetime.fromisoformat("2026-11-24 12:00")


def test_inline_markup():
    assert render_rst("*a* **b** ``c <d>``") == (
        '<p><em>a</em> <strong>b</strong> <code class="literal">c &lt;d&gt;</code></p>\n'
    )


def test_the_code_block_of_the_grading_api():
    rendered = render_rst("\n\n.. code-block:: python\n\n\tdef f():\n\t    return 1\n\n")
    assert '<pre class="code literal-block">' in rendered
    assert '<span class="k">def</span>' in rendered
    assert (
        '\n</span>    <span class="k">return' in rendered
    )  # the indentation of the student's code is kept


@pytest.mark.parametrize("css", ["info", "danger", "warning", "success"])
def test_the_admonition_of_the_grading_api(css):
    rendered = render_rst(
        f"\n\n.. admonition:: A *title*\n\t:class: alert alert-{css}\n\n\tFirst\n\t\n\tsecond\n\n"
    )
    assert f'<div class="admonition alert alert-{css}">' in rendered
    assert '<p class="admonition-title">A <em>title</em></p>' in rendered
    assert "<p>second</p>" in rendered


def test_the_admonition_of_the_grading_api_without_a_title():
    rendered = render_rst("\n\n.. note::\n\t:class: alert alert-info\n\n\tText\n\n")
    assert '<div class="admonition alert alert-info note">' in rendered


def test_the_image_block_of_the_grading_api():
    picture = base64.b64encode(os.urandom(30_000)).decode()
    rendered = render_rst(
        f'\n\n.. raw:: html\n\n\t<img src="data:image/png;base64,{picture}">\n\nAfter\n'
    )
    assert f'<img src="data:image/png;base64,{picture}">' in rendered
    assert "<p>After</p>" in rendered


def test_mathematics_is_mathml():
    rendered = render_rst("Inline :math:`x^2`.\n\n.. math:: \\frac{a}{b}\n")
    assert "<msup>" in rendered
    assert '<math alttext="\\frac{a}{b}" display="block">' in rendered
    assert "<mfrac>" in rendered


def test_mathematics_that_docutils_cannot_read_is_shown():
    assert r"\nonsense{x}" in render_rst(r":math:`\nonsense{x}`")


@pytest.mark.parametrize("option", [":linenos:", ":emphasize-lines: 1,3", ":caption: Listing"])
def test_options_of_sphinx_do_not_spoil_a_listing(option):
    assert "<pre" in render_rst(f".. code-block:: python\n   {option}\n\n   pass\n")


def test_a_language_nobody_knows_is_shown_uncoloured():
    assert "x = 1" in render_rst(".. code-block:: klingon\n\n   x = 1\n")


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        ("An *open emphasis", "An *open emphasis"),
        ("A `broken link <x", "A `broken link &lt;x"),
        ("``open", "``open"),
        (":unknown:`role`", ":unknown:`role`"),
        ("a |substitution|", "a |substitution|"),
        ("missing_ target", "missing_ target"),
        (".. unknown:: x\n\n   its text", "its text"),
        (".. image::\n\n   text", "text"),
        (".. code-block:: python\n   :bad: x\n\n   code()", "code()"),
        ("Title\n==\n\ntext", "Title"),
        ("* a\nb", "b"),
        ("+--+\n| broken table |\n", "broken table"),
        ("=== ===\na b c d e f g\n=== ===\n", "c d e f g"),
        (".. include:: /etc/passwd", ".. include:: /etc/passwd"),
        (".. note::", ".. note::"),
    ],
)
def test_broken_markup_still_shows_its_text_and_no_message(broken, kept):
    rendered = render_rst(f"{broken}\n\nthe end")
    assert kept in rendered
    assert "the end" in rendered
    for word in ("system-message", "System Message", "WARNING", "ERROR", "problematic"):
        assert word not in rendered


def test_nothing_is_printed(capfd):
    render_rst("``x\n\n.. unknown::\n\n.. image::\n\n:math:`\\nonsense`")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2026-11-24 11:59:59", True),
        ("2026-11-24 12:00", True),
        ("2026-11-24", True),
        ("24/11/2026 11", True),
        ("2026-11-24 12:00:01", False),
        ("25/11/2026", False),
        ('"2026-11-24"', True),
        ("soon", False),
    ],
)
def test_a_text_is_kept_back_until_its_date(date, shown):
    rst = f"Before\n\n.. hidden-until:: {date}\n\n   *Solution*\n\nAfter"
    rendered = render_rst(rst, now=NOW)
    assert ("<em>Solution</em>" in rendered) == shown
    assert "After" in rendered
    assert ("Solution" in plain_text(rst, now=NOW)) == shown


@pytest.mark.parametrize(
    "broken", [".. hidden-until::\n\n   Solution", ".. hidden-until:: \n\n  Solution\n x"]
)
def test_a_kept_back_text_with_a_fault_stays_back(broken):
    assert "Solution" not in render_rst(broken, now=NOW)


def test_the_directive_is_ours_alone():
    render_rst(".. hidden-until:: 2020-01-01\n\n   x")
    output = publish_string(
        ".. hidden-until:: 2020-01-01\n\n   x", settings_overrides={"report_level": 5}
    )
    assert b"<paragraph>" not in output


@pytest.fixture
def assets(tmp_path):
    common = tmp_path / "c" / "$common" / "public"
    public = tmp_path / "c" / "t" / "public"
    other = tmp_path / "c" / "other" / "public"
    for folder in (common, public, public / "sub", other):
        folder.mkdir(parents=True)
        (folder / "a b.png").write_bytes(folder.name.encode())
    (public / "data.html").write_text("<script>")
    (tmp_path / "c" / "t" / "task.yaml").write_text("answer: 42")
    (public / "link.png").symlink_to(tmp_path / "c" / "t" / "task.yaml")
    (public / "big.png").write_bytes(bytes(6 * 1024 * 1024))
    return Assets("c", "t", public, common, tmp_path / "c")


def test_a_public_folder_that_is_a_link_out_of_the_course_is_empty(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "key.png").write_bytes(b"secret")
    (tmp_path / "c" / "t").mkdir(parents=True)
    public = tmp_path / "c" / "t" / "public"
    public.symlink_to(elsewhere)
    assets = Assets("c", "t", public, None, tmp_path / "c")
    assert "data:" not in render_html('<img src="key.png">', assets=assets)


def embedded(content):
    return f'src="data:image/png;base64,{base64.b64encode(content).decode()}"'


@pytest.mark.parametrize(
    ("address", "content"),
    [
        ("a%20b.png", b"public"),
        ("./a b.png", b"public"),
        ("/course/c/t/a b.png", b"public"),
        ("t/a b.png", b"public"),
        ("public/a b.png", b"public"),
        ("sub/a b.png", b"sub"),
        ("/course/c/$common/a b.png", b"public"),
        ("a b.png?v=2", b"public"),
        ("https://inginious.example/course/other-id/t/a b.png", b"public"),
        ("other/a b.png", b"public"),
        ("/course/c/other/a b.png", b"public"),
    ],
)
def test_pictures_of_the_public_folder_travel_inside_the_page(assets, address, content):
    assert embedded(content) in render_html(f'<img src="{address}">', assets=assets)
    assert embedded(content) in render_rst(
        f".. image:: {address.replace(' ', '%20')}\n", assets=assets
    )


@pytest.mark.parametrize(
    "address",
    [
        "../task.yaml",
        "%2e%2e/task.yaml",
        "/etc/passwd",
        "link.png",
        "data.html",
        "missing.png",
        "big.png",
        "file:///etc/passwd",
        "../c/t/task.yaml",
        "t/../task.yaml",
        "../other/public/a b.png",
        "https://example.org/a.png",
        "https://example.org/a%20b.png",
        "https://example.org/course/c/t/missing.png",
        "https://example.org/course/c/t/../../task.yaml",
        "",
        "a\x00.png",
        "http://[::1",
    ],
)
def test_other_files_are_no_pictures(assets, address):
    assert "src=" not in render_html(f'<img src="{address}" alt="x">', assets=assets)


def test_public_files_can_be_saved(assets):
    rendered = render_rst(
        "`Data <data.html>`_ `none <missing.csv>`_ `up <../task.yaml>`_", assets=assets
    )
    content = base64.b64encode(b"<script>").decode()
    assert f'download="data.html" href="data:application/octet-stream;base64,{content}"' in rendered
    assert rendered.count("href=") == 1


def test_pictures_keep_their_size(assets):
    rendered = render_rst(".. image:: a%20b.png\n   :width: 340px\n   :alt: An a\n", assets=assets)
    assert 'width="340"' in rendered
    assert 'alt="An a"' in rendered
    assert 'width="50%"' in render_rst(".. image:: a%20b.png\n   :scale: 50\n", assets=assets)
    assert "style" not in rendered


def test_a_missing_picture_leaves_its_description():
    rendered = render_rst(".. image:: missing.png\n   :alt: A tree\n")
    assert '<span class="inginious-missing-image">A tree</span>' in rendered


def test_html_if_the_task_says_so():
    assert render_feedback("<b>x</b>", is_html=True) == "<b>x</b>"
    assert render_feedback("<b>x</b>", is_html=False) == "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"


def test_a_short_text_has_no_paragraph():
    assert render_inline("a *b*") == "a <em>b</em>"
    assert render_inline("a\n\nb").count("<p>") == 2


def test_ten_megabytes_are_cut_at_a_line_and_say_so():
    text = "::\n\n" + "  a line of output\n" * 600_000
    rendered = render_rst(text)
    assert rendered.truncated
    assert len(rendered) < 1_100_000
    assert rendered.endswith(
        f'<p class="inginious-cut">Too long to be shown here: '
        f"{rendered.omitted_chars:,} more characters follow.</p>"
    )
    assert "a line of output</pre>" in rendered
    assert not render_rst("short").truncated
    assert render_html("<p>x</p>" * 300_000).truncated
    assert "more characters follow" in plain_text(text)


@pytest.mark.parametrize(
    "text",
    [
        " *a" * 30_000,
        " `a" * 30_000,
        " |a" * 30_000,
        "".join(" " * depth + "* a\n\n" for depth in range(300)),
        "a line\n" * 60_000,
    ],
)
def test_what_docutils_cannot_manage_is_shown_as_it_is(text):
    rendered = render_rst(text)
    assert not rendered.formatted
    assert rendered.startswith("<pre>")
    assert text.strip()[-20:] in rendered
    assert text.strip()[-20:].strip() in plain_text(text, limit_chars=10**6)


def test_a_long_listing_is_shown_uncoloured():
    rendered = render_rst(".. code-block:: python\n\n" + "\tfor x in y: pass\n" * 10_000)
    assert rendered.formatted
    assert "<span" not in rendered
    assert rendered.count("for x in y") == 10_000


def test_several_threads_render_at_once():
    results = []

    def work(number):
        results.append(render_rst(f"*{number}* :math:`x`\n\n.. note:: {number}\n").count(number))

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(100, 120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [2] * 20


def test_importing_it_is_cheap():
    code = (
        "import sys, inginious_nb.render; "
        "print([m for m in ('docutils', 'nh3', 'pygments') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_context_of_a_real_task(tmp_path):
    courses = Path(__file__).parents[2] / "notebooks" / "courses"
    shutil.copytree(courses, tmp_path / "courses")
    task = CourseLibrary([tmp_path / "courses"]).task("demo/fib")
    rendered = render_rst(task.context, assets=Assets.of(task))
    assert 'src="data:image/svg+xml;base64,' in rendered
    assert "<h3>The rule</h3>" in rendered
    assert "<math" in rendered
    assert '<span class="gp">' in rendered


@pytest.mark.parametrize(("lang", "title"), [("en", "Warning"), ("fr-BE", "Avis")])
def test_titles_that_the_author_did_not_write_are_in_the_readers_language(lang, title):
    text = ".. warning:: Attention, *ceci* compte.\n\n.. code-block:: python\n\n   x = 1\n"
    html = render_rst(text, lang=lang)
    assert f">{title}</p>" in html
    assert "<em>ceci</em>" in html
    assert html.formatted
