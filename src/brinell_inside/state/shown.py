"""Short texts for values, made without their ``__repr__``. PYTEST_DONT_REWRITE."""

import collections
import re
import types

from brinell_inside.state.layout import (
    LEAF_IDS,
    MISSING,
    TEXT_IDS,
    is_class,
    is_module,
    layout_of,
    module_name,
    namespace_of,
    qualified,
)  # fmt: skip

ABSENT = "absent"
_MOST = 120
_SECRET = re.compile(r"secret|token|passw|credential|api_?key|private|auth|session|cookie|dsn", re.IGNORECASE)
_IN_URL = re.compile(r"(://[^/\s:@]*:)[^@\s]+@")


def shown(value, depth=2):
    """At most 120 characters that tell a person what ``value`` is."""
    return _within(_text(value, depth))


def _within(text):
    return text if len(text) <= _MOST else text[: _MOST - 3] + "..."


def _text(value, depth):  # noqa: PLR0911 - one line per kind of value
    if value is MISSING:
        return ABSENT
    kind = type(value)
    if id(kind) in LEAF_IDS:
        return _leaf(value)
    if is_class(value):
        return "<class %s>" % _class_text(value)
    if is_module(value):
        name = (namespace_of(value) or {}).get("__name__")
        return "<module %s>" % (name if type(name) is str else "?")
    if kind is types.FunctionType:
        return "<function %s.%s>" % (value.__module__ if type(value.__module__) is str else "?", value.__qualname__)
    if kind is types.BuiltinFunctionType:
        return "<built-in function %s>" % value.__name__
    layout = layout_of(value)
    if layout.container is not None and layout.exact:
        return _contents(value, layout, depth)
    return "<%s object>" % _class_text(kind)


def _class_text(cls):
    home = module_name(cls)
    return "%s.%s" % (home, qualified(cls)) if home not in ("", "builtins") else qualified(cls)


def _leaf(value):
    kind = type(value)
    if kind in (str, bytes):
        text = value[:_MOST]
        return repr(_IN_URL.sub(r"\1...@", text) if kind is str else text)
    if kind is int and value.bit_length() > 200:
        return "<int of %d bits>" % value.bit_length()
    return repr(value)[:_MOST]


def _contents(value, layout, depth):
    opening, closing = _BRACKETS[layout.container]
    contents = layout.read(value)[0]
    if layout.container is bytearray:
        return "bytearray(%s)" % _leaf(bytes(contents[:_MOST]))
    if depth <= 0:
        return opening + ("..." if len(contents) else "") + closing
    pairs = contents.items() if type(contents) is dict else contents
    parts = []
    for item in pairs:
        if len(parts) == 5:
            parts.append("... (%d)" % len(contents))
            break
        if layout.container in (dict, collections.OrderedDict):
            hidden = type(item[0]) is str and type(item[1]) is str and _SECRET.search(item[0])
            parts.append("%s: %s" % (_text(item[0], depth - 1), "<hidden>" if hidden else _text(item[1], depth - 1)))
        else:
            parts.append(_text(item, depth - 1))
    return opening + ", ".join(parts) + closing


_BRACKETS = {
    dict: ("{", "}"), collections.OrderedDict: ("OrderedDict{", "}"), list: ("[", "]"), tuple: ("(", ")"),
    set: ("{", "}"), frozenset: ("frozenset{", "}"), collections.deque: ("deque[", "]"), bytearray: ("", ""),
}  # fmt: skip


def shown_under(name, value):
    """As ``shown``; what a name like PASSWORD or API_TOKEN holds is not shown."""
    if id(type(value)) in TEXT_IDS and type(name) is str and _SECRET.search(name):
        return "<hidden>"
    return shown(value)


def key_text(key):
    """``(text, evaluable)`` of a dict key in a path."""
    if id(type(key)) in LEAF_IDS:
        text = repr(key) if type(key) is not int or key.bit_length() < 200 else _leaf(key)
        if len(text) <= 80:
            return text, type(key) in (str, bytes, int, bool, float, type(None))
        return text[:77] + "...", False
    if type(key) is tuple and len(key) <= 6:
        parts = [key_text(part) for part in key]
        return "(%s,)" % ", ".join(text for text, _ in parts), all(good for _, good in parts)
    return shown(key, 1), False
