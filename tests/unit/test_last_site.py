"""The site of the last sign-in, as other processes find it."""

from __future__ import annotations

import json

import pytest

from inginious_nb.services.account import Account
from inginious_nb.services.last_site import LastSite

ALICE = Account("https://site.example", "alice")


def test_another_process_finds_the_site_and_nothing_secret(tmp_path):
    path = tmp_path / "deep" / "last-site.json"
    here, there = LastSite(path), LastSite(path)
    assert there.account is None
    here.remember(ALICE)
    assert there.look()
    assert there.account == ALICE
    assert not there.look()
    assert json.loads(path.read_text()) == {"site": ALICE.site, "username": "alice"}
    there.remember(Account("https://other.example", "bob"))
    here.remember(ALICE)  # which it has not forgotten, and is not what the file says now
    assert LastSite(path).account == ALICE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[1]",
        b"[" * 9_000,
        b'{"site": "https://x"}',
        b'{"site": "http://site.example", "username": "a"}',
        b'{"site": "file:///etc/passwd", "username": "a"}',
        b'{"site": "https://u:p@site.example", "username": "a"}',
        b'{"site": "https://site.example", "username": "a\\u202eb"}',
    ],
)
def test_what_the_file_should_not_have_is_no_site(tmp_path, content):
    path = tmp_path / "last-site.json"
    path.write_bytes(content)
    assert LastSite(path).account is None
    path.unlink()
    path.mkdir()
    LastSite(path).remember(ALICE)  # what cannot be kept keeps nobody from working


def test_nothing_is_kept_without_a_place(tmp_path):
    site = LastSite(None)
    site.remember(ALICE)
    assert site.account is None
    assert list(tmp_path.iterdir()) == []
