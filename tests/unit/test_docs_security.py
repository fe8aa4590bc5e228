"""Every test that docs/security.md names for a defence is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_defence_has_its_test():
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"\btest_\w+", text))
    tests = [*(ROOT / "tests").rglob("test_*.py")]
    there = {path.stem for path in tests}
    for path in tests:
        there.update(re.findall(r"def (test_\w+)", path.read_text("utf-8")))
    assert named
    assert named <= there
