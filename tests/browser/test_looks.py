"""Every look of the widget: accessible, in both themes, narrow, still, and in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from inginious_nb.client.results import JobResult
from inginious_nb.frontend import lines, serialize

from . import states
from .stage import show, unfold

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS = [
    *states.CODES,
    *("new", "reading", "sent", "queued", "running", "stopping", "sent-again", "silent"),
    *(
        "signed-out",
        "refused",
        "perfect",
        "stopped-waiting",
        "command",
        "slim",
        "slim-new",
        "shell",
    ),
]
LOOKS = [name.replace(" ", "-") for name in LOOKS]


def test_every_look_is_looked_at(looks):
    assert sorted(looks) == sorted(LOOKS)


def assert_accessible(stage):
    """Everything unfolded, axe finds no fault."""
    unfold(stage.page)
    found = stage.page.evaluate(
        "rules => axe.run('#stage', { runOnly: { type: 'tag', values: rules } })", RULES
    )
    faults = [
        f"{fault['id']}: {node['html']} - {node['failureSummary']}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
    assert faults == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", LOOKS)
def test_axe_finds_nothing(stage, looks, name, theme):
    stage.dark(on=theme == "dark")
    show(stage, looks, name)
    assert_accessible(stage)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_widget_whose_kernel_is_gone_says_so_accessibly(stage, looks, theme):
    stage.dark(on=theme == "dark")
    show(stage, looks, "failed")
    stage.page.evaluate("window.kernelBecomes('restarting')")
    expect(stage.page.get_by_text("Disconnected: the kernel was restarted.")).to_be_visible()
    assert_accessible(stage)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_opened_attempt_is_accessible(stage, looks, theme):
    stage.dark(on=theme == "dark")
    state, answers = looks["failed"]
    old = {"code": {"text": "def sort(numbers):\n    pass", "choices": []}}
    attempt = {"row": state["history"][2], "result": state["result"], "answers": old}
    stage.show(state, answers={**answers, "open": attempt})
    unfold(stage.page)
    stage.page.get_by_role("button", name="Open: Submission 1").click()
    stage.page.get_by_role("button", name="Restore this answer").click()
    expect(stage.page.get_by_role("button", name="Replace", exact=True)).to_be_visible()
    assert_accessible(stage)


@pytest.mark.parametrize(("theme", "lang"), [("light", "en"), ("dark", "fr")])
def test_one_signs_in_by_keyboard_within_the_widget(stage, looks, theme, lang):
    page = stage.page
    stage.dark(on=theme == "dark")
    page.set_viewport_size({"width": 320, "height": 900})
    stage.language(lang)
    button, name, password, cookie = {
        "en": ("Sign in: Sorting", "User name", "Password", "Value of the cookie"),
        "fr": ("Se connecter : Sorting", "Nom d’utilisateur", "Mot de passe", "Valeur du cookie"),
    }[lang]
    press = page.keyboard.press
    show(stage, looks, "signed-out")
    offer = page.get_by_role("button", name=button)
    offer.press("Enter")
    form = page.get_by_role("form", name=states.SITE)
    expect(form.get_by_label(name)).to_have_value("ada")
    expect(page.get_by_label(password, exact=True)).to_be_focused()
    assert_accessible(stage)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    press("Escape")
    expect(offer).to_be_focused()
    press("Enter")
    expect(page.get_by_label(password, exact=True)).to_be_focused()
    for key in ("Tab", "Tab", "Space"):
        press(key)
    expect(form.get_by_label(name)).to_have_count(0)
    press("Shift+Tab")
    expect(page.get_by_label(cookie)).to_be_focused()
    assert_accessible(stage)
    page.keyboard.type("a-secret")
    # It is published while the answer is on its way.
    stage.change(service=looks["new"][0]["service"])
    press("Enter")
    expect(page.get_by_text(f"The site {states.SITE} is ready.")).to_be_focused()
    (asked,) = [one for one in page.evaluate("window.sent") if one["kind"] == "signIn"]
    assert asked == {"v": 1, "id": asked["id"], "kind": "signIn"} | {
        "username": "",
        "site": states.SITE,
        "cookie": True,
        "keep": False,
    }


def test_a_name_that_comes_late_leaves_the_focus_where_somebody_types(stage, looks):
    state, answers = looks["signed-out"]
    stage.show(state, answers={kind: answers[kind] for kind in answers if kind != "account"})
    page = stage.page
    page.get_by_role("button", name="Sign in: Sorting").press("Enter")
    expect(page.get_by_label("User name")).to_be_focused()
    for word, key in (("bob", "Tab"), ("a-secr", "Shift")):
        page.keyboard.type(word)
        page.keyboard.press(key)
    page.evaluate("account => window.reply('account', account)", answers["account"])
    expect(page.get_by_role("form", name=states.SITE)).to_be_visible()
    page.keyboard.type("et")
    expect(page.get_by_label("Password", exact=True)).to_have_value("a-secret")
    expect(page.get_by_label("User name")).to_have_value("bob")


@pytest.mark.parametrize("name", LOOKS)
def test_nothing_is_cut_off_at_320_pixels(stage, looks, name):
    stage.page.set_viewport_size({"width": 320, "height": 900})
    show(stage, looks, name)
    unfold(stage.page)
    assert stage.page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", ["command", "slim", "timeout", "crash", "queued"])
def test_verdict_and_grade_are_whole_at_every_width(stage, looks, name, lang):
    page = stage.page
    stage.language(lang)
    role = looks["slim" if name == "slim" else "command"][0]["role"]
    show(stage, looks, name, role=role)
    for width in (900, 600, 440, 320, 280):
        page.set_viewport_size({"width": width, "height": 900})
        line = page.locator(".inginious-line")
        cut_off = line.evaluate(
            """line => [...line.querySelectorAll("strong, .inginious-line-grade, button")]
                .filter((one) => {
                    const [{ left, right }, row] = [one, line].map(
                        (each) => each.getBoundingClientRect());
                    return left < row.left - 1 || right > row.right + 1
                        || one.scrollWidth > one.parentElement.clientWidth + 1;
                })
                .map((one) => one.textContent)"""
        )
        assert cut_off == [], width
        assert line.bounding_box()["height"] <= 90


def test_the_queue_moves_without_shifting_anything(stage, looks):
    page = stage.page
    show(stage, looks, "queued")
    expect(page.get_by_text("at most 12 before you").first).to_be_visible()
    # What the preview shows is painted by then; it is not the queue that puts it there.
    page.evaluate("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
    page.evaluate(
        """() => {
            window.shifts = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) window.shifts += entry.value;
            }).observe({ type: "layout-shift" });
        }"""
    )
    submission = looks["queued"][0]["submission"]
    for before in range(11, -1, -1):
        stage.change(submission=submission | {"at_most_before": before})
        words = "next in line" if before == 0 else f"at most {before} before you"
        expect(page.locator(".inginious-line").get_by_text(words)).to_be_visible()
    stage.change(submission=submission | {"phase": "running", "times": {"running": states.NOW}})
    expect(page.locator(".inginious-line")).to_contain_text("Running")
    assert page.evaluate("window.shifts") == 0


def test_everything_can_be_done_by_keyboard(stage, looks):
    page = stage.page
    show(stage, looks, "failed")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
                const one = document.activeElement;
                if (!one.closest("#stage")) return null;
                const outline = getComputedStyle(one).outlineStyle;
                return [one.innerText || one.type || one.tagName, outline];
            }"""
        )
        if focused is None:
            break
        reached.add(focused[0].strip())
        assert focused[1] != "none", focused
    wanted = ("radio", "checkbox", "text", "Choose a file", "Submit again", "What will be sent")
    assert [words for words in wanted if not any(one.startswith(words) for one in reached)] == []


