"""From ``module:function`` to the function, or to why there is none. PYTEST_DONT_REWRITE."""

import difflib
import importlib
import inspect
import os
import pkgutil
import sys
import traceback

from brinell_inside.calls.told import where_of

_TRACE_LINES = 6


class Refused(Exception):  # noqa: N818 - told to the user as a mistake, and no error of ours
    """``why`` is a word of the protocol; ``near`` what may have been meant; ``trace`` the end of a traceback."""

    def __init__(self, why, message, near="", trace=()):
        super().__init__(message)
        self.why = why
        self.message = message
        self.near = near
        self.trace = list(trace)


def prepare_path(root, module):
    """Make the project importable as ``python -m`` in its folder would; code that it keeps below src, from there."""
    sys.path.insert(0, root)
    top = module.partition(".")[0]
    src = os.path.join(root, "src")
    here = any(os.path.exists(os.path.join(root, top + end)) for end in ("", ".py"))
    below = any(os.path.exists(os.path.join(src, top + end)) for end in ("", ".py"))
    if below and not here:
        sys.path.insert(0, src)
    elif os.path.isdir(src):
        sys.path.append(src)  # what lies beside it may import it, as tests do; an installed one comes first


def attribute(name, root):
    """Return what ``module:attribute`` names. ``Refused`` if there is no such thing."""
    module_name, _, path = name.partition(":")
    found = module(module_name, root)
    passed = module_name
    for part in path.split("."):
        if not hasattr(found, part):
            names = [one for one in dir(found) if not one.startswith("__")]
            raise Refused("no-function", "%s has no %s" % (passed, part), _nearest(part, names))
        found = getattr(found, part)
        passed += (":" if passed == module_name else ".") + part
    return found


def find(name, root):
    """Return the callable that ``module:attribute`` names. ``Refused`` if that cannot be."""
    found = attribute(name, root)
    if not callable(found):
        raise Refused("not-callable", "%s is no function, it is %s" % (name, _article(type(found).__name__)))
    if inspect.isgeneratorfunction(found) or inspect.isasyncgenfunction(found):
        raise Refused("generator", "%s is a generator: to call it does nothing of what is in it" % name)
    return found


def version():
    """This interpreter's, as text."""
    return "%d.%d.%d" % sys.version_info[:3]


def is_async(function):
    """Whether a call gives a coroutine: of functions, partial objects and objects with such a ``__call__``."""
    while hasattr(function, "func") and not inspect.isfunction(function):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - its kind is asked for, not whether it is there


def check_arguments(name, function, args, kwargs):
    """``Refused`` if the function cannot be called with these. One that does not say what it takes is not checked."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise Refused("arguments", "%s%s cannot be called so: %s" % (name, signature, error)) from None


def module(name, root):
    """Import a module. ``Refused`` if that cannot be."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing and (name == missing or name.startswith(missing + ".")):
            raise Refused(
                "no-module", "there is no module %s" % missing, _nearest(missing, _siblings(missing, root))
            ) from None
        raise _raised(name, error, root) from None
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a module may raise anything, SystemExit included, when imported
        raise _raised(name, error, root) from None


def _raised(name, error, root):
    lines = "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()
    message = "importing %s failed with %s: %s%s" % (name, type(error).__name__, _text(error), where_of(error, root))
    return Refused("import-error", message, "", lines[-_TRACE_LINES:])


def _text(error):
    try:
        return str(error)[:500]
    except Exception:  # noqa: BLE001 - its own __str__ may raise
        return ""


def _siblings(missing, root):
    """Modules that stand where the missing one was looked for."""
    parent, _, _ = missing.rpartition(".")
    if parent:
        paths = getattr(sys.modules.get(parent), "__path__", [])
        return [parent + "." + one.name for one in pkgutil.iter_modules(paths)]
    return [one.name for one in pkgutil.iter_modules([root, os.path.join(root, "src")])]


def _nearest(word, names):
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return found[0] if found else ""


def _article(word):
    return ("an " if word[:1].lower() in "aeiou" else "a ") + word
