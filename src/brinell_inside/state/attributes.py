"""Attributes of the project's modules, classes and functions, and what hangs on them. PYTEST_DONT_REWRITE."""

# ruff: noqa: B905, PLR0917 - zip(strict=) came with 3.10; inner records, not an interface

import copy
import functools
import types

from brinell_inside.state.compare import Comparison
from brinell_inside.state.difference import Difference
from brinell_inside.state.graph import Graph, same_items
from brinell_inside.state.layout import MISSING, WRAPPER_IDS, class_dict, is_class, is_module, module_name, qualified

_MODULE_OWN = frozenset((
    "__builtins__", "__file__", "__cached__", "__spec__", "__loader__", "__package__", "__path__", "__doc__",
    "__name__",
    "__warningregistry__", "__annotations__", "__annotate__", "__conditional_annotations__", "pytestmark",
    "pytest_plugins", "__getattr__", "__annotations_cache__",
))  # fmt: skip
_CLASS_OWN = frozenset((
    "__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__annotations__", "__annotate__", "_abc_impl",
    "__abstractmethods__", "__parameters__", "__annotations_cache__", "__firstlineno__", "__static_attributes__",
    "pytestmark", "_classSetupFailed", "_class_cleanups", "__annotate_func__", "__orig_bases__", "__slotnames__",
))  # fmt: skip
_FUNCTION_OWN = frozenset(("__wrapped__", "pytestmark", "_pytestfixturefunction", "hypothesis", "is_hypothesis_test"))
_LRU = type(functools.lru_cache(None)(len))
_RUNNERS = ("@py", "_xunit_", "_unittest_", "__pytest", "_hypothesis", "pytest_", "__hypothesis")


_latest = None  # (key, Attributes)


class Namespace:
    """One module, class or function with a copy of its attributes; ``read`` gives them, ``write`` sets one."""

    __slots__ = ("kind", "module", "owner", "prefix", "read", "then", "write")

    def __init__(self, owner, prefix, module, kind, read, write):
        self.owner, self.prefix, self.module, self.kind = owner, prefix, module, kind
        self.read, self.write = read, write
        self.then = read()

    def untouched(self):
        """Whether all attributes are the very same."""
        return same_items(self.then, self.read())

    def path(self, name):
        """How an attribute is written."""
        return "%s%s" % (self.prefix, name) if name.startswith("(") else "%s.%s" % (self.prefix, name)


def module_space(name, module, namespace):
    """The namespace of a module."""

    def write(key, value):
        if value is MISSING:
            dict.pop(namespace, key, None)
        else:
            dict.__setitem__(namespace, key, value)

    def read():
        return {k: v for k, v in dict.copy(namespace).items() if type(k) is str and _visible(k, _MODULE_OWN)}

    return Namespace(module, name, name, "module-attribute", read, write)


def class_space(cls, module):
    """The namespace of a class."""
    namespace = class_dict(cls)

    def write(key, value):
        if value is not MISSING:
            type.__setattr__(cls, key, value)
        elif key in namespace:
            type.__delattr__(cls, key)

    def read():
        return {k: v for k, v in namespace.copy().items() if type(k) is str and _visible(k, _CLASS_OWN)}

    return Namespace(cls, "%s.%s" % (module, qualified(cls)), module, "class-attribute", read, write)


def function_spaces(function, prefix, module):
    """Defaults, closure and attributes of a function: as many namespaces as it has of them."""

    def read_defaults():
        found = {"__defaults__": function.__defaults__, "__kwdefaults__": function.__kwdefaults__}
        return {name: value for name, value in found.items() if value}

    def write_default(name, value):
        setattr(function, name, None if value is MISSING else value)

    if function.__defaults__ or function.__kwdefaults__:
        yield Namespace(function, prefix, module, "default-argument", read_defaults, write_default)
    attributes = function.__dict__

    def read_attributes():
        return {k: v for k, v in dict.copy(attributes).items() if type(k) is str and _visible(k, _FUNCTION_OWN)}

    def write_attribute(name, value):
        dict.pop(attributes, name, None) if value is MISSING else dict.__setitem__(attributes, name, value)

    yield Namespace(function, prefix, module, "function-attribute", read_attributes, write_attribute)
    if function.__closure__:
        yield closure_space(function, prefix, module)


