"""The real web application of INGInious 0.9.2 with its backend and mcq agent, on loopback."""

from __future__ import annotations

from pathlib import Path

import httpx
import yaml

from .peer import InginiousSite, Process, free_port, wait_for_port

_SCRIPT = Path(__file__).with_name("serve_web_site.py")

DOT = b"\x89PNG\r\n\x1a\n and what a picture has"

_QUIZ = {
    "name": "A quiz",
    "author": "T. Eacher",
    "context": "Read *this* first.",
    "environment_type": "mcq",
    "environment_id": "mcq",
    "environment_parameters": {},
    "network_grading": False,
    "input_random": 0,
    "problems": {
        "loop": {
            "type": "multiple_choice",
            "name": "Loop",
            "header": "How many?",
            "limit": 0,
            "choices": [
                {"text": "ten", "valid": True, "feedback": "Yes *ten*."},
                {"text": "nine", "feedback": "No, ten."},
            ],
        },
        "keys": {
            "type": "multiple_choice",
            "name": "Keys",
            "header": "Which?",
            "multiple": True,
            "limit": 0,
            "choices": [
                {"text": "a", "valid": True},
                {"text": "b", "valid": True},
                {"text": "c"},
            ],
        },
        "word": {"type": "match", "name": "Word", "header": "Say it", "answer": "noël"},
    },
}

_MIXED = {
    **_QUIZ,
    "name": "Mixed & <all>",
    "author": "A. Uthor",
    "context": "Read *this*, :math:`a^2`, `a file <mixed/dot.png>`_.\n\n"
    ".. image:: /course/probe/mixed/dot.png\n\n"
    ".. raw:: html\n\n   <script>alert(1)</script><b onclick='x'>raw</b>\n",
    # No agent but one of a test offers it.
    "environment_type": "docker",
    "environment_id": "held",
    "environment_parameters": {"limits": {"time": "30", "memory": "100", "hard_time": "60"}},
    "problems": {
        "code": {
            "type": "code",
            "name": "Code",
            "header": "Write *it*",
            "language": "python",
            "default": "x < 1\n# é",
        },
        "free": {"type": "code", "name": "", "header": "", "optional": True, "offset": 5},
        "line": {"type": "code_single_line", "name": "Line", "header": "", "default": "dé"},
        "data": {
            "type": "file",
            "name": "Data",
            "header": "The file.",
            "allowed_exts": [".csv"],
            "max_size": 10000,
        },
        **_QUIZ["problems"],
    },
}


def browser_session(site, name):
    """Sign somebody in as in a browser and return the value of the session's cookie."""
    with httpx.Client(base_url=site.address, trust_env=False) as browser:
        browser.post("/signin", data={"login": name, "password": f"{name}-password"})
        return browser.cookies["inginious_session_id"]


class WebSite:
    """The site; course ``probe`` with the tasks quiz, random, late, nowhere and mixed.

    Attributes:
        address: Where a browser opens it.
        students: Who has an account and is in no course yet.
        users: Who has an account; the password is the name and "-password".
    """

    # Each test that counts attempts takes a student of its own.
    students = tuple(f"student{number}" for number in range(20))
    users = ("superadmin", "alice", "bob", "carol", *students)

    def __init__(self, folder):
        self.tasks = Path(folder) / "tasks"
        self._write_courses()
        self.backend = InginiousSite(self.tasks)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        configuration = Path(folder) / "configuration.yaml"
        configuration.write_text(
            yaml.safe_dump(
                {
                    "backend": self.backend.address,
                    "tasks_directory": str(self.tasks),
                    "session_parameters": {"secret_key": "0123456789abcdef0123456789abcdef"},
                    "superadmins": ["superadmin"],
                }
            )
        )
        self._process = Process(
            self.backend.bin / "python", _SCRIPT, configuration, self.port, *self.users
        )
        try:
            wait_for_port(self.port, self._process, timeout_s=180)
            self.backend.wait_until_offered("mcq")  # else what comes first is a crash
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self._process.kill()
        self.backend.stop()

    def _write_courses(self):
        tasks = {
            "quiz": _QUIZ,
            "random": {**_QUIZ, "name": "Random", "input_random": 2},
            "late": {**_QUIZ, "name": "Late"},
            # No agent offers it, so it crashes at once.
            "nowhere": {**_QUIZ, "environment_type": "docker", "environment_id": "none"},
            "mixed": _MIXED,
        }
        config = {name: {"accessibility": True} for name in tasks}
        config["late"] = {"accessibility": "2020-01-01 / 2020-02-01"}
        config["mixed"] = {
            "accessibility": "2020-01-01 / 2040-01-02 10:00:00 / 2041-01-01",
            "evaluation_mode": "last",
            "submission_limit": {"amount": 500, "period": 24},
        }
        course = {
            "name": "Probe",
            "accessible": True,
            "registration": True,
            "admins": [],
            "task_dispenser": "toc",
            "dispenser_data": {
                "toc": [
                    {
                        "id": "all",
                        "title": "All",
                        "rank": 0,
                        "tasks_list": {name: rank for rank, name in enumerate(tasks)},
                    }
                ],
                "config": config,
            },
        }
        self._write("probe", course, tasks)
        self._write("closed", {**course, "name": "Closed", "accessible": False}, tasks)

    def _write(self, course_id, course, tasks):
        folder = self.tasks / course_id
        for name, task in tasks.items():
            (folder / name).mkdir(parents=True)
            (folder / name / "task.yaml").write_text(yaml.safe_dump(task, sort_keys=False))
        for name in tasks:
            (folder / name / "public").mkdir()
            (folder / name / "public" / "dot.png").write_bytes(DOT)
            (folder / name / "public" / "page.png").write_bytes(b"<script>alert(1)</script>")
        (folder / "course.yaml").write_text(yaml.safe_dump(course, sort_keys=False))
