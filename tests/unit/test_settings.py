"""Where a setting comes from: configuration, then environment, each over the one before."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path

import pytest
from traitlets.config import Config

from inginious_nb.cli.settings_help import settings_text
from inginious_nb.errors import UsageError
from inginious_nb.session import Session
from inginious_nb.settings import described_settings, load_settings


def test_the_environment_prevails_over_the_configuration():
    config = Config({"Inginious": {"backend": "tcp://config:1", "email": "a@b"}})
    settings = load_settings(config, {"INGINIOUS_BACKEND": "tcp://environment:2"})
    assert settings.backend == "tcp://environment:2"
    assert settings.email == "a@b"


def test_lists_maps_and_numbers_are_read_from_the_environment():
    settings = load_settings(
        None,
        {
            "INGINIOUS_COURSES": os.pathsep.join(["/a", "/b"]),
            "INGINIOUS_ENVIRONMENTS": '{"pyjavacpp": "default", "cpp": "default"}',
            "INGINIOUS_RESEND_LIMIT": "7",
        },
    )
    assert settings.courses == ["/a", "/b"]
    assert settings.environments == {"pyjavacpp": "default", "cpp": "default"}
    assert settings.resend_limit == 7


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("INGINIOUS_RESEND_LIMIT", "many"),
        ("INGINIOUS_SANDBOX", "jail"),
        ("INGINIOUS_ENVIRONMENTS", "java"),
    ],
)
def test_a_value_that_cannot_be_names_its_variable(variable, value):
    with pytest.raises(UsageError, match=f"{variable}='?[^ ]"):
        load_settings(None, {variable: value})


FORM = re.compile(r"""(\{"\w+": "default"\})""")


def test_help_and_readme_show_the_form_that_variable_and_setting_take():
    readme = Path(__file__).parents[2].joinpath("README.md").read_text()
    for text in (settings_text(), readme):
        (form,) = set(FORM.findall(text))
        value = json.loads(form)
        assert load_settings(None, {"INGINIOUS_ENVIRONMENTS": form}).environments == value
        config = Config({"Inginious": {"environments": value}})
        assert load_settings(config, {}).environments == value


@pytest.mark.parametrize(
    "wrong",
    ["cpp", "cpp=default", "{'cpp': 'default'}", '["cpp"]', '{"cpp": null}', '{"cpp": {}}', "NaN"],
)
def test_a_wrong_form_of_environments_shows_the_right_one(wrong):
    with pytest.raises(UsageError) as refusal:
        load_settings(None, {"INGINIOUS_ENVIRONMENTS": wrong})
    assert FORM.search(str(refusal.value))
    with contextlib.suppress(ValueError):
        config = Config({"Inginious": {"environments": json.loads(wrong)}})
        with pytest.raises(UsageError, match=r"c\.Inginious\.environments") as refusal:
            load_settings(config, {})
        assert FORM.search(str(refusal.value))


def test_on_a_hub_the_user_is_the_hubs_user(monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    assert load_settings(None, {}).username == "ada"


def test_every_setting_has_a_variable_and_an_explanation():
    rows = list(described_settings())
    assert len({variable for _, variable, _, _ in rows}) == len(rows) > 10
    assert all(variable.startswith("INGINIOUS_") and text for _, variable, _, text in rows)


def test_an_account_without_home_and_without_name_has_settings(monkeypatch):
    def unknown(_uid):
        raise KeyError("uid not found")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    settings = load_settings(None, {"INGINIOUS_COURSES": "~/courses"})
    assert (settings.username, settings.history) == ("student", "")
    session = Session(settings)
    session.close()
    warnings = " ".join(session.warnings)
    assert "INGINIOUS_HISTORY" in warnings
    assert "There is no folder ~/courses" in warnings


def test_a_name_of_bytes_that_are_no_text_can_be_kept(monkeypatch):
    monkeypatch.setenv("LOGNAME", "b\udcffb")
    assert load_settings(None, {}).username == "b?b"
