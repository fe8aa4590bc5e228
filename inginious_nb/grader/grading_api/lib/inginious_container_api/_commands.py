"""The commands that shell scripts call (docs/grading-api.md). `bin/` holds one starter for each.

Exit status 0 and no output unless said otherwise; bad usage gives 2.
"""

import os
import sys

from inginious_container_api import _places
from inginious_container_api._options import fail, number, read


def getinput(arguments):
    """`getinput ID`: write the answer, without adding a newline."""
    import json

    from inginious_container_api import input

    answer = input.get_input(read("getinput", arguments, {}, ["id"])["id"])
    if answer is None:
        sys.exit(2)
    if isinstance(answer, bytes):
        content = answer
    elif isinstance(answer, (list, dict)):
        content = json.dumps(answer).encode("utf-8")
    else:
        content = str(answer).encode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(content)


def parsetemplate(arguments):
    """`parsetemplate [-o OUT] IN`: replace the placeholders by answers."""
    from inginious_container_api import input

    options = read("parsetemplate", arguments, _both("-o", "--output", str), ["input"])
    try:
        input.parse_template(options["input"], options["output"] or "")
    except (OSError, UnicodeDecodeError) as error:
        fail("parsetemplate", error)


def feedback_result(arguments):
    """`feedback-result [-i PID] RESULT`."""
    from inginious_container_api import feedback

    options = read("feedback-result", arguments, _ID, ["result"])
    if options["id"]:
        feedback.set_problem_result(options["result"], options["id"])
    else:
        feedback.set_global_result(options["result"])


def feedback_grade(arguments):
    """`feedback-grade GRADE`."""
    from inginious_container_api import feedback

    grade = read("feedback-grade", arguments, {}, ["grade"])["grade"]
    feedback.set_grade(number("feedback-grade", "the grade", grade))


def feedback_msg(arguments):
    """`feedback-msg [-a] [-i PID] [-e] [-m MSG]`: without a message, read it from stdin."""
    from inginious_container_api import feedback

    spellings = {**_ID, **_APPEND, **_text_option("-m", "--message")}
    options = read("feedback-msg", arguments, spellings)
    if options["id"]:
        feedback.set_problem_feedback(_text(options), options["id"], options["append"])
    else:
        feedback.set_global_feedback(_text(options), options["append"])


def feedback_msg_tpl(arguments):
    """`feedback-msg-tpl [-a] [-i PID] TPL [k=v …]`."""
    from inginious_container_api import feedback

    options = read("feedback-msg-tpl", arguments, {**_ID, **_APPEND}, ["template"], "parameters")
    parameters = {}
    for parameter in options["parameters"]:
        if parameter.count("=") != 1:
            fail("feedback-msg-tpl", "%r is not NAME=VALUE" % parameter)
        name, _, value = parameter.partition("=")
        parameters[name] = value
    feedback.set_feedback_from_tpl(
        options["template"], parameters, options["id"], options["append"]
    )


def feedback_custom(arguments):
    """`feedback-custom [-j] KEY VALUE`."""
    from inginious_container_api import feedback

    options = read("feedback-custom", arguments, _both("-j", "--json", bool), ["key", "value"])
    value = _json(options["value"]) if options["json"] else _scalar(options["value"])
    feedback.set_custom_value(options["key"], value)


def feedback_state(arguments):
    """`feedback-state VALUE`."""
    from inginious_container_api import feedback

    feedback.set_state(read("feedback-state", arguments, {}, ["value"])["value"])


def tag(arguments):
    """`tag VALUE`: add a remark."""
    from inginious_container_api import feedback

    feedback.tag(read("tag", arguments, {}, ["value"])["value"])


def tag_set(arguments):
    """`tag-set ID true|True|other`: anything but true or True is false."""
    from inginious_container_api import feedback

    options = read("tag-set", arguments, {}, ["id", "value"])
    feedback.set_tag(options["id"], options["value"] in ("true", "True"))


