"""Gives scripts of older Pythons back what newer ones have removed, where their course asks for it.

Python imports this module at its start, from the PYTHONPATH of the jobs of such a course. What is
given back is in the variable INGINIOUS_OLD_PYTHON, separated by commas; nothing that is there is
replaced. A module that is not loaded yet is mended when it is imported.
"""

import importlib.machinery
import os
import sys


def _of_yaml(yaml):
    """As in PyYAML 5: without a loader the full one."""

    def default_loader(function):
        def loading(stream, Loader=None):
            return function(stream, Loader or getattr(yaml, "FullLoader", yaml.SafeLoader))

        loading.__name__ = function.__name__
        return loading

    yaml.load = default_loader(yaml.load)
    yaml.load_all = default_loader(yaml.load_all)


def _of_io(io):
    """As before Python 3.11: the mode U means nothing, newlines are universal anyway."""
    import builtins

    if sys.version_info < (3, 11):
        return
    opening = io.open

    def open(file, mode="r", *arguments, **options):
        if isinstance(mode, str) and "U" in mode:
            mode = mode.replace("U", "")
            mode = mode if mode.startswith("r") else "r" + mode
        return opening(file, mode, *arguments, **options)

    io.open = builtins.open = open


def _of_collections(collections):
    import collections.abc as classes

    for name in classes.__all__:
        _give(collections, name, getattr(classes, name))


def _of_inspect(inspect):
    from collections import namedtuple

    ArgSpec = namedtuple("ArgSpec", "args varargs keywords defaults")

    def getargspec(function):
        found = inspect.getfullargspec(function)
        if found.kwonlyargs or found.annotations:
            raise ValueError("Function has keyword-only parameters or annotations")
        return ArgSpec(*found[:4])

    _give(inspect, "ArgSpec", ArgSpec)
    _give(inspect, "getargspec", getargspec)


def _of_time(time):
    _give(time, "clock", time.process_time)


def _of_fractions(fractions):
    import math

    _give(fractions, "gcd", math.gcd)


def _of_cgi(cgi):
    import html

    def escape(s, quote=None):
        return html.escape(s, quote=bool(quote))

    _give(cgi, "escape", escape)


def _of_base64(base64):
    _give(base64, "encodestring", base64.encodebytes)
    _give(base64, "decodestring", base64.decodebytes)


def _of_threading(threading):
    _give(threading.Thread, "isAlive", threading.Thread.is_alive)


def _of_json(json):
    loading, loading_file = json.loads, json.load

    def loads(s, *arguments, **options):
        options.pop("encoding", None)
        return loading(s, *arguments, **options)

    def load(fp, *arguments, **options):
        options.pop("encoding", None)
        return loading_file(fp, *arguments, **options)

    json.loads, json.load = loads, load


def _of_unittest(unittest):
    names = {
        "assertEquals": "assertEqual",
        "assertNotEquals": "assertNotEqual",
        "assertAlmostEquals": "assertAlmostEqual",
        "assertNotAlmostEquals": "assertNotAlmostEqual",
        "assertRegexpMatches": "assertRegex",
        "assertNotRegexpMatches": "assertNotRegex",
        "assertRaisesRegexp": "assertRaisesRegex",
        "assert_": "assertTrue",
        "failUnless": "assertTrue",
        "failIf": "assertFalse",
        "failUnlessEqual": "assertEqual",
        "failUnlessRaises": "assertRaises",
        "assertItemsEqual": "assertCountEqual",
    }
    for old, new in names.items():
        _give(unittest.TestCase, old, getattr(unittest.TestCase, new))

    def make_suite(case, prefix="test", *arguments):
        loader = unittest.TestLoader()
        loader.testMethodPrefix = prefix
        return loader.loadTestsFromTestCase(case)

    _give(unittest, "makeSuite", make_suite)


def _of_numpy(numpy):
    for name in ("bool", "int", "float", "complex", "object", "str"):
        _give(numpy, name, getattr(__import__("builtins"), name))


def _of_jinja2(jinja2):
    import markupsafe

    _give(jinja2, "Markup", markupsafe.Markup)
    _give(jinja2, "escape", markupsafe.escape)
    for old, new in (("contextfilter", "pass_context"), ("contextfunction", "pass_context")):
        if hasattr(jinja2, new):
            _give(jinja2, old, getattr(jinja2, new))


def _make_imp(imp):
    """Return what scripts use of the module, for a Python that has it no more."""
    import importlib
    import importlib.util
    import types

    def load_source(name, pathname, file=None):
        loader = importlib.machinery.SourceFileLoader(name, pathname)
        spec = importlib.util.spec_from_file_location(name, pathname, loader=loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    imp.load_source = load_source
    imp.reload = importlib.reload
    imp.new_module = types.ModuleType


# Modules by the names that a course asks for.
_GIVEN = {
    "yaml.load": ("yaml", _of_yaml),
    "open": ("io", _of_io),
    "collections": ("collections", _of_collections),
    "inspect": ("inspect", _of_inspect),
    "time": ("time", _of_time),
    "fractions": ("fractions", _of_fractions),
    "cgi": ("cgi", _of_cgi),
    "base64": ("base64", _of_base64),
    "threading": ("threading", _of_threading),
    "json": ("json", _of_json),
    "unittest": ("unittest", _of_unittest),
    "numpy": ("numpy", _of_numpy),
    "jinja2": ("jinja2", _of_jinja2),
}
_MADE = {"imp": _make_imp, "cgi": _of_cgi}


def _give(holder, name, value):
    if not (name in vars(holder)):  # numpy warns whoever asks for it in another way
        setattr(holder, name, value)


class _Mending:
    """Finds modules as everybody does, and mends those that are asked for once they are loaded."""

    def __init__(self, mend, make):
        self._mend = mend
        self._make = make
        self._is_finding = False

    def find_spec(self, name, path=None, target=None):
        if self._is_finding or (name not in self._mend and name not in self._make):
            return None
        self._is_finding = True
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        finally:
            self._is_finding = False
        if spec is None and name in self._make:
            return importlib.machinery.ModuleSpec(name, _Making(self._make[name]))
        if spec is None or spec.loader is None or name not in self._mend:
            return spec
        _mend_after_loading(spec.loader, self._mend[name])
        return spec


class _Making:
    """Loads a module that Python has no more."""

    def __init__(self, make):
        self._make = make

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self._make(module)


def _mend_after_loading(loader, mend):
    executing = loader.exec_module

    def exec_module(module):
        executing(module)
        mend(module)

    try:
        loader.exec_module = exec_module
    except AttributeError:
        pass  # a module of the interpreter itself, which has what it needs


def _main():
    wanted = os.environ.get("INGINIOUS_OLD_PYTHON", "").split(",")
    mend, make = {}, {}
    for name in wanted:
        if name in _MADE:
            make[name] = _MADE[name]
        if name not in _GIVEN:
            continue
        module, function = _GIVEN[name]
        if module in sys.modules:
            function(sys.modules[module])
        elif module in sys.builtin_module_names:
            function(__import__(module))
        else:
            mend[module] = function
    if mend or make:
        sys.meta_path.insert(0, _Mending(mend, make))


import importlib.util  # noqa: E402 - after the functions, which need it when they are called

_main()
