"""Jobs find the grading API in their system, as in a container, whatever their variables."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from inginious_nb.grader.job import locales
from inginious_nb.grader.job.python_packages import Interpreter, copy_packages, find_interpreters
from inginious_nb.grader.job.system_views import SystemViews

if TYPE_CHECKING:
    from pathlib import Path

FOUND = {
    "a program of the student imports it": (
        "run_student python3 -c 'from\\ inginious\\ import\\ rst;print(rst.indent_block(1,str()))'",
        "\n",
    ),
    "a program of the student runs a command": ("run_student rst-indent -m x", "\tx\n\n"),
    "a program of the student has an environment of its own": (
        "run_student env -i /bin/rst-indent -m x",
        "\tx\n\n",
    ),
    "a path in bin": ("/bin/getinput q1", "answer"),
    "a path in usr": ("/usr/bin/getinput q1", "answer"),
    "no environment": ('env -i bash -c "getinput q1"', "answer"),
    "no environment, Python": (
        'env -i /usr/bin/python3 -c "from inginious import input; print(input.get_input(\'q1\'))"',
        "answer\n",
    ),
    "isolated Python": (
        "python3 -I -c \"import inginious_container_api.input as i; print(i.get_input('q1'))\"",
        "answer\n",
    ),
    "another search path": (
        "PYTHONPATH=./src python3 -c 'from inginious import input; print(input.__name__)'",
        "inginious_container_api.input\n",
    ),
    "another PATH": ("PATH=/usr/bin:/bin; run_student echo x", "x\n"),
    "packages without the API": (
        "python3 -Ic 'import yaml, jinja2, msgpack; print(yaml.safe_load(\"a: 1\"))'",
        "{'a': 1}\n",
    ),
    "compiled packages": ("env -i /bin/python3 -c 'import zmq; zmq.Context().term()'", ""),
    "a template": ("echo {{ a }} > t.tpl; env -i /bin/feedback-msg-tpl t a=1; echo $?", "0\n"),
    "the machine's own programs": (
        "gcc -print-prog-name=cc1 >/dev/null; python3 -c 'import sys; print(sys.prefix)'",
        "/usr\n",
    ),
}  # fmt: skip


async def test_it_is_found_without_variables(course):
    if course.kind == "plain":
        pytest.skip("the plain sandbox has no system folders of its own")
    lines = ["#!/bin/bash"]
    for number, (command, _) in enumerate(FOUND.values()):
        lines.append(f"({command}) > /tmp/{number} 2>&1")
        lines.append(f'feedback-custom {number} "$(cat /tmp/{number}; echo .)"')
    run = "\n".join([*lines, "env -i /usr/bin/feedback-result success"])
    result = await course.grade(run, {"q1": "answer"})
    assert result.result[0] == "success"
    printed = {name: result.custom[str(n)][:-1] for n, name in enumerate(FOUND)}
    assert printed == {name: output for name, (_, output) in FOUND.items()}


async def test_the_plain_sandbox_finds_it_by_variables(course):
    if course.kind != "plain":
        pytest.skip("others have it in their system folders")
    run = (
        "#!/usr/bin/env python3\nimport yaml, jinja2, msgpack\n"
        "from inginious.run_student import run_student_simple\nfrom inginious import feedback\n"
        "import subprocess\n"
        "said = run_student_simple('rst-indent -m x')[0] + run_student_simple("
        "'python3 -c \"import inginious; print(inginious.rst.__name__)\"')[0]\n"
        "feedback.set_global_feedback(said)\nfeedback.set_global_result('success')\n"
    )
    result = await course.grade(run)
    assert result.result == ("success", "\tx\n\ninginious_container_api.rst\n"), result.stderr


@pytest.mark.parametrize(
    "line",
    [
        "#!/bin/inginious-ipython",
        "#!/usr/bin/inginious-ipython",
        "#!/usr/bin/env inginious-ipython",
        "#! /usr/bin/env -S inginious-ipython",
    ],
)
async def test_ipython_as_the_interpreter_of_a_run_script(course, line):
    result = await course.grade({"run": f"{line}\nset_global_result('success')\n"})
    assert result.result[0] == "success", result.stderr


@pytest.mark.parametrize(
    "command", ["/bin/inginious-ipython my.py", "/bin/feedback-result success"]
)
async def test_a_command_of_the_api_as_the_command_of_a_task(course, command):
    files = {"my.py": "set_global_result('success')"}
    result = await course.grade(files, parameters={"run_cmd": command})
    assert result.result[0] == "success", result.stderr


# ---- views of system folders ------------------------------------------------------------------


def shown(views: SystemViews, place: Path) -> dict[str, str]:
    """What the links of the view of a folder lead to."""
    (source,) = (mount.source for mount in views.mounts() if mount.place == str(place))
    return {path.name: str(path.readlink()) for path in source.iterdir()}


def test_a_view_shows_what_is_installed_meanwhile(tmp_path):
    (tmp_path / "views").mkdir()
    place = tmp_path / "place"
    place.mkdir()
    (place / "old").touch()
    views = SystemViews(tmp_path / "views", "/seen")
    views.add(place, {"ours": "/seen/ours"})
    assert shown(views, place) == {"old": "/seen/1/files/old", "ours": "/seen/ours"}
    assert views.mounts() == views.mounts()
    (place / "new").touch()
    os.utime(place, ns=(0, 0))  # a clock may be coarse
    assert set(shown(views, place)) == {"old", "new", "ours"}


def test_ours_has_priority_over_a_file_of_the_machine(tmp_path):
    (tmp_path / "views").mkdir()
    place = tmp_path / "place"
    (place / "inginious").mkdir(parents=True)
    views = SystemViews(tmp_path / "views", "/seen")
    views.add(place, {"inginious": "/seen/lib/inginious"})
    assert shown(views, place) == {"inginious": "/seen/lib/inginious"}


# ---- interpreters and packages ----------------------------------------------------------------


def test_an_interpreter_of_another_version_gets_what_it_can_import(tmp_path):
    for name, code in (("yaml", ""), ("zmq", "import nothing"), ("jinja2", "def f(:")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(code)
    other = Interpreter(sys.executable, "cpython-36", None, ("yaml", "zmq", "jinja2", "msgpack"))
    assert other.usable(tmp_path) == ["yaml"]


def test_the_packages_that_come_with_us_need_nothing_that_is_compiled(tmp_path):
    copy_packages(["jinja2", "markupsafe", "yaml", "msgpack"], tmp_path / "vendor")
    for compiled in (tmp_path / "vendor").rglob("*.so"):
        compiled.unlink()
    code = (
        "import yaml, jinja2, msgpack; print(msgpack.unpackb(msgpack.packb(yaml.safe_load('[1]'))))"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-Sc",
            f"import sys; sys.path.insert(0, {str(tmp_path / 'vendor')!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[1]\n"


def test_interpreters_are_asked_and_what_is_none_is_left_out(tmp_path):
    (tmp_path / "python3.99").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3.99").chmod(0o755)
    (found,) = find_interpreters(sys.executable, str(tmp_path))
    assert (found.program, found.tag) == (sys.executable, sys.implementation.cache_tag)
    assert found.site is not None
    assert found.site.is_dir()
    (tmp_path / "python3").symlink_to("python3")
    assert find_interpreters(sys.executable, f"{tmp_path}:/proc/self/mem") == [found]


# ---- the locale -------------------------------------------------------------------------------


async def test_jobs_have_the_locale_of_the_containers(course):
    if not locales.is_installed() and locales.compiled_locale() is None:
        pytest.skip("this machine has no sources of locales")
    run = """#!/bin/bash
