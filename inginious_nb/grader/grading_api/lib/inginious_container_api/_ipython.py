"""Runs `run.py` as INGInious does: as one cell of IPython (docs/protocol.md, Run script).

Most such scripts are plain Python. They need no IPython, which takes half a second to start: they
are run directly, with the same names imported and the same treatment of errors. The others get
IPython, that of this interpreter or else of the interpreter of the grading service.
"""

import importlib
import os
import sys
import types

_API = "inginious_container_api."
_FUNCTIONS = {
    "input": "get_input get_username get_lang get_submission_time parse_template load_input",
    "feedback": "get_feedback save_feedback set_global_result set_problem_result set_grade"
    " set_global_feedback set_problem_feedback set_state set_tag tag set_custom_value"
    " set_feedback_from_tpl",
    "rst": "get_codeblock get_imageblock get_admonition indent_block",
    "lang": "init get_lang_dir_path",
    "run_student": "run_student run_student_simple",
    "ssh_student": "ssh_student",
}
_MODULES = (
    "os re json sys datetime base64 tempfile gettext builtins traceback signal socket struct array"
    " threading asyncio zmq msgpack inginious_container_api"
)
# Names that a script finds imported, each with where it comes from.
_NAMES = {name: (name, None) for name in _MODULES.split()}
_NAMES["Template"] = ("jinja2", "Template")
for _module, _names in _FUNCTIONS.items():
    for _name in _names.split():
        _NAMES[_name] = (_API + _module, _name)

# Code that looks names up at run time may use any of them.
_DYNAMIC = {"eval", "exec", "globals", "vars", "locals"}


# Another interpreter has its own packages, and of ours the grading API alone.
_FOLDER = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_STARTER = """\
import sys
sys.path.append(sys.argv.pop(1))
from inginious_container_api._ipython import main
main(sys.argv[1:])
"""


def main(arguments):
    """`inginious-ipython FILE [ARGS]`."""
    if not arguments:
        sys.stderr.write("usage: inginious-ipython FILE [ARGS]\n")
        sys.exit(1)
    path = arguments[0]
    with open(path, encoding="utf-8") as file:
        source = file.read()
    sys.argv = list(arguments)
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    code = _plain_python(source, path)
    module = types.ModuleType("__main__")
    module.__file__ = path
    if code is None:
        _run_in_ipython(source, path, module)
    else:
        _run_plain(code, module)


def _plain_python(source, path):
    """Return the compiled script, or None if only IPython understands it."""
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return None if "get_ipython" in _names_in(code) else code


def _names_in(code):
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names


def _import_names(namespace, wanted):
    for name in wanted:
        module, attribute = _NAMES[name]
        try:
            value = importlib.import_module(module)
            namespace[name] = value if attribute is None else getattr(value, attribute)
        except ImportError:
            pass  # zmq, msgpack and jinja2 need not be there


def _run_plain(code, module):
    names = _names_in(code)
    wanted = _NAMES if names & _DYNAMIC else names & set(_NAMES)
    sys.modules["__main__"] = module
    _import_names(module.__dict__, wanted)
    module.exit = module.quit = _no_exit
    try:
        exec(code, module.__dict__)
    except SystemExit:
        pass
    except BaseException:
        import traceback

        traceback.print_exc(file=sys.stdout)
    # Whatever happened, the script is done; its exit status means nothing.


def _no_exit(*arguments):
    """As in the peer, a script cannot leave its cell this way; it stops all the same."""
    raise AttributeError("A run script cannot be left by exit(); use sys.exit().")


def _run_in_ipython(source, path, module):
    try:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config
    except ImportError:
        from inginious_container_api._machine import IPYTHON

        if IPYTHON and IPYTHON != sys.executable:
            try:
                os.execv(IPYTHON, [IPYTHON, "-c", _STARTER, _FOLDER] + sys.argv)
            except OSError:
                pass  # in a home that this job cannot see
        print("This run script needs IPython, which is not installed: " + path)
        return
    import tempfile

    os.environ["IPYTHONDIR"] = tempfile.mkdtemp()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.ast_node_interactivity = "none"
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.color_info = False
    shell = InteractiveShell.instance(config=config, user_module=module)
    _import_names(shell.user_ns, _NAMES)
    shell.user_ns["exit"] = shell.user_ns["quit"] = _no_exit
    shell.run_cell(source)
