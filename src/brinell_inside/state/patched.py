"""Attributes of modules that are not the project's, and of their classes: who replaced what. PYTEST_DONT_REWRITE.

Some 50,000 attributes are looked at after every test, by identity, in one pass over live views. Libraries fill in their
own globals when first used; so only exchanged functions and classes count, and public plain values set before.
"""

# ruff: noqa: B905 - zip(strict=) came with 3.10

import types
from itertools import chain
from operator import is_

from brinell_inside.state.compare import same_leaf
from brinell_inside.state.difference import Difference
from brinell_inside.state.layout import (
    FUNCTION_IDS,
    LEAF_IDS,
    MISSING,
    WRAPPER_IDS,
    class_dict,
    is_class,
    is_module,
    module_name,
    qualified,
)  # fmt: skip
from brinell_inside.state.shown import shown

_END = object()
_ELSEWHERE = {  # looked at by name in process.py, or the runner's
    "sys": ("stdin", "stdout", "stderr", "excepthook", "displayhook", "unraisablehook",
            "last_type", "last_value",

            "last_exc", "last_traceback", "ps1", "ps2", "path", "argv",
            "modules", "meta_path", "path_hooks", "tracebacklimit"),
    "time": ("tzname", "timezone", "altzone", "daylight"),
    "builtins": ("_",),
    "mimetypes": ("inited",),
    "os": ("environ", "environb"),
    "warnings": ("filters",),
    "threading": ("excepthook",),
}  # fmt: skip
_CLASS_OWN = frozenset((
    "__doc__", "_abc_impl", "__abstractmethods__", "__annotations__", "__module__", "__dict__", "__weakref__",
    "__slotnames__", "__annotate__", "__annotations_cache__", "__parameters__", "__annotate_func__",
))  # fmt: skip
_latest = None  # (key, Patched)
_classes_of = {}  # id(module namespace): (namespace, its length then, classes that it defines)


class Patched:
    """The foreign namespaces now."""

    def __init__(self, own, foreign):
        self._own = {name for name, _, _ in own}
        self._spaces = []  # (name, live dict or mappingproxy, class or None)
        for name, _, namespace in foreign:
            self._spaces.append((name, namespace, None))
            for cls in _classes(name, namespace):
                self._spaces.append(("%s.%s" % (name, qualified(cls)), class_dict(cls), cls))
        self._views = [space[1].values() for space in self._spaces]
        self._lengths = list(map(len, self._views))
        self._values = [*chain.from_iterable(self._views), _END]
        self._keys = list(chain.from_iterable(space[1] for space in self._spaces))

    @classmethod
    def remember(cls, own, foreign):
        """As the constructor; what the last one remembers is shared where all of it is still as it was."""
        global _latest  # noqa: PLW0603 - one process, one last look
        key = (len(own), tuple(id(namespace) for _, _, namespace in foreign))
        if _latest is None or _latest[0] != key or not _latest[1].untouched():
            _latest = (key, cls(own, foreign))
        return _latest[1]

    def untouched(self):
        """Whether all attributes are the very same."""
        if self._lengths != list(map(len, self._views)):
            return False
        return all(map(is_, self._values, chain(chain.from_iterable(self._views), (_END,))))

    def differences(self):
        """Exchanged, removed and, by the project or a mock, added attributes."""
        if self.untouched():
            return
        start = 0
        for (name, namespace, cls), view, length in zip(self._spaces, self._views, self._lengths):
            end = start + length
            if length != len(view) or not all(map(is_, self._values[start:end], view)):
                then = dict(zip(self._keys[start:end], self._values[start:end]))
                yield from self._of_one(name, namespace, cls, then)
            start = end

    def _of_one(self, name, namespace, cls, then):
        now = namespace.copy()
        skip = _CLASS_OWN if cls is not None else _ELSEWHERE.get(name, ())
        for key in list(then) + [key for key in now if key not in then]:
            old, new = then.get(key, MISSING), now.get(key, MISSING)
            if old is new or type(key) is not str or key in skip or not self._counts(name, key, old, new):
                continue
            how = "added" if old is MISSING else "removed" if new is MISSING else "rebound"
            yield Difference(
                "%s.%s" % (name, key), "patched-attribute", shown(old), shown(new), how,
                undo=_undo(namespace, cls, key, old), module=name if cls is None else module_name(cls),
            )  # fmt: skip

    def _counts(self, name, key, old, new):
        if new is not MISSING and self._planted(new):
            return True
        if old is MISSING:
            return name == "builtins"
        if new is MISSING:
            return id(type(old)) in FUNCTION_IDS or is_class(old)
        if id(type(old)) in FUNCTION_IDS or is_class(old) or is_module(old):
            return not _is_own_successor(name, key, new)
        leaf = id(type(old)) in LEAF_IDS and id(type(new)) in LEAF_IDS and old is not None and new is not None
        return leaf and not key.startswith("_") and (type(old) is not type(new) or not same_leaf(old, new))

    def _planted(self, value):
        """Whether the value comes from the project or from unittest.mock."""
        function = value.__func__ if id(type(value)) in WRAPPER_IDS else value
        if type(function) is types.FunctionType:
            return function.__module__ in self._own
        home = module_name(value if is_class(value) else type(value))
        return home in ("unittest.mock", "mock.mock") or home in self._own


def _undo(namespace, cls, key, old):
    def undo():
        if cls is None:
            dict.pop(namespace, key, None) if old is MISSING else dict.__setitem__(namespace, key, old)
        elif old is not MISSING:
            type.__setattr__(cls, key, old)
        elif key in namespace:
            type.__delattr__(cls, key)

    return undo


def _is_own_successor(name, key, new):
    """A module that exchanges its own function at the first call, or was loaded anew."""
    if is_class(new):
        return module_name(new) == name and qualified(new) == key
    if type(new) is not types.FunctionType:
        return False
    return new.__module__ == name and new.__name__ == key


def _classes(name, namespace):
    known = _classes_of.get(id(namespace))
    if known is None or known[0] is not namespace or known[1] != len(namespace):
        found = {id(v): v for v in list(namespace.values()) if is_class(v) and module_name(v) == name}
        known = _classes_of[id(namespace)] = (namespace, len(namespace), list(found.values()))
    return known[2]
