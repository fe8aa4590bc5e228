"""Reads the arguments of the commands. argparse would take half of the time of a short command."""

import os
import sys


def read(command, arguments, options, words=(), rest=None):
    """Sort arguments into options and words.

    ``options`` maps each spelling to a key and a kind: bool for a flag, list for texts that may
    come several times, otherwise the function that reads the value. ``words`` are the keys of what
    stands without a dash; ``rest`` is the key of a list with all further words, in which nothing
    is an option if there are no ``words``. What is absent is None, False or an empty list.
    """
    found = {key: {bool: False, list: []}.get(kind) for key, kind in options.values()}
    given = []
    queue = list(arguments)
    while queue:
        argument = queue.pop(0)
        if argument == "--":
            given += queue
            break
        if not argument.startswith("-") or argument == "-" or _is_number(argument):
            given.append(argument)
            if rest and not words:
                given += queue
                break
            continue
        if argument in ("-h", "--help"):
            print(_usage(command, options, words, rest))
            sys.exit(0)
        if argument.startswith("--"):
            name, has_value, value = argument.partition("=")
            name = _completed(name, options)
        else:
            name, has_value, value = argument[:2], argument[2:], argument[2:]
        if name not in options:
            fail(command, "there is no option " + name)
        key, kind = options[name]
        if kind is bool:
            found[key] = True
            if has_value:  # flags written together, such as -ae
                queue.insert(0, "-" + value)
            continue
        if not has_value:
            if not queue:
                fail(command, name + " needs a value")
            value = queue.pop(0)
        if kind is list:
            found[key].append(value)
        else:
            found[key] = _converted(command, name, kind, value)
    if len(given) < len(words) or (len(given) > len(words) and not rest):
        fail(command, "usage: " + _usage(command, options, words, rest))
    found.update(zip(words, given))
    if rest:
        found[rest] = given[len(words) :]
    return found


def fail(command, text):
    """End the command because of how it was called."""
    sys.stderr.write("%s: %s\n" % (command, text))
    sys.exit(2)


def leave(status=0):
    """End the command. Taking the interpreter apart would take a sixth of its time."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it was closed
            stream.flush()
    os._exit(status)


def number(command, name, text):
    """Return the text as a number; grades may be written with a fraction."""
    return _converted(command, name, float, text)


def _converted(command, name, kind, value):
    try:
        return kind(value)
    except ValueError:
        fail(command, "%s cannot be %r" % (name, value))


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _completed(name, options):
    """Return the option that a word means: a long one may be shortened while it is clear."""
    if name in options:
        return name
    longer = [option for option in options if option.startswith(name)]
    return longer[0] if len(longer) == 1 else name


def _usage(command, options, words, rest):
    parts = [command]
    parts += [
        "[%s%s]" % (name, "" if kind is bool else " …") for name, (_, kind) in options.items()
    ]
    parts += [word.upper() for word in words]
    return " ".join(parts + (["…"] if rest else []))
