"""How objects of a type are read and written without running the subject's code. PYTEST_DONT_REWRITE.

A type is looked at once: which container methods apply, where its instances keep attributes, whether it is a leaf.
"""

import collections
import datetime as dt
import decimal
import types

LEAVES = (
    type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), range,
    dt.date, dt.timedelta, decimal.Decimal,
)  # fmt: skip
LEAF_IDS = frozenset(map(id, LEAVES))
FUNCTIONS = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.WrapperDescriptorType,
    types.MethodDescriptorType, types.MethodWrapperType, types.ClassMethodDescriptorType, staticmethod, classmethod,
    property,
)  # fmt: skip
FUNCTION_IDS = frozenset(map(id, FUNCTIONS))
TEXT_IDS = frozenset((id(str), id(bytes)))
WRAPPER_IDS = frozenset((id(staticmethod), id(classmethod)))
MISSING = type("Missing", (), {"__slots__": ()})()  # no value at all

mro_of = type.__dict__["__mro__"].__get__
class_dict = type.__dict__["__dict__"].__get__
_module_dict = types.ModuleType.__dict__["__dict__"].__get__
_slice = slice(None)

# What these own changes by itself, or is a runner's; their instances are identities here.
_OPAQUE = frozenset((
    "_pytest", "pytest", "pluggy", "hypothesis", "coverage", "threading", "_thread", "asyncio", "concurrent", "io",
    "_io",
    "multiprocessing", "logging", "socket", "_socket", "ssl", "weakref", "_weakref", "types", "typing", "enum", "re",
    "subprocess", "contextvars", "importlib", "_frozen_importlib", "_frozen_importlib_external", "queue", "inspect",
    "brinell_inside", "abc", "_abc", "string", "pathlib", "zoneinfo", "random", "contextlib", "dataclasses", "operator",
    "warnings", "tempfile", "sqlite3", "zipimport", "ast", "selectors", "select", "numpy", "pandas", "sympy",
))  # fmt: skip


def is_class(value):
    """Whether ``value`` really is a class, whatever its ``__class__`` says."""
    return issubclass(type(value), type)


def is_module(value):
    """Whether ``value`` really is a module object."""
    return issubclass(type(value), types.ModuleType)


def namespace_of(module):
    """The ``__dict__`` of a module object, or None if it has lost it."""
    found = _module_dict(module)
    return found if type(found) is dict else None


def module_name(cls):
    """Name of the module that a class says it comes from, or ""."""
    for base in mro_of(cls)[:1]:
        name = class_dict(base).get("__module__")
        return name if type(name) is str else ""
    return ""


def qualified(cls):
    """``__qualname__`` of a class."""
    name = type.__dict__["__qualname__"].__get__(cls)
    return name if type(name) is str else "?"


class Layout:
    """Reading plan of one type: ``container`` (a key of ``CONTAINERS`` or None), instance dict, slots."""

    __slots__ = ("container", "exact", "foreign", "get_dict", "leaf", "slots", "type", "walk")

    def __init__(self, cls):
        self.type = cls  # kept, so that the id stays this type's
        self.leaf = id(cls) in LEAF_IDS
        mro = mro_of(cls)
        self.container = next((_BY_ID[id(base)] for base in mro if id(base) in _BY_ID), None)
        self.exact = id(cls) in _EXACT_IDS
        top = module_name(cls).partition(".")[0]
        self.foreign = False
        self.get_dict, self.slots = None, ()
        identity = self.leaf or id(cls) in FUNCTION_IDS or issubclass(cls, (type, types.ModuleType, BaseException))
        if not identity and not self.exact and (self.container is not None or top not in _OPAQUE):
            self.get_dict, self.slots = _attributes(mro)
        self.walk = not identity and bool(self.container or self.get_dict or self.slots)

    def read(self, value):
        """``(contents, attributes, slots)`` of an instance, as shallow copies; parts it has not are None."""
        contents = _READERS[self.container](value) if self.container is not None else None
        return contents, self.attributes(value, copy=True), self.slot_values(value)

    def attributes(self, value, copy=False):  # noqa: FBT002
        """The instance dict (or its copy), or None."""
        if self.get_dict is None:
            return None
        found = self.get_dict(value)
        if not issubclass(type(found), dict):
            return None
        return _copy_dict(found) if copy else found

    def slot_values(self, value):
        """Values of the slots in the order of ``slots``, MISSING where unset; None without slots."""
        return tuple(_slot(member, value) for _, member in self.slots) if self.slots else None


def _slot(member, value):
    try:
        return member.__get__(value)
    except AttributeError:
        return MISSING


def _attributes(mro):
    get_dict, slots = None, []
    for base in mro:
        members = class_dict(base)
        found = members.get("__dict__")
        if get_dict is None and found is not None:
            if type(found) is not types.GetSetDescriptorType:
                return None, ()  # a property of the subject's under that name: not ours to call
            get_dict = found.__get__
        if members.get("__slots__") is not None:
            slots += [(name, m) for name, m in members.items() if type(m) is types.MemberDescriptorType]
    return get_dict, tuple(slots)


def _copy_dict(value):
    """A plain copy; ``dict.copy`` would ask a subclass that has its own ``__iter__``."""
    return dict.copy(value) if type(value) is dict else dict(list(dict.items(value)))


_READERS = {
    dict: _copy_dict,
    collections.OrderedDict: lambda value: list(collections.OrderedDict.items(value)),
    list: lambda value: list.__getitem__(value, _slice),
    tuple: lambda value: tuple.__getitem__(value, _slice),
    set: frozenset,
    frozenset: frozenset,
    collections.deque: lambda value: list(collections.deque.__iter__(value)),
    bytearray: lambda value: bytearray.__getitem__(value, _slice),
}
_BY_ID = {id(base): base for base in _READERS}  # a metaclass may define __hash__: never look classes up by themselves
_EXACT_IDS = frozenset(map(id, (*_READERS, collections.defaultdict, collections.Counter)))
_layouts = {}


def layout_of(value):
    """The plan for ``type(value)``; remembered by identity, since a metaclass may define ``__hash__``."""
    cls = type(value)
    known = _layouts.get(id(cls))
    if known is None:
        known = _layouts[id(cls)] = Layout(cls)
    return known
