"""The feedback of the grading: result, grade, texts, tests, state. Each call rewrites the feedback file."""

import json

from inginious_container_api import _places


def get_feedback():
    """Return the feedback that was set until now, as a dictionary."""
    try:
        with open(_places.FEEDBACK, encoding="utf-8") as file:
            content = file.read()
    except FileNotFoundError:
        return {}
    return json.loads(content) if content.strip() else {}


load_feedback = get_feedback  # an older name


def save_feedback(feedback):
    """Replace everything that was set."""
    content = json.dumps(feedback)
    with open(_places.FEEDBACK, "w", encoding="utf-8") as file:
        file.write(content)


def set_global_result(result):
    """Set the result of the submission: success, failed, or another code."""
    feedback = get_feedback()
    feedback["result"] = result
    save_feedback(feedback)


def set_problem_result(result, problem_id):
    """Set the result of one problem, keeping its text."""
    feedback = get_feedback()
    problems = feedback.setdefault("problems", {})
    problems[problem_id] = [result, _code_and_text(problems.get(problem_id))[1]]
    save_feedback(feedback)


def set_grade(grade):
    """Set the grade, usually between 0 and 100."""
    grade = float(grade)
    feedback = get_feedback()
    feedback["grade"] = grade
    save_feedback(feedback)


def set_global_feedback(feedback, append=False):
    """Set the text of the submission, or add to it."""
    _must_be_text(feedback)
    current = get_feedback()
    current["text"] = current.get("text", "") + feedback if append else feedback
    save_feedback(current)


def set_problem_feedback(feedback, problem_id, append=False):
    """Set the text of one problem, or add to it; its result is kept."""
    _must_be_text(feedback)
    current = get_feedback()
    problems = current.setdefault("problems", {})
    code, text = _code_and_text(problems.get(problem_id))
    text = text + feedback if append else feedback
    problems[problem_id] = text if code is None else [code, text]
    save_feedback(current)


def set_state(state):
    """Set the text that the next submission of this student gets as ``@state``."""
    feedback = get_feedback()
    feedback["state"] = state
    save_feedback(feedback)


def set_tag(tag, value):
    """Set whether a test (a tag of the course) passed."""
    if tag.startswith("*auto-tag-"):
        return
    feedback = get_feedback()
    feedback.setdefault("tests", {})[tag] = value == True  # noqa: E712 - 1 counts, "yes" does not
    save_feedback(feedback)


def tag(value):
    """Add a remark that is shown among the tests."""
    import hashlib

    value = str(value)
    key = "*auto-tag-" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    feedback = get_feedback()
    feedback.setdefault("tests", {})[key] = value
    save_feedback(feedback)


def set_custom_value(custom_name, custom_val):
    """Set a value for whoever reads the results by program; anything that JSON can hold."""
    feedback = get_feedback()
    feedback.setdefault("custom", {})[custom_name] = custom_val
    save_feedback(feedback)


def set_feedback_from_tpl(tpl_name, parameters, problem_id=None, append=False):
    """Set the text of the submission, or of one problem, from a Jinja2 template.

    Returns False, and shows what went wrong as the feedback, if there is no such template or it
    cannot be filled.
    """
    from inginious_container_api import _templates

    text, is_good = _templates.render(tpl_name, parameters)
    if problem_id:
        set_problem_feedback(text, problem_id, append)
    else:
        set_global_feedback(text, append)
    return is_good


def _code_and_text(entry):
    """Return the two halves of a problem's entry, which is a bare text until a result is set."""
    if entry is None:
        return None, ""
    if isinstance(entry, (list, tuple)):
        return entry[0], entry[1]
    return None, entry


def _must_be_text(feedback):
    if not isinstance(feedback, str):
        raise ValueError("Feedback must be text, not %s." % type(feedback).__name__)
