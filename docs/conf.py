"""The documentation as a site: `make docs`. Nothing is fetched, neither to build nor to read it."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "inginious_nb"
author = "The inginious_nb developers"
project_copyright = author
version = release = installed_version("inginious-nb")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
nitpicky = True
# Names that docstrings use and no page of ours describes.
nitpick_ignore_regex = [
    ("py:.*", r"(asyncio|zmq|concurrent|collections|traitlets|pathlib|anywidget|ipywidgets)\..*"),
    ("py:.*", r"(?!inginious_nb\.).*"),
    ("py:.*", r"inginious_nb\..*"),
]

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "inginious_nb"
html_static_path = []
html_show_sphinx = False
html_copy_source = False
