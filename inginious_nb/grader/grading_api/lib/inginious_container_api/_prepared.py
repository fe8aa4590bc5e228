"""Waits in a box that was made before its job, then runs the run script of that job.

Started with ``python3 -c``. The request is the words of the command, separated by NUL, up to the end
of standard input; an end without words ends the process. A script for this very interpreter runs in
this process, which has already imported what such scripts import. Whatever else is to run replaces
this process; so does a script that may have modules of its own by these names.
"""

import os
import select
import sys

_API = "inginious_container_api."
# Those that most scripts use come first: what is not imported when the job comes is left out.
_MODULES = (
    "json",
    _API + "feedback",
    _API + "input",
    "inginious",
    "subprocess",
    _API + "run_student",
    _API + "rst",
    "re",
    "tempfile",
    "shutil",
    "datetime",
)
# What a script finds among its own names at the start.
_KEPT = {"__name__", "__doc__", "__package__", "__spec__", "__annotations__", "__builtins__"}
_MAX_ENTRIES = 2000
_MAX_LINE_BYTES = 256
_FOLDERS = ("/task", "/course/common")


def main():
    """Wait for the request, and serve it."""
    imported = _import_until_request()
    words = _request()
    if not words:
        os._exit(0)
    _replace_stdin()
    content = _script(words, imported)
    if content is None:
        _become(words)
    _run(words, content)


def _import_until_request():
    """Import what scripts use, as long as nobody waits; return the names of all that is there."""
    before = set(sys.modules)
    for name in _MODULES:
        if select.select([0], [], [], 0)[0]:
            break
        __import__(name)
    imported = {name.partition(".")[0] for name in set(sys.modules) - before}
    return imported | {"inginious_container_api", "select"}


def _request():
    content = b""
    while True:
        part = os.read(0, 65536)
        if not part:
            break
        content += part
    return [os.fsdecode(word) for word in content.split(b"\0")] if content else []


def _replace_stdin():
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _script(words, imported):
    """The source of a script that can run in this process, or None."""
    if not words[0].startswith("/"):
        return None
    try:
        with open(words[0], "rb") as file:
            content = file.read()
    except OSError:
        return None
    line = content[:_MAX_LINE_BYTES].partition(b"\n")[0]
    if not line.startswith(b"#!") or not _is_this_interpreter(os.fsdecode(line[2:]).split()):
        return None
    return None if _has_own_modules(words[0], imported) else content


def _is_this_interpreter(words):
    if words == ["/usr/bin/env", "python3"]:
        found = (os.path.join(folder, "python3") for folder in os.get_exec_path())
        words = [next((path for path in found if os.access(path, os.X_OK)), None)]
    return words == [sys.executable]


def _has_own_modules(script, imported):
    """Whether a file may be meant to stand for a module that is already imported here."""
    count = 0
    for top in {*_FOLDERS, os.path.dirname(os.path.realpath(script))}:
        for _, folders, files in os.walk(top):
            count += len(folders) + len(files)
            if count > _MAX_ENTRIES:
                return True  # nobody knows; looking further would take longer than a start
            names = {name.partition(".")[0] for name in folders + files}
            if not names.isdisjoint(imported):
                return True
    return False


def _forget_starter():
    """Take the text of ``-c`` from tracebacks: from Python 3.13 on it stands for any ``<string>``."""
    linecache = sys.modules.get("linecache")
    for name in ("cache", "_interactive_cache"):
        known = getattr(linecache, name, None)
        if known:
            for key in list(known):
                if isinstance(key, (str, tuple)) and "<string>" in key:
                    del known[key]


def _become(words):
    import signal

    # The interpreter ignores them, and a program would inherit that.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        sys.stderr.write("%s: %s\n" % (words[0], error.strerror))
    os._exit(127)


def _run(words, content):
    """Run a script as ``python3 SCRIPT`` does."""
    path = words[0]
    sys.argv = list(words)
    if hasattr(sys, "orig_argv"):
        sys.orig_argv = [sys.executable] + words
    # As of the folder when it was still empty.
    for folder in ("", "/task"):
        sys.path_importer_cache.pop(folder, None)
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    _forget_starter()
    namespace = sys.modules["__main__"].__dict__
    for name in set(namespace) - _KEPT:
        del namespace[name]
    loader = sys.modules["_frozen_importlib_external"].SourceFileLoader("__main__", path)
    namespace.update(__loader__=loader, __file__=path, __cached__=None)
    try:
        exec(compile(content, path, "exec", dont_inherit=True), namespace)
    except SystemExit:
        raise
    except BaseException:
        kind, error, trace = sys.exc_info()
        # A traceback begins with the script.
        sys.excepthook(kind, error.with_traceback(trace.tb_next), trace.tb_next)
        sys.exit(1)
