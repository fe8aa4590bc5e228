"""Waits in a box that was made before its job, until the run script of that job is there.

``python3 /task/run`` was started while there was no such file. It waits in the midst of Python's
own start, called by ``inginious_prepared.pth``, and imports meanwhile what scripts import. Then the
interpreter goes on, and runs the script by itself: nothing of this is on its stack.

Standard input is a pipe that is full at first. Emptying it tells that this waits: not before then
may the files of the job be there, which Python would run at once. Then the request comes: one NUL
to go on; the words of another program, separated by NUL, which replaces this process; an end
without any ends the process. A script that may have modules of its own by the names of those that
are imported gets a new interpreter.
"""

import gc
import os
import select
import sys

_API = "inginious_container_api."
# Those that most scripts use come first: what is not imported when the job comes is left out.
_USED_BY_MOST = (
    "json",
    _API + "feedback",
    _API + "input",
    "inginious",
    "subprocess",
    _API + "run_student",
    _API + "rst",
    "re",
)
# Not at all where one job follows the other: they would take time from those that run.
_USED_BY_SOME = ("tempfile", "shutil", "datetime")
_QUIET_S = 0.1
_GO_ON = b"\0"
_MAX_ENTRIES = 2000
_MAX_LINE_BYTES = 256
_MAX_PIPE_BYTES = 65536
_FOLDERS = ("/task", "/course/common")


def wait_at_the_end():
    """Wait once Python has read its site folders: what is left to do then takes no time."""
    import site

    name = "execusercustomize" if site.ENABLE_USER_SITE else "execsitecustomize"
    original = getattr(site, name)

    def customize_and_wait():
        setattr(site, name, original)
        original()
        wait()

    setattr(site, name, customize_and_wait)


def wait():
    """Return once the script may run here, as if nothing had been; else become what is to run."""
    os.read(0, _MAX_PIPE_BYTES)
    imported = _import_until_request()
    request = _request()
    if not request:
        os._exit(0)
    _replace_stdin()
    if request != _GO_ON:
        _become([os.fsdecode(word) for word in request.split(b"\0")])
    if _has_own_modules(sys.argv[-1], imported):
        _become(sys.argv)
    _take_name()


def _import_until_request():
    """Import what scripts use, as long as nobody waits; return the names of all that is there."""
    before = set(sys.modules)
    gc.disable()  # not gc.freeze(): of what is frozen no __del__ is called at the end
    for names, pause_s in ((_USED_BY_MOST, 0), (_USED_BY_SOME, _QUIET_S)):
        for name in names:
            if select.select([0], [], [], pause_s)[0]:
                break
            __import__(name)
    gc.enable()
    imported = {name.partition(".")[0] for name in set(sys.modules) - before}
    return imported | {"inginious_container_api", "select"}


def _request():
    content = b""
    while True:
        part = os.read(0, _MAX_PIPE_BYTES)
        if not part:
            return content
        content += part


def _replace_stdin():
    """Make an empty standard input, with the object that Python makes of it at its start."""
    import io

    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    # The one that is there has found out that a pipe cannot be sought in.
    old = sys.stdin
    binary = io.open(0, "rb", closefd=False)
    binary.raw.name = "<stdin>"
    new = io.TextIOWrapper(binary, old.encoding, old.errors, newline="\n")
    new.mode = "r"
    sys.stdin = sys.__stdin__ = new


def _has_own_modules(script, imported):
    """Return whether a file may stand for a module that is already imported here."""
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


def _take_name():
    """Have the name of a process whose program is a script; one that env starts has Python's."""
    script = sys.argv[0]
    try:
        with open(script, "rb") as file:
            line = file.read(_MAX_LINE_BYTES).partition(b"\n")[0]
        with open("/proc/self/cmdline", "rb") as file:
            interpreter = file.read().partition(b"\0")[0]
        if line[2:].strip() == interpreter:
            with open("/proc/self/comm", "wb") as file:
                file.write(os.fsencode(os.path.basename(script)))
    except OSError:
        pass  # nobody looks


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