def test_of_several_that_wait_each_tells_its_number(stage, looks):
    page = stage.page
    show(stage, looks, "running", role="submission")
    line = page.locator(".inginious-line-text")
    expect(line).to_have_text(re.compile(r"^[\d:]+ \w+ of at most 1:30 min$"))
    row = looks["failed"][0]["history"][0] | {"code": None, "grade": None}
    stage.change(history=[row, row | {"id": "other", "number": 2}])
    expect(line).to_have_text(re.compile(r"^Submission 3 · [\d:]+ \w+ of at most 1:30 min$"))


def test_a_double_click_submits_once(stage, looks):
    show(stage, looks, "new")
    stage.page.get_by_role("button", name="Submit:").dblclick()
    stage.wait_for("submit")
    assert len(stage.sent("submit")) == 1


def test_two_views_of_a_widget_show_the_same(stage, looks):
    state, answers = looks["new"]
    stage.show(state, answers={**answers, "draft": {}}, views=2)
    page = stage.page
    page.get_by_role("checkbox", name="heap sort").first.check()
    expect(page.get_by_role("checkbox", name="heap sort").last).to_be_checked()
    page.get_by_role("textbox", name="A word").last.fill("bubble")
    expect(page.get_by_role("textbox", name="A word").first).to_have_value("bubble")


