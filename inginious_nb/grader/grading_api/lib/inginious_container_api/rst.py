"""Pieces of reStructuredText for feedback. The exact shape matters: they are put into each other."""

import os


def get_codeblock(language, text):
    """Return a block of highlighted code."""
    return "\n\n.. code-block:: " + language + "\n\n" + _tabbed(text) + "\n"


def get_imageblock(filename, format=""):
    """Return an image, as part of the text itself."""
    import base64

    subtype = format or os.path.splitext(filename)[1][1:]
    with open(filename, "rb") as file:
        content = base64.b64encode(file.read()).decode("ascii")
    return (
        "\n\n.. raw:: html\n\n\t"
        + '<img src="data:image/'
        + subtype
        + ";base64,"
        + content
        + '">\n'
    )


def get_admonition(cssclass, title, text):
    """Return a coloured box: info, danger, warning or success."""
    if cssclass not in ("info", "danger", "warning", "success"):
        cssclass = "info"
    directive = "admonition:: " + title if title else "note:: "
    return (
        "\n\n.. "
        + directive
        + "\n\t:class: alert alert-"
        + cssclass
        + "\n\n"
        + _tabbed(text)
        + "\n"
    )


def indent_block(amount, text, indent_char="\t"):
    """Return the text with each line indented amount times more, less if it is negative."""
    if amount > 0:
        lines = [indent_char * amount + line for line in text.splitlines()]
    else:
        width = abs(amount)
        lines = [line[:width].replace(indent_char, "") + line[width:] for line in text.splitlines()]
    return "".join(line + "\n" for line in lines)


def _tabbed(text):
    return "".join("\t" + line + "\n" for line in text.splitlines())
