"""The commands that shell scripts call (protocol.md 4.9). `bin/` holds one starter for each.

Exit status 0 and no output unless said otherwise; bad usage gives 2, as argparse has it.
"""

import os
import sys

from inginious_container_api import _places


def getinput(arguments):
    """`getinput ID`: write the answer, without adding a newline."""
    import json

    from inginious_container_api import input

    if len(arguments) != 1:
        sys.stderr.write("usage: getinput ID\n")
        sys.exit(2)
    answer = input.get_input(arguments[0])
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

    parser = _parser("parsetemplate")
    parser.add_argument("-o", "--output", default="")
    parser.add_argument("input")
    options = parser.parse_args(arguments)
    try:
        input.parse_template(options.input, options.output)
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write("parsetemplate: %s\n" % error)
        sys.exit(2)


def feedback_result(arguments):
    """`feedback-result [-i PID] RESULT`."""
    from inginious_container_api import feedback

    parser = _parser("feedback-result")
    parser.add_argument("-i", "--id", default="")
    parser.add_argument("result")
    options = parser.parse_args(arguments)
    if options.id:
        feedback.set_problem_result(options.result, options.id)
    else:
        feedback.set_global_result(options.result)


def feedback_grade(arguments):
    """`feedback-grade GRADE`."""
    from inginious_container_api import feedback

    parser = _parser("feedback-grade")
    parser.add_argument("grade", type=float)
    feedback.set_grade(parser.parse_args(arguments).grade)


def feedback_msg(arguments):
    """`feedback-msg [-a] [-i PID] [-e] [-m MSG]`: without a message, read it from stdin."""
    from inginious_container_api import feedback

    parser = _parser("feedback-msg")
    parser.add_argument("-a", "--append", action="store_true")
    parser.add_argument("-i", "--id", default="")
    _add_text(parser, "-m", "--message")
    options = parser.parse_args(arguments)
    text = _text(options.message, options.escape)
    if options.id:
        feedback.set_problem_feedback(text, options.id, options.append)
    else:
        feedback.set_global_feedback(text, options.append)


def feedback_msg_tpl(arguments):
    """`feedback-msg-tpl [-a] [-i PID] TPL [k=v …]`."""
    from inginious_container_api import feedback

    parser = _parser("feedback-msg-tpl")
    parser.add_argument("-a", "--append", action="store_true")
    parser.add_argument("-i", "--id", default="")
    parser.add_argument("template")
    parser.add_argument("parameters", nargs="*", metavar="NAME=VALUE")
    options = parser.parse_args(arguments)
    parameters = {}
    for parameter in options.parameters:
        if parameter.count("=") != 1:
            parser.error("%r is not NAME=VALUE" % parameter)
        name, _, value = parameter.partition("=")
        parameters[name] = value
    feedback.set_feedback_from_tpl(options.template, parameters, options.id or None, options.append)


def feedback_custom(arguments):
    """`feedback-custom [-j] KEY VALUE`."""
    from inginious_container_api import feedback

    parser = _parser("feedback-custom")
    parser.add_argument("-j", "--json", action="store_true")
    parser.add_argument("key")
    parser.add_argument("value")
    options = parser.parse_args(arguments)
    value = _json(options.value) if options.json else _scalar(options.value)
    feedback.set_custom_value(options.key, value)


def feedback_state(arguments):
    """`feedback-state VALUE`."""
    from inginious_container_api import feedback

    parser = _parser("feedback-state")
    parser.add_argument("value")
    feedback.set_state(parser.parse_args(arguments).value)


def tag(arguments):
    """`tag VALUE`: add a remark."""
    from inginious_container_api import feedback

    parser = _parser("tag")
    parser.add_argument("value")
    feedback.tag(parser.parse_args(arguments).value)


def tag_set(arguments):
    """`tag-set ID true|True|other`: anything but true or True is false."""
    from inginious_container_api import feedback

    parser = _parser("tag-set")
    parser.add_argument("id")
    parser.add_argument("value")
    options = parser.parse_args(arguments)
    feedback.set_tag(options.id, options.value in ("true", "True"))


