"""Containers within a cache, and how many entries each has: what grows with every key. PYTEST_DONT_REWRITE.

Attributes of the object, and what its functions name outside of themselves: globals and closures. Only the built-in
containers are counted, whose ``len`` runs no code of the project's.
"""

import types
from collections import Counter, OrderedDict, defaultdict, deque

_PLAIN = (dict, list, set, OrderedDict, defaultdict, Counter, deque)
_LEFT_OUT = (types.ModuleType, type, str, bytes, int, float, tuple, frozenset)
_DEEPEST = 4
_MOST_SEEN = 400
_MOST_TOLD = 8
_FEW = 50


def holders(roots):
    """The largest containers by name: ``roots`` are pairs of a name and an object or function."""
    found, seen = {}, set()
    line = [(name, one, 0) for name, one in roots]
    while line and len(seen) < _MOST_SEEN:
        name, one, depth = line.pop(0)
        if id(one) in seen or issubclass(type(one), _LEFT_OUT) or one is None:
            continue
        seen.add(id(one))
        if type(one) in _PLAIN:
            bounded = type(one) is deque and one.maxlen is not None
            if depth and not bounded and len(one) >= _FEW:
                found[name] = len(one)
        elif depth < _DEEPEST:
            line += [(_joined(name, part), each, depth + 1) for part, each in _parts(one)]
    return dict(sorted(found.items(), key=lambda pair: -pair[1])[:_MOST_TOLD])


def _joined(name, part):
    return name + "." * bool(name and part) + part if part != "__wrapped__" else name


def _parts(one):
    """What an object has, by name: a function's outer names; else attributes, and the outer names of methods."""
    if type(one) is types.MethodType:
        return [("", one.__self__), *_outer(one.__func__)]
    if type(one) is types.FunctionType:
        return _outer(one)
    try:
        parts = list(vars(one).items())
    except Exception:  # noqa: BLE001 - it has none, it changes just now, or stands for something that is not there
        parts = []
    for inner in list(vars(type(one)).values()):
        if type(inner) is types.FunctionType:
            parts += _outer(inner)
    return parts


def _outer(function):
    code, known = function.__code__, function.__globals__
    parts = [(name, known[name]) for name in code.co_names if name in known]
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):  # noqa: B905 - of Python 3.8
        try:
            parts.append((name, cell.cell_contents))
        except ValueError:  # it is empty yet
            continue
    return [(name, each) for name, each in parts if type(each) is not types.FunctionType] + _wrapped(function)


def _wrapped(function):
    inner = getattr(function, "__wrapped__", None)
    return [("", inner)] if type(inner) is types.FunctionType else []
