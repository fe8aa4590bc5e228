"""What is shipped: the front end is in it, and nobody needs Node to install it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = (
    "inginious_nb/static/widget.js",
    "inginious_nb/static/restore.js",
    "inginious_nb/static/widget.css",
    "inginious_nb/static/snapshot.css",
    "inginious_nb/frontend/templates/snapshot.html",
    "inginious_nb/i18n/words.json",
    "inginious_nb/i18n/locale/fr/LC_MESSAGES/inginious_nb.mo",
    "inginious_nb/grader/grading_api/lib/inginious_container_api/__init__.py",
    "inginious_nb/grader/grading_api/lib/inginious_prepared.pth",
    "inginious_nb/grader/grading_api/bin/getinput",
    "inginious_nb/grader/grading_api/perl/run_student",
)


@pytest.fixture(scope="module")
def without_node(tmp_path_factory):
    """A PATH with what a machine without Node has."""
    folder = tmp_path_factory.mktemp("bin")
    for command in ("sh", "git", "uname"):
        found = next(
            (Path(d) / command for d in os.get_exec_path() if (Path(d) / command).exists()), None
        )
        if found is not None:
            (folder / command).symlink_to(found)
    return os.environ | {"PATH": str(folder)}


def build(source, target, *, kind, env=None):
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "-o", target, source]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(target.glob("*.tar.gz" if kind == "sdist" else "*.whl"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return build(ROOT, tmp_path_factory.mktemp("sdist"), kind="sdist")


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory, without_node):
    """The wheel built from the sdist, as pip does, where there is no Node."""
    source = tmp_path_factory.mktemp("source")
    with tarfile.open(sdist) as archive:
        archive.extractall(source, filter="data")
    return build(
        next(source.iterdir()), tmp_path_factory.mktemp("wheel"), kind="wheel", env=without_node
    )


def test_the_sdist_has_the_front_end_and_its_sources(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(SHIPPED) <= names
    assert {"package-lock.json", "hatch_build.py", "notebooks/quickstart.ipynb"} <= names
    assert not any("node_modules" in name for name in names)


def test_the_wheel_has_the_front_end_and_nothing_that_is_not_the_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert set(SHIPPED) <= set(names)
    assert len(names) == len(set(names))
    assert {name.split("/")[0].split("-")[0] for name in names} == {"inginious_nb"}


def test_the_wheel_has_the_licences_of_what_is_in_it(wheel):
    archive = zipfile.ZipFile(wheel)
    widget = archive.read("inginious_nb/static/widget.js").decode()
    assert "THE SOFTWARE IS PROVIDED" in widget.partition("This file contains preact.")[2]
    licences = [name for name in archive.namelist() if name.endswith("third-party-licenses.json")]
    assert [name.rpartition("labextensions/")[2].partition("/")[0] for name in licences] == [
        "inginious-nb"
    ]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel; all else is that of this one."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    purelib = sysconfig.get_path("purelib", vars={"base": str(environment)})
    Path(purelib, "others.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, "-q", wheel], check=True, capture_output=True)
    alone = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    return python, alone | {"JUPYTER_CONFIG_DIR": str(environment / "config")}


def run(installed, folder, *command):
    python, env = installed
    done = subprocess.run(
        [python, *command], env=env, cwd=folder, capture_output=True, text=True, check=True
    )
    return re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)


def test_jupyter_finds_both_extensions(installed, tmp_path):
    listed = run(installed, tmp_path, "-m", "jupyterlab.labextensions", "list")
    assert re.search(r"inginious-nb v\S+ enabled OK \(python, inginious-nb\)", listed)
    listed = run(installed, tmp_path, "-m", "jupyter_server.extension.serverextension", "list")
    assert re.search(r"inginious_nb enabled\n.*\n\s+inginious_nb \S+ OK", listed)


def test_the_demo_is_in_it(installed, tmp_path):
    said = run(installed, tmp_path, "-m", "inginious_nb.cli", "demo")
    assert "inginious-demo/quickstart.ipynb is the notebook" in said
    assert (tmp_path / "inginious-demo/courses/demo/fib/run").stat().st_mode & 0o100
    copy = "from pathlib import Path; from inginious_nb.course.demo import copy_demo as copy"
    run(installed, tmp_path, "-c", f"{copy}; copy(Path('fr'), 'fr')")
    assert "Rendez vos réponses" in (tmp_path / "fr/quickstart.ipynb").read_text(encoding="utf-8")


def test_the_commands_of_the_grading_api_stay_executable(wheel, tmp_path):
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-q"]
    subprocess.run([*command, "--target", tmp_path, wheel], check=True)
    assert os.access(tmp_path / "inginious_nb/grader/grading_api/bin/getinput", os.X_OK)