def feedback(arguments):
    """`feedback …`: the old all-in-one command, still widely used."""
    from inginious_container_api import feedback

    parser = _parser("feedback")
    parser.add_argument("-r", "--result")
    parser.add_argument("-g", "--grade", type=float)
    parser.add_argument("-f", "--feedback")
    parser.add_argument("-i", "--id", default="")
    parser.add_argument("-e", "--escape", action="store_true")
    parser.add_argument("-c", "--custom", action="append", default=[], metavar="NAME:VALUE")
    parser.add_argument("-j", "--custom-json", action="append", default=[], metavar="NAME:JSON")
    parser.add_argument("-p", "--print", action="store_true", dest="show")
    options = parser.parse_args(arguments)
    if options.result is not None:
        if options.id:
            feedback.set_problem_result(options.result, options.id)
        else:
            feedback.set_global_result(options.result)
    if options.grade is not None:
        feedback.set_grade(options.grade)
    if options.feedback is not None:
        text = _unescaped(options.feedback) if options.escape else options.feedback
        if options.id:
            feedback.set_problem_feedback(text, options.id)
        else:
            feedback.set_global_feedback(text)
    for definitions, read in ((options.custom, _scalar), (options.custom_json, _json)):
        for definition in definitions:
            name, colon, value = definition.partition(":")
            if not colon:
                parser.error("%r is not NAME:VALUE" % definition)
            feedback.set_custom_value(name, read(value))
    if options.show:
        import json

        print(json.dumps(feedback.get_feedback()))


def archive(arguments):
    """`archive [-o SUBDIR] -a FILE | -r FILE`: copy into, or remove from, `/archive`."""
    import shutil

    parser = _parser("archive")
    parser.add_argument("-o", "--outsubdir", default="")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("-a", "--add", metavar="FILE")
    action.add_argument("-r", "--remove", metavar="FILE")
    options = parser.parse_args(arguments)
    print("archive is deprecated: write to /archive instead.")
    directory = os.path.join(_places.ARCHIVE, options.outsubdir.lstrip("/"))
    try:
        if options.add:
            os.makedirs(directory, exist_ok=True)
            target = os.path.join(directory, os.path.basename(options.add.rstrip("/")))
            copy = shutil.copytree if os.path.isdir(options.add) else shutil.copy
            copy(options.add, target)
        else:
            target = os.path.join(directory, options.remove.lstrip("/"))
            remove = shutil.rmtree if os.path.isdir(target) else os.remove
            remove(target)
    except OSError as error:
        sys.stderr.write("archive: %s\n" % error)
        sys.exit(2)


def rst_code(arguments):
    """`rst-code [-l LANG] [-e] [-c CODE]`."""
    from inginious_container_api import rst

    parser = _parser("rst-code")
    parser.add_argument("-l", "--language", default="")
    _add_text(parser, "-c", "--code")
    options = parser.parse_args(arguments)
    print(rst.get_codeblock(options.language, _text(options.code, options.escape)))


def rst_image(arguments):
    """`rst-image [-f FMT] FILE`."""
    from inginious_container_api import rst

    parser = _parser("rst-image")
    parser.add_argument("-f", "--format", default="")
    parser.add_argument("file")
    options = parser.parse_args(arguments)
    print(rst.get_imageblock(options.file, options.format))


def rst_msgblock(arguments):
    """`rst-msgblock [-c CLASS] [-t TITLE] [-e] [-m MSG]`."""
    from inginious_container_api import rst

    parser = _parser("rst-msgblock")
    parser.add_argument("-c", "--class", default="", dest="css_class")
    parser.add_argument("-t", "--title", default="")
    _add_text(parser, "-m", "--message")
    options = parser.parse_args(arguments)
    text = _text(options.message, options.escape)
    print(rst.get_admonition(options.css_class, options.title, text))


def rst_indent(arguments):
    """`rst-indent [-a N] [-c CHAR] [-e] [-m MSG]`."""
    from inginious_container_api import rst

    parser = _parser("rst-indent")
    parser.add_argument("-a", "--amount", type=int, default=1)
    parser.add_argument("-c", "--indent-char", default="\t")
    _add_text(parser, "-m", "--message")
    options = parser.parse_args(arguments)
    text = _text(options.message, options.escape)
    print(rst.indent_block(options.amount, text, options.indent_char))


# ---- what several commands need ---------------------------------------------------------------


def _parser(name):
    import argparse

    return argparse.ArgumentParser(prog=name)


def _add_text(parser, *names):
    parser.add_argument("-e", "--escape", action="store_true", help="interpret backslash escapes")
    parser.add_argument(*names, default="")


def _text(text, escape):
    text = text or sys.stdin.read()
    return _unescaped(text) if escape else text


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