def closure_space(function, prefix, module):
    """The variables that a function took from where it was made."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__))

    def read():
        return {"(%s)" % name: _held(cell) for name, cell in cells.items() if _held(cell) is not MISSING}

    def write(name, value):
        cell = cells[name[1:-1]]
        if value is MISSING:
            del cell.cell_contents
        else:
            cell.cell_contents = value

    return Namespace(function, prefix + ".__closure__", module, "closure", read, write)


def _held(cell):
    try:
        return cell.cell_contents
    except ValueError:  # empty
        return MISSING


def _visible(name, own):
    return name not in own and not name.startswith(_RUNNERS)


class Attributes:
    """The project's attributes now."""

    def __init__(self, own, deep):
        self.spaces = []
        self.caches = []  # (path, module, functools.lru_cache wrapper)
        self._seen = set()
        # Where a name is imported from another module, the deeper one is more likely its home, tests least.
        for name, module, namespace in sorted(own, key=lambda m: (_is_test(m[0]), -m[0].count("."), m[0])):
            space = module_space(name, module, namespace)
            self.spaces.append(space)
            self._look(space)
        self.graph = Graph(v for space in self.spaces for v in space.then.values()) if deep else Graph()

    @classmethod
    def remember(cls, own, deep):
        """As the constructor; what the last one remembers is shared where all of it is still as it was."""
        global _latest  # noqa: PLW0603 - one process, one last look
        key = (deep, tuple(id(namespace) for _, _, namespace in own))
        if _latest is None or _latest[0] != key or not _latest[1].untouched():
            _latest = (key, cls(own, deep))
        shared = copy.copy(_latest[1])
        shared.caches = [(path, module, wrapper, wrapper.cache_info()) for path, module, wrapper, _ in shared.caches]
        return shared

    def _look(self, space, depth=0):
        for name, value in space.then.items():
            if is_class(value):
                if module_name(value) == space.module and id(value) not in self._seen:
                    self._seen.add(id(value))
                    inner = class_space(value, space.module)
                    self.spaces.append(inner)
                    self._look(inner)
            else:
                self._callable(value, space, name, depth)

    def _callable(self, value, space, name, depth):
        functions = [value]
        if id(type(value)) in WRAPPER_IDS:
            functions = [value.__func__]
        elif type(value) is property:
            functions = [value.fget, value.fset]
        for function in functions:
            if type(function) is _LRU:
                self._cache(function, space.path(name), space.module)
                function = _LRU.__dict__["__dict__"].__get__(function).get("__wrapped__")  # noqa: PLW2901
            if type(function) is types.FunctionType and id(function) not in self._seen and depth < 4:
                if depth == 0 and function.__module__ != space.module:
                    continue  # imported: its home tells
                self._seen.add(id(function))
                for inner in function_spaces(function, space.path(name), space.module):
                    self.spaces.append(inner)
                    if inner.kind == "closure":
                        self._look(inner, depth + 1)

    def _cache(self, wrapper, path, module):
        if id(wrapper) not in self._seen:
            self._seen.add(id(wrapper))
            self.caches.append((path, module, wrapper, wrapper.cache_info()))

    def untouched(self):
        """Whether nothing changed; the common case, in one quick pass."""
        return all(space.untouched() for space in self.spaces) and self.graph.untouched()

    def differences(self):
        """What differs, the defining module first."""
        if not self.untouched():
            comparison = Comparison(self.graph)
            for space in self.spaces:
                now = space.read()
                for name in list(space.then) + [name for name in now if name not in space.then]:
                    yield from self._attribute(space, name, now.get(name, MISSING), comparison)
        yield from self._cache_differences()

    def _attribute(self, space, name, new, comparison):
        old = space.then.get(name, MISSING)
        if _is_lazy(old, new):
            return
        path = space.path(name)

        def undo():
            if space.read().get(name, MISSING) is not old:
                space.write(name, old)
            self.graph.put_back(old)

        for change in comparison.changes(old, new, path, holder=(space.prefix, space.kind)):
            yield Difference(
                change.path, space.kind, change.before, change.after, change.how, path, undo, change.weak,
                module=space.module, holder=change.holder, holder_type=change.holder_type,
            )  # fmt: skip

    def _cache_differences(self):
        for path, module, wrapper, then in self.caches:
            now = wrapper.cache_info()
            if now.currsize and (now.currsize > then.currsize or now.misses > then.misses):
                yield Difference(
                    path, "cache", "%d entries" % then.currsize, "%d entries" % now.currsize, "mutated",
                    path + ".cache_clear()", wrapper.cache_clear, weak=True, module=module,
                )  # fmt: skip


def _is_lazy(old, new):
    """What an import, or a module that loads its names when asked, adds."""
    if old is MISSING:
        return is_module(new) or is_class(new) or type(new) is types.FunctionType
    return old is None and is_module(new)


def _is_test(name):
    last = name.rpartition(".")[2]
    return last.startswith("test") or last.endswith("_test") or last == "conftest"
