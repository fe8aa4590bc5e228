"""Feedback from Jinja2 templates, in the language of the submitter."""

import gettext
import os

from inginious_container_api import _places, input, rst


def render(name, parameters):
    """Return the filled template and True, or an admonition that tells what is wrong and False."""
    language = input.get_lang()
    candidates = (
        name + "." + language + ".tpl",
        os.path.join(_places.LANG, language, name + ".tpl"),
        name + ".tpl",
    )
    path = next((path for path in candidates if os.path.isfile(path)), None)
    if path is None:
        return _fault("The feedback template %s.tpl does not exist." % name), False
    try:
        from jinja2 import Template

        translations = gettext.translation(
            "messages", _places.LANG, languages=[language], fallback=True
        )
        with open(path, encoding="utf-8") as file:
            template = Template(file.read())
        return template.render(dict(parameters, _=translations.gettext)), True
    except Exception as error:  # whatever a template does wrong is shown, as the peer does
        return _fault("The feedback template %s cannot be used: %s" % (path, error)), False


def _fault(text):
    return rst.get_admonition("danger", "Template error", text)
