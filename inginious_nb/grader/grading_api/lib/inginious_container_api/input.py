"""The input data: the answers, who submits, when, in which language; templates filled with answers."""

import json
import os

from inginious_container_api import _places


def _load_input():
    """Return the whole input document; the answers are under its key ``input``."""
    with open(_places.INPUT, encoding="utf-8") as file:
        return json.load(file)


load_input = _load_input  # its name before 2019, which many real tasks call


def _is_file(answer):
    return isinstance(answer, dict) and "filename" in answer and "value" in answer


def get_input(problem):
    """Return the answer to a problem, or another submitted value such as ``@username``.

    For an uploaded file ``id`` and ``id:value`` give its bytes, ``id:filename`` its name.

    Raises:
        KeyError: Nothing of that name was submitted.
    """
    answers = _load_input()["input"]
    if problem not in answers:
        name, _, part = problem.rpartition(":")
        if part in ("filename", "value") and _is_file(answers.get(name)):
            return answers[name]["filename"] if part == "filename" else _content(answers[name])
        known = ", ".join(name for name in answers if not name.startswith("@"))
        raise KeyError(f"there is no answer to a problem {problem}, only to {known or 'none'}")
    answer = answers[problem]
    return _content(answer) if _is_file(answer) else answer


def _content(upload):
    with open(upload["value"], "rb") as file:
        return file.read()


def get_username():
    """Return who submitted; several names, joined by commas, for a group."""
    return get_input("@username")


def get_lang():
    """Return the language code of the submitter."""
    return get_input("@lang")


def get_submission_time():
    """Return when it was submitted, as a datetime."""
    from datetime import datetime

    text = get_input("@time")
    pattern = "%Y-%m-%d %H:%M:%S"
    return datetime.strptime(text, pattern + ".%f" if "." in text else pattern)


def parse_template(input_filename, output_filename=""):
    """Replace the placeholders of a file by answers; in place if no output is named.

    A placeholder is ``@PREFIX@ID@SUFFIX@``: each line of the answer is put between PREFIX and
    SUFFIX, which are usually empty or indentation.
    """
    # Line ends stay as they are: those of Windows in a template are in its copy.
    with open(input_filename, encoding="utf-8", newline="") as file:
        template = file.read()
    text = _filled(template, _load_input()["input"])
    output_filename = output_filename or input_filename
    directory = os.path.dirname(output_filename)
    if directory:
        os.makedirs(directory, exist_ok=True)
    with open(output_filename, "w", encoding="utf-8", newline="") as file:
        file.write(text)


def _filled(template, answers):
    import re

    values = {}
    for name, answer in answers.items():
        if _is_file(answer):
            values[name + ":filename"] = answer["filename"]
            values[name + ":value"] = answer
        else:
            values[name] = answer
    # All ids in one pattern: what an answer contains is never expanded again. Those that are not in
    # the template would only make the pattern take longer.
    names = [name for name in sorted(values, key=len, reverse=True) if name in template]
    if not names:
        return template
    ids = "|".join(map(re.escape, names))

    def answer_lines(match):
        prefix, name, suffix = match.groups()
        value = values[name]
        if isinstance(value, dict):
            value = _content(value).decode("utf-8")
        return "\n".join(prefix + line + suffix for line in value.splitlines())

    return re.sub("@([^@]*)@(" + ids + ")@([^@]*)@", answer_lines, template)
