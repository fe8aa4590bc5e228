"""What all tests share: nobody's own history, settings or courses are ever touched."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

from inginious_nb.session import Session
from inginious_nb.settings import load_settings

from .support.courses import write_course

# Time is no property of the code under test: a busy machine generates slowly.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


def pytest_configure(config):
    """Have folders of tests lie so deep that no course in ``/tmp`` is above them within reach."""
    if not hasattr(config, "workerinput"):
        user = os.getuid() if hasattr(os, "getuid") else ""
        root = Path(tempfile.gettempdir(), f"nb-{user}")
        root.mkdir(exist_ok=True)
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(root))


def pytest_collection_modifyitems(config, items):
    """Leave out what takes minutes, unless it is asked for by ``-m``."""
    slow = [item for item in items if "slow" in item.keywords]
    if slow and "slow" not in config.option.markexpr:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(autouse=True, scope="session")
def _interruptible():
    # A shell starts what runs in the background with interrupts ignored, and so would everything
    # that tests start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def _own_profile(tmp_path_factory):
    # What somebody's own IPython runs as it starts, or a home that is none, is no part of a test.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        yield


@pytest.fixture(autouse=True)
def _own_environment(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("INGINIOUS_") and name != "INGINIOUS_PEER":
            monkeypatch.delenv(name)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)  # of a terminal in JupyterLab
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("INGINIOUS_HISTORY", str(tmp_path / "history.sqlite"))


@pytest.fixture
def course_folder(tmp_path):
    """A folder of courses with the course `lab` in it."""
    write_course(tmp_path / "courses")
    return tmp_path / "courses"


@pytest.fixture
def new_session():
    """A function that makes a session, with the arguments of `Session`; they end with the test."""
    with contextlib.ExitStack() as ended:

        def make(*args, **options):
            session = Session(*args, **options)
            ended.callback(session.close)
            return session

        yield make


@pytest.fixture
def session(course_folder, new_session):
    """A session with the course `lab` and the real embedded service, started on first use."""
    settings = load_settings(None, os.environ)
    settings.courses = [str(course_folder)]
    settings.environment_wait_s = 1.0
    return new_session(settings)
