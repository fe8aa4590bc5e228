"""A small course, written where a test wants it: one task of each kind that a test may need."""

from __future__ import annotations

import textwrap

FILES = {
    "course.yaml": "name: Laboratory",
    "choice/task.yaml": """
        name: Choose
        environment_type: mcq
        environment_id: mcq
        environment_parameters: {}
        problems:
          colour:
            type: multiple_choice
            choices:
              - {text: red, valid: true, feedback: Warm.}
              - {text: blue, feedback: Cold.}
          word: {type: match, answer: rose}
    """,
    "echo/task.yaml": """
        name: Echo
        environment_type: docker
        environment_id: default
        environment_parameters: {limits: {time: 20, hard_time: 40, memory: 128}}
        problems:
          text: {type: code, language: text, name: A text}
    """,
    # What it is told in the answer, it does; the state counts the submissions.
    "echo/run": """
        #!/bin/bash
        answer=$(getinput text)
        feedback-state "$(getinput @state)+"
        feedback-custom state "$(getinput @state)."
        feedback-custom lang "$(getinput @lang)"
        feedback-custom attempts "n$(getinput @attempts)"
        echo "on stdout"
        if [ "$answer" = right ]; then
          feedback-result success; feedback-grade 100
        else
          feedback-result failed; feedback-grade 40
          feedback-msg -i text -m "You wrote: $answer"
        fi
        tag-set seen true
        feedback-msg -m "Read."
    """,
    "sleep/task.yaml": """
        name: Sleep
        environment_type: docker
        environment_id: default
        environment_parameters: {limits: {time: 100, hard_time: 100, memory: 128}}
        problems:
          seconds: {type: match, answer: x}
    """,
    "sleep/run": """
        #!/bin/bash
        sleep "$(getinput seconds)"
        feedback-result success
    """,
    "elsewhere/task.yaml": """
        name: Elsewhere
        environment_type: docker
        environment_id: cobol
        environment_parameters: {limits: {time: 5, memory: 64}}
        problems:
          text: {type: code, language: text}
    """,
    "broken/task.yaml": "name: [unclosed\nproblems: {}",
}


def write_course(folder, name="lab"):
    """Write the course into folder/name and return that path."""
    for path, text in FILES.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).strip() + "\n")
        if file.name == "run":
            file.chmod(0o755)
    return folder / name