feedback-msg -m "$(student/look) $(run_student student/look)"
LC_ALL=en_US.UTF-8 perl -e 1 2> /tmp/warned
[ -s /tmp/warned ] || feedback-result success
"""
    look = "#!/bin/sh\necho $LANG $(printf 'B\\na\\nA\\nb\\n' | sort)\n"
    result = await course.grade({"run": run, "student/look": look})
    assert result.result == ("success", "en_US.UTF-8 a A b B en_US.UTF-8 a A b B")


@pytest.mark.parametrize("fault", ["no sources", "no localedef", "no cache"])
def test_without_what_it_is_made_of_there_is_no_locale(tmp_path, monkeypatch, fault):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if fault == "no sources":
        monkeypatch.setattr(locales, "_SOURCES", tmp_path / "nowhere")
    elif fault == "no localedef":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        (tmp_path / "cache").write_text("no folder")
    assert locales.compiled_locale() is None


@pytest.mark.parametrize("has", [True, False])
def test_locales_are_listed_in_any_encoding(tmp_path, monkeypatch, has):
    names = "bokmål\nen_US.utf8\n" if has else "bokmål\n"
    (tmp_path / "names").write_text(names, "latin-1")
    (tmp_path / "locale").write_text(f"#!/bin/sh\ncat {tmp_path}/names\n")
    (tmp_path / "locale").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert locales.is_installed() == has


def test_two_services_compile_the_locale_at_the_same_time(tmp_path, monkeypatch):
    (tmp_path / "localedef").write_text(
        "#!/bin/sh\n"
        'for target; do :; done; mkdir -p "$target" "$target/../../en_US.utf8"\n'
        'touch "$target/LC_COLLATE" "$target/../../en_US.utf8/LC_COLLATE"\n'
    )
    (tmp_path / "localedef").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(locales, "_version", lambda: "1")
    compiled = locales.compiled_locale()
    assert compiled is not None
    assert [path.name for path in compiled.parent.iterdir()] == [locales.FOLDER]
