"""The documentation as a site: `make docs`. Nothing is fetched, neither to build nor to read it."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.transforms import SphinxTransform

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "inginious_nb"
author = "The inginious_nb developers"
project_copyright = author
version = release = installed_version("inginious-nb")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
nitpicky = True
# Types in signatures that no page describes, each by its exact name: a new one is looked at.
nitpick_ignore = [
    ("py:class", "Accessibility"),
    ("py:class", "Account"),
    ("py:class", "AnswerSource"),
    ("py:class", "Answers"),
    ("py:class", "Ask"),
    ("py:class", "BackendJobDone"),
    ("py:class", "collections.abc.Mapping"),
    ("py:class", "Config"),
    ("py:class", "CourseTags"),
    ("py:class", "CurveKeys"),
    ("py:class", "Debug"),
    ("py:class", "Environment"),
    ("py:class", "Executor"),
    ("py:class", "inginious_nb.course.environment.Environment"),
    ("py:class", "inginious_nb.course.problems.base.Problem"),
    ("py:class", "inginious_nb.course.settings.TaskSettings"),
    ("py:class", "inginious_nb.course.tags.CourseTags"),
    ("py:class", "inginious_nb.course.task.SiteStanding"),
    ("py:class", "Job"),
    ("py:class", "Magics"),
    ("py:class", "Origin"),
    ("py:class", "Path"),
    ("py:class", "Phase"),
    ("py:class", "Problem"),
    ("py:class", "ResultCallback"),
    ("py:class", "SendableTask"),
    ("py:class", "Service"),
    ("py:class", "ServiceState"),
    ("py:class", "FindSource"),
    ("py:class", "SignIn"),
    ("py:class", "SignedIn"),
    ("py:class", "SiteStanding"),
    ("py:class", "SiteSubmission"),
    ("py:class", "SshCallback"),
    ("py:class", "Student"),
    ("py:class", "SubmissionContext"),
    ("py:class", "Tag"),
    ("py:class", "TaskSettings"),
    ("py:class", "TaskState"),
    ("py:class", "abc.ABC"),
    ("py:class", "anywidget.widget.AnyWidget"),
    ("py:class", "asyncio.AbstractEventLoop"),
    ("py:class", "inginious_nb.client._zeromq_client.BetterParanoidPirateClient"),
    ("py:class", "inginious_nb.course.course.Tag"),
    ("py:class", "inginious_nb.i18n.Message"),
    ("py:class", "inginious_nb.notebook.sources.AnswerSource"),
    ("py:class", "inginious_nb.submissions.history_file.HistoryFile"),
    ("py:class", "inginious_nb.widget.served_widget.ServedWidget"),
    ("py:class", "msgspec.Struct"),
    ("py:class", "pathlib.Path"),
    ("py:class", "t.Any"),
    ("py:class", "traitlets.config.configurable.Configurable"),
    ("py:class", "zmq.Context"),
    ("py:class", "zmq.Socket"),
]

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# As it is written: the text of a default that is a function is no Python.
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "inginious_nb"
html_static_path = []
html_show_sphinx = False
html_copy_source = False


class PicturesOfTheTheme(SphinxTransform):
    """Puts the dark picture beside each light one; the theme shows the reader's."""

    default_priority = 200

    def apply(self) -> None:
        """Add the dark pictures."""
        for light in list(self.document.findall(nodes.image)):
            name, is_light, suffix = light["uri"].rpartition("-light.")
            if is_light:
                dark = light.deepcopy()
                dark["uri"] = f"{name}-dark.{suffix}"
                light["classes"].append("only-light")
                dark["classes"].append("only-dark")
                light.parent.insert(light.parent.index(light) + 1, dark)


def setup(app: Sphinx) -> None:
    """Register what this site adds to Sphinx."""
    app.add_transform(PicturesOfTheTheme)
