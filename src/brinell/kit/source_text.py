"""Python source for values: what a formatter would leave as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_INDENT = " " * 4
_WIDTH = 88  # the narrowest line that formatters use unless told otherwise


def text(value: str) -> str:
    """Return a literal of a string: double quotes unless single ones need fewer escapes.

    Whatever doesn't print, newlines and lone surrogates among it, is escaped as ``repr`` does.
    """
    body = repr(f'"{value}')[2:-1]  # with a double quote in it repr uses single ones
    bare = body.replace("\\'", "'")
    if value.count('"') > value.count("'"):
        return f"'{body}'"
    return '"' + bare.replace('"', '\\"') + '"'


def literal(value: object) -> str:
    """Return a literal of strings, numbers, booleans, None and tuples of them, on one line."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, tuple):
        inner = ", ".join(literal(one) for one in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def call(name: str, arguments: Iterable[tuple[str, object]]) -> list[str]:
    """Return the lines of a call, one keyword argument a line, a comma at the end."""
    lines = [f"{name}("]
    for keyword, value in arguments:
        lines += _laid_out(f"{_INDENT}{keyword}=", value, _INDENT)
    return [*lines, "),"]


def _laid_out(start: str, value: object, indent: str) -> list[str]:
    line = f"{start}{literal(value)},"
    if not isinstance(value, tuple) or not value or len(_INDENT) + len(line) <= _WIDTH:
        return [line]
    deeper = indent + _INDENT
    return [f"{start}(", *(line for one in value for line in _laid_out(deeper, one, deeper)), f"{indent}),"]


def indented(lines: Sequence[str]) -> str:
    """Return lines one level deep, joined."""
    return "\n".join(_INDENT + line if line else line for line in lines)