def feedback(arguments):
    """`feedback …`: the old all-in-one command, still widely used."""
    from inginious_container_api import feedback

    spellings = {
        **_both("-r", "--result", str),
        **_both("-g", "--grade", float),
        **_both("-f", "--feedback", str),
        **_ID,
        **_ESCAPE,
        **_both("-c", "--custom", list),
        **_both("-j", "--custom-json", list),
        **_both("-p", "--print", bool),
    }
    options = read("feedback", arguments, spellings)
    problem, text = options["id"], options["feedback"]
    if options["result"] is not None:
        if problem:
            feedback.set_problem_result(options["result"], problem)
        else:
            feedback.set_global_result(options["result"])
    if options["grade"] is not None:
        feedback.set_grade(options["grade"])
    if text is not None:
        text = _unescaped(text) if options["escape"] else text
        if problem:
            feedback.set_problem_feedback(text, problem)
        else:
            feedback.set_global_feedback(text)
    for key, value_of in (("custom", _scalar), ("custom-json", _json)):
        for definition in options[key]:
            name, colon, value = definition.partition(":")
            if not colon:
                fail("feedback", "%r is not NAME:VALUE" % definition)
            feedback.set_custom_value(name, value_of(value))
    if options["print"]:
        import json

        print(json.dumps(feedback.get_feedback()))


def archive(arguments):
    """`archive [-o SUBDIR] -a FILE | -r FILE`: copy into, or remove from, `/archive`."""
    import shutil

    spellings = {
        **_both("-o", "--outsubdir", str),
        **_both("-a", "--add", str),
        **_both("-r", "--remove", str),
    }
    options = read("archive", arguments, spellings)
    added, removed = options["add"], options["remove"]
    if bool(added) == bool(removed):
        fail("archive", "say either -a FILE or -r FILE")
    print("archive is deprecated: write to /archive instead.")
    directory = os.path.join(_places.ARCHIVE, (options["outsubdir"] or "").lstrip("/"))
    try:
        if added:
            os.makedirs(directory, exist_ok=True)
            target = os.path.join(directory, os.path.basename(added.rstrip("/")))
            copy = shutil.copytree if os.path.isdir(added) else shutil.copy
            copy(added, target)
        else:
            target = os.path.join(directory, removed.lstrip("/"))
            remove = shutil.rmtree if os.path.isdir(target) else os.remove
            remove(target)
    except OSError as error:
        fail("archive", error)


def rst_code(arguments):
    """`rst-code [-l LANG] [-e] [-c CODE]`."""
    from inginious_container_api import rst

    spellings = {**_both("-l", "--language", str), **_text_option("-c", "--code")}
    options = read("rst-code", arguments, spellings)
    print(rst.get_codeblock(options["language"] or "", _text(options)))


def rst_image(arguments):
    """`rst-image [-f FMT] FILE`."""
    from inginious_container_api import rst

    options = read("rst-image", arguments, _both("-f", "--format", str), ["file"])
    print(rst.get_imageblock(options["file"], options["format"] or ""))


def rst_msgblock(arguments):
    """`rst-msgblock [-c CLASS] [-t TITLE] [-e] [-m MSG]`."""
    from inginious_container_api import rst

    spellings = {
        **_both("-c", "--class", str),
        **_both("-t", "--title", str),
        **_text_option("-m", "--message"),
    }
    options = read("rst-msgblock", arguments, spellings)
    print(rst.get_admonition(options["class"] or "", options["title"] or "", _text(options)))


def rst_indent(arguments):
    """`rst-indent [-a N] [-c CHAR] [-e] [-m MSG]`."""
    from inginious_container_api import rst

    spellings = {
        **_both("-a", "--amount", int),
        **_both("-c", "--indent-char", str),
        **_text_option("-m", "--message"),
    }
    options = read("rst-indent", arguments, spellings)
    amount = 1 if options["amount"] is None else options["amount"]
    print(rst.indent_block(amount, _text(options), options["indent-char"] or "\t"))


# ---- what several commands need ---------------------------------------------------------------


def _both(short, long, kind):
    """Return a short and a long spelling of an option, whose key is the long one without dashes."""
    return {short: (long[2:], kind), long: (long[2:], kind)}


_ID = _both("-i", "--id", str)
_APPEND = _both("-a", "--append", bool)
_ESCAPE = _both("-e", "--escape", bool)


def _text_option(short, long):
    return {**_ESCAPE, short: ("text", str), long: ("text", str)}


def _text(options):
    text = options["text"] or sys.stdin.read()
    return _unescaped(text) if options["escape"] else text


def _unescaped(text):
    """Backslash escapes interpreted; what is no escape, accents included, stays as it is."""
    import re

    return re.sub(
        r"\\(?:[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\s\S])",
        lambda match: match.group().encode("ascii", "backslashreplace").decode("unicode_escape"),
        text,
    )


def _json(text):
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        sys.stderr.write("%r is not JSON: %s\n" % (text, error))
        sys.exit(1)


def _scalar(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