def test_a_host_without_a_notebook_says_so_and_still_submits(stage, looks):
    show(stage, looks, "new")
    expect(stage.page.get_by_text("does not let the widget read your cells").first).to_be_visible()
    stage.page.get_by_role("button", name="Submit:").click()
    stage.wait_for("submit")
    assert stage.sent("submit")[0]["cells"] is None


def test_motion_is_still_for_those_who_want_it_so(stage, looks):
    show(stage, looks, "running")
    icon = stage.page.locator(".inginious-tone-waiting .inginious-icon")
    assert icon.evaluate("one => getComputedStyle(one).animationName") != "none"
    stage.page.emulate_media(reduced_motion="reduce")
    assert icon.evaluate("one => getComputedStyle(one).animationName") == "none"


def test_the_key_to_a_shell_is_fetched_when_asked_for(stage, looks):
    page = stage.page
    state, answers = looks["shell"]
    key = {"command": "ssh worker@grading.example -p 2222", "password": "correct horse"}
    stage.show(state, answers={**answers, "ssh": key})
    shell = page.get_by_role("region", name="Debug shell")
    expect(shell).not_to_contain_text("correct horse")
    shell.get_by_role("button", name="Show how to connect").click()
    expect(shell.get_by_text("ssh worker@grading.example -p 2222")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shell.get_by_role("button", name="Copy", exact=True).last.click()
    expect(shell.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "correct horse"
    stage.change(submission=looks["failed"][0]["submission"])
    expect(page.get_by_text("correct horse")).to_have_count(0)


def test_the_archive_is_a_download(stage, looks):
    page = stage.page
    state, answers = looks["failed"]
    archive = {"filename": "course-sorting-3.tar.gz", "bytes": [31, 139, 8]}
    stage.show(state, answers={**answers, "archive": archive})
    with page.expect_download() as started:
        page.get_by_role("button", name="Download the archive (2.3 kB)").click()
    assert started.value.suggested_filename == "course-sorting-3.tar.gz"
    assert Path(started.value.path()).read_bytes() == b"\x1f\x8b\x08"


def test_a_file_is_checked_before_it_is_sent(stage, looks):
    page = stage.page
    show(stage, looks, "new")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "a.exe", "mimeType": "text/plain", "buffer": b"x"})
    expect(page.get_by_role("alert")).to_contain_text("a.exe is not accepted here")
    chooser.set_input_files({"name": "a.csv", "mimeType": "text/plain", "buffer": b"x" * 30_000})
    expect(page.get_by_role("alert")).to_contain_text("at most 20 kB is accepted")
    chooser.set_input_files({"name": "a.csv", "mimeType": "text/plain", "buffer": b"x" * 300})
    expect(page.get_by_text("a.csv (300 B)")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_file_is_shown_before_it_is_sent(stage, looks):
    page = stage.page
    kernels = {"size_bytes": 12_345, "media_type": "text/plain", "beginning": "kernel line\n" * 20}
    answer = {**states.preview(file="file")["answers"][0], "text": "notes.txt", "file": kernels}
    state, answers = looks["new"]
    stage.show(state, answers={**answers, "preview": {"answers": [answer]}})
    unfold(page)
    page.get_by_label("or a path on the kernel").fill("/home/ada/notes.txt")
    page.get_by_role("button", name="Use this path").click()
    expect(page.get_by_text("/home/ada/notes.txt (12.3 kB)")).to_be_visible()
    shown = page.locator(".inginious-preview dd")
    expect(shown).to_contain_text("notes.txt 12.3 kB · text/plain")
    expect(shown.locator("pre")).to_have_text("kernel line\n" * 8 + "…")
    # A file of this machine is read here.
    chooser = page.locator("input[type=file]")
    table = {"name": "week.csv", "mimeType": "text/csv", "buffer": "día,°C\n".encode() * 400}
    chooser.set_input_files(table)
    expect(shown).to_contain_text("3.6 kB · text/csv")
    expect(shown.locator("pre")).to_have_text("día,°C\n" * 8 + "…")
    chooser.set_input_files({"name": "a.csv", "mimeType": "", "buffer": b"\x00\xff" * 99})
    expect(shown).to_contain_text("198 B")
    expect(shown.locator("pre")).to_have_count(0)


def test_values_of_the_grader_are_a_table_and_what_is_nested_is_folded(stage, looks):
    page = stage.page
    show(stage, looks, "failed")
    page.locator("summary", has_text="More values").click()
    values = page.get_by_role("region", name="Result").locator(".inginious-pairs")
    expect(values.get_by_role("term")).to_have_text(
        ["duration_ms", "seeds", "style", "comparisons"]
    )
    expect(values.get_by_role("definition").nth(1)).to_have_text("1, 2, 3")
    nested = values.get_by_text('"swaps": 3')
    expect(nested).to_be_hidden()
    values.locator("summary", has_text="2 values").click()
    expect(nested).to_be_visible()
    result = looks["failed"][0]["result"]
    cut = {"text": '{"cut": ["in the mid', "size_bytes": 9_000_000, "cut": True}
    stage.change(result=result | {"custom": cut})
    expect(page.get_by_text('{"cut": ["in the mid')).to_be_visible()
    expect(page.get_by_text("This is only the beginning of 9 MB.")).to_be_visible()
    page.get_by_role("button", name="Download all of it").click()
    assert stage.sent("output")[-1]["what"] == "custom"


def test_tests_that_are_left_out_are_counted_and_can_be_downloaded(stage, looks):
    show(stage, looks, "failed")
    result = looks["failed"][0]["result"]
    counts = {"passed": 9, "decided": 2010, "left_out": 2000, "cut": False}
    stage.change(result=result | {"test_counts": counts})
    shown = stage.page.get_by_role("region", name="Result")
    expect(shown).to_contain_text("9 tests passed")
    expect(shown).to_contain_text("… and 2000 more tests.")
    shown.get_by_role("button", name="Download all of it").click()
    assert stage.sent("output")[-1]["what"] == "tests"


@pytest.mark.parametrize(
    ("name", "words"),
    [("killed", "not counted as an attempt"), ("crash", "not graded"), ("refused", "")],
)
def test_where_nothing_was_graded_there_is_no_grade(stage, looks, name, words):
    show(stage, looks, name)
    shown = stage.page.get_by_role("region", name="Result")
    expect(shown).to_contain_text("no grade")
    expect(shown).to_contain_text(words)
    expect(shown).not_to_contain_text("%")
    expect(stage.page.locator(".inginious-facts").first).not_to_contain_text("Last 0 %")


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("code", states.CODES)
def test_a_snapshot_has_the_words_of_the_live_line(stage, looks, code, lang):
    page, (state, _) = stage.page, looks[code.replace(" ", "-")]
    stage.language(lang)
    show(stage, looks, code.replace(" ", "-"), role="submission")
    said = lines.result_line(state["result"], lang)
    expect(page.locator(".inginious-line-word")).to_have_text(said.word)
    live = page.locator(".inginious-line-text").text_content().replace("\u00a0", " ")
    assert live == said.rest.replace("\u00a0", " ")


@pytest.mark.parametrize("name", ["command", "slim", "killed", "queued", "running"])
def test_a_result_is_one_line_and_its_details_are_made_on_demand(stage, looks, name):
    page = stage.page
    role = looks["slim" if name == "slim" else "command"][0]["role"]
    show(stage, looks, name, role=role)
    widget = page.locator("section.inginious")
    size = """one => [one.offsetHeight, one.querySelectorAll("*").length + 1]"""
    height, elements = widget.evaluate(size)
    assert height <= 40
    assert elements <= 40
    button = page.get_by_role("button", name="Details")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.press("Enter")
    expect(page.get_by_role("button", name="Hide details")).to_be_focused()
    unfold(page)
    assert widget.evaluate(size)[1] <= 250
    page.get_by_role("button", name="Hide details").click()
    assert widget.evaluate(size)[0] == height


def test_a_submit_output_tells_what_failed_first_and_never_the_statement(stage, looks):
    page = stage.page
    show(stage, looks, "command")
    expect(page.locator(".inginious-line")).to_contain_text("Failed 80 % · 9 of 10 · ✗ list 7")
    page.get_by_role("button", name="Details").click()
    shown = page.get_by_role("region", name="Result")
    failed = shown.get_by_role("list", name="not passed")
    expect(failed.get_by_role("listitem")).to_have_text(["list 7 not passed"])
    feedback = shown.get_by_text("Eight of ten lists come out right.")
    assert failed.bounding_box()["y"] < feedback.bounding_box()["y"]
    expect(shown.get_by_text("list 3")).to_have_count(0)
    shown.locator("summary", has_text="9 tests passed").click()
    expect(shown.get_by_text("list 3")).to_be_visible()
    unfold(page)
    expect(page.get_by_text("Write a function that sorts a list")).to_have_count(0)
    assert page.locator(".inginious-outline").inner_text().count("80 %") == 2  # and in the history


def test_a_refusal_carries_the_controls_that_answer(stage, looks):
    page = stage.page
    show(stage, looks, "refused", role="submission")
    expect(page.get_by_role("alert")).to_contain_text("the answer is empty")
    expect(page.get_by_role("group", name="The function")).to_be_visible()
    page.get_by_role("checkbox", name="merge sort").check()
    expect(page.get_by_role("group", name="A word")).to_have_count(0)
    page.get_by_role("button", name="Submit:").click()
    stage.wait_for("submit")
    assert list(stage.sent("submit")[0]["answers"]) == ["many"]


def test_it_speaks_french_where_the_host_does(stage, looks, tmp_path):
    page = stage.page
    stage.language("fr-FR")
    show(stage, looks, "failed")
    expect(page.get_by_role("button", name="Soumettre à nouveau")).to_be_visible()
    expect(page.get_by_role("region", name="Résultat")).to_contain_text("Échec")
    expect(page.get_by_role("region", name="Résultat")).to_contain_text("9 sur 10")
    # The task is asked to answer in French, too.
    assert stage.sent("lang")[0]["lang"] == "fr"


@pytest.mark.parametrize("name", ["failed", "slim"])
def test_words_are_marked_with_the_language_that_they_are_in(stage, looks, name):
    page = stage.page
    stage.language("fr-FR")
    show(stage, looks, name)  # from a kernel that speaks English
    unfold(page)
    widget = page.locator("section.inginious")
    expect(widget).to_have_attribute("lang", "fr")
    expect(widget.locator(".inginious-html").first).to_have_attribute("lang", "en")
    stage.change(lang="fr")
    expect(widget.locator(".inginious-html").first).to_have_attribute("lang", "fr")
    if name == "slim":
        expect(widget).to_have_accessible_name("Sorting, and what it costs : The function")


@pytest.mark.parametrize("site", ["", "inginious.example.org"])
def test_a_task_that_is_closed_says_what_that_means(stage, looks, site):
    task, standing = looks["failed"][0]["task"], looks["failed"][0]["standing"]

    def limited(left):
        words = f"{left or 'no'} attempts left of 3 in 24 h"
        return {**standing, "attempts_left": left, "limit": words}

    closed = {**task, "accessible": False, "site": site}
    show(stage, looks, "failed", task=closed, standing=limited(2))
    facts = stage.page.locator(".inginious-facts")
    expect(facts).to_contain_text("2 attempts left of 3 in 24 h")
    # A site refuses what comes too late; where a course is a folder, nobody does.
    expect(facts).to_contain_text("no longer accepted" if site else "You still get results here")
    stage.change(task={**closed, "accessible": True}, standing=limited(0))
    expect(facts).to_contain_text("no attempts left")
    expect(facts.get_by_text("You still get results here")).to_have_count(0 if site else 1)


def test_a_thousand_tests_and_a_long_feedback_are_folded(stage, looks):
    page = stage.page
    result = looks["failed"][0]["result"]
    kinds = ["passed"] * 990 + ["failed"] * 10
    tests = [{"id": f"t{n}", "kind": kind, "text": ""} for n, kind in enumerate(kinds)]
    feedback = {"html": "<p>line</p>\n" * 90_000, "size_bytes": 10_000_000, "cut": True}
    show(stage, looks, "failed", result=result | {"tests": tests, "feedback": feedback})
    tests = page.locator(".inginious-test")
    # Those that were not passed are those that are shown.
    expect(tests).to_have_count(10)
    expect(tests.filter(has_text="not passed")).to_have_count(10)
    folded = page.locator(".inginious-folded")
    assert folded.evaluate("one => one.getBoundingClientRect().height") < 500
    expect(page.get_by_text("This is only the beginning of 10 MB.")).to_be_visible()
    page.locator("summary", has_text="tests passed").click()
    expect(tests).to_have_count(40)
    page.get_by_role("button", name="Show all 990 tests").click()
    expect(tests).to_have_count(1000)


HOSTILE = json.loads((Path(__file__).parents[1] / "data" / "xss.json").read_text())


def test_no_hostile_text_does_anything(stage, looks, tmp_path):
    task = states.make_task(tmp_path)
    page = stage.page
    dialogs, requests = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    show(stage, looks, "failed")
    requests.clear()
    for text in HOSTILE:
        outcome = JobResult(
            (text, text),
            50.0,
            {"code": (text, text), "one": ("failed", text)},
            {text: text, text + "2": True, "*auto-tag-1": text},
            {"value": text, text: 1},
            stdout=text,
            stderr=text,
        )
        result = serialize.result_info(task, outcome, submission_id="s1", number=1, at=states.NOW)
        shown = serialize.task_info(task, "en", "ada")
        problems = [problem | {"name": text, "default": text} for problem in shown["problems"]]
        stage.change(
            result=result,
            task=shown | {"name": text, "author": text, "problems": problems},
            submission=states.submission(task, "refused", error=text),
            service={"kind": text, "state": text, "silent_s": 0, "message": text},
            drafts={"word": {"value": text, "by": "x"}, "many": {"value": [text], "by": "x"}},
        )
        expect(page.get_by_role("button", name="Submit again")).to_be_visible()
        expect(page.locator("#stage > div > div > section")).to_have_count(1)
    assert dialogs == []
    assert requests == []


@pytest.mark.parametrize("name", ["constructor", "toString", "valueOf"])
def test_names_that_every_object_has_are_nothing_special(stage, looks, name):
    page = stage.page
    state, _ = looks["failed"]
    first, *others = state["task"]["problems"]
    task = state["task"] | {"problems": [first | {"id": name, "name": ""}, *others]}
    service = state["service"] | {"kind": name, "state": name}
    show(stage, looks, "new", task=task, service=service)
    expect(page.locator("fieldset")).to_have_count(len(task["problems"]))
    result, submission = state["result"], state["submission"]
    problems = {name: result["problems"]["code"] | {"code": name}}
    stage.change(
        result=result | {"code": name, "problems": problems},
        submission=submission | {"sources": []},
    )
    expect(page.locator(".inginious-line-word")).to_have_text(name)
    said = page.locator(".inginious-problem-feedback")
    expect(said).to_have_count(1)
    expect(said.locator(".inginious-word")).to_have_text(name)
    expect(page.locator("summary", has_text=f"{name}, {name}")).to_be_visible()
    stage.change(submission=submission | {"phase": "refused", "error": name})
    expect(page.get_by_role("alert")).to_have_text(name)
