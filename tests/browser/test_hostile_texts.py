"""Thousands of mutated attacks, rendered and put into a page without any policy: nothing happens.

Slow (``pytest tests/browser -m slow``): the corpus of attacks, cut up, joined and disguised.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import random
import textwrap
from pathlib import Path

import pytest

from inginious_nb.render.formatting import format_html, format_rst

CORPUS = json.loads((Path(__file__).parents[1] / "data" / "xss.json").read_text())
CASES = 20_000
BATCH = 250
SEED = 20_261_125
NOW = dt.datetime.fromisoformat("2026-01-01")

# Whatever runs tells; whatever is loaded is seen by the route below.
TRAP = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "fetch", "open"])
  window[name] = (...args) => window.ran.push(name + ":" + String(args[0]).slice(0, 80));
window.addEventListener("securitypolicyviolation", (event) => window.ran.push(event.blockedURI));
"""
SHOW = """
async (texts) => {
  window.ran = [];
  const host = document.getElementById("host");
  for (const text of texts) {
    host.innerHTML = text;
    for (const element of host.querySelectorAll("*")) {
      for (const name of ["mouseover", "focus", "click", "error", "load", "toggle"])
        element.dispatchEvent(new Event(name, { bubbles: false, cancelable: true }));
      for (const attribute of element.attributes)
        if (/^on|^style$|srcdoc|formaction/i.test(attribute.name))
          window.ran.push("attribute " + attribute.name);
    }
  }
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  host.innerHTML = "";
  return window.ran;
}
"""


def mutated(chance: random.Random) -> str:
    """Return an attack that nobody has written down."""
    one, other = chance.choice(CORPUS), chance.choice(CORPUS)
    match chance.randrange(8):
        case 0:
            return one[: chance.randrange(len(one) + 1)] + other[chance.randrange(len(other) + 1) :]
        case 1:
            position = chance.randrange(len(one) + 1)
            return one[:position] + chance.choice("\"'<>&=` \n\t\0/") + one[position:]
        case 2:
            return html.escape(one) + other
        case 3:
            words = f"{one} {other}".split(" ")
            chance.shuffle(words)
            return " ".join(words)
        case 4:
            return f'<img alt="{html.escape(one)}" src="http://x/{html.escape(other)}">'
        case 5:
            return f'<a title="{html.escape(one)}" href="{html.escape(other)}">{one}</a>'
        case 6:
            return f"<math><mtext>{one}</mtext><ms title='{other}'></ms></math>"
        case _:
            return one.swapcase() + f"<svg>{other}" + f"<table><td>{one}"


def rendered(chance: random.Random) -> str:
    """Return what a mutated attack becomes, as HTML, in a raw directive or in plain markup."""
    attack = mutated(chance)
    options = {"assets": None, "heading_level": 3, "limit_chars": 100_000, "lang": "en"}
    kind = chance.randrange(3)
    if kind == 0:
        return format_html(attack, **options).text
    if kind == 1:
        text = ".. raw:: html\n\n" + textwrap.indent(attack, "   ")
    else:
        line, alt = " ".join(attack.split()), " ".join(mutated(chance).split())
        text = f".. image:: {line}\n   :alt: {alt}\n   :target: {line}\n\n`{alt} <{line}>`_\n"
    return format_rst(text, now=NOW, **options).text


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_mutated_attack_does_anything(page):
    loaded = []

    def refuse(route):
        loaded.append(route.request.url)
        route.abort()

    page.set_content(f"<script>{TRAP}</script><div id=host></div>")
    page.route("**/*", refuse)
    chance = random.Random(SEED)
    for _ in range(CASES // BATCH):
        texts = [rendered(chance) for _ in range(BATCH)]
        ran = page.evaluate(SHOW, texts)
        assert (ran, loaded) == ([], []), texts
