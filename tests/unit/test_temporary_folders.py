"""Folders of killed processes are removed by the next one; those of living ones are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inginious_nb.grader.temporary_folders import (
    FolderLock,
    make_locked_folder,
    remove_stale_folders,
    remove_tree,
)
from tests.support.processes import running

HOLDER = """
import sys
from inginious_nb.grader.temporary_folders import make_locked_folder
folder, lock = make_locked_folder("kind-", sys.argv[1])
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds a folder, and that folder."""
    with running(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process, Path(process.stdout.readline().decode().strip())


def test_a_folder_goes_when_its_process_was_killed(holder, tmp_path):
    process, folder = holder
    (folder / "file").touch()
    remove_stale_folders("kind-", [str(tmp_path)])
    assert folder.is_dir()
    process.send_signal(signal.SIGKILL)
    process.wait()
    remove_stale_folders("kind-", [str(tmp_path)])
    assert not folder.exists()


def test_it_stays_while_one_of_its_users_lives(holder, tmp_path):
    process, folder = holder
    lock = FolderLock(folder)
    process.kill()
    process.wait()
    remove_stale_folders("kind-", [str(tmp_path)])
    assert folder.is_dir()
    lock.release()
    remove_stale_folders("kind-", [str(tmp_path)])
    assert not folder.exists()


def test_only_folders_of_that_kind_are_swept(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "other-1").mkdir()
    (tmp_path / "kind-link").symlink_to(target)
    (tmp_path / "kind-file").touch()
    remove_stale_folders("kind-", [str(tmp_path), str(tmp_path / "nowhere")])
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_was_replaced_is_not_held(tmp_path):
    with pytest.raises(FileNotFoundError):
        FolderLock(tmp_path / "gone")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(OSError, match="link"):
        FolderLock(tmp_path / "link")


def test_new_folders_are_only_their_owners(tmp_path):
    folder, _ = make_locked_folder("kind-", str(tmp_path))
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_folders_without_permissions_are_removed(tmp_path):
    closed = tmp_path / "root" / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0)
    remove_tree(tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_a_link_is_removed_and_nothing_of_its_target(tmp_path):
    """A name that was removed a moment ago may be anybody's link now."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "file").touch()
    (target / "file").chmod(0o400)
    target.chmod(0o500)
    (tmp_path / "link").symlink_to(target)
    remove_tree(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    assert (target.stat().st_mode & 0o777, (target / "file").stat().st_mode & 0o777) == (
        0o500,
        0o400,
    )


def test_a_folder_too_deep_for_python_is_removed(tmp_path):
    code = "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')\nos.chmod('.', 0o500)"
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    remove_tree(root)
    assert not root.exists()
