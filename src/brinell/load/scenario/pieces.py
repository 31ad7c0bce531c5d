"""Parts of a request: bytes that stay, and functions of the session that make the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from brinell.load.drivers.http_request import SAFE_IN_PATHS
from brinell.load.scenario.generators import Getter
from brinell.load.scenario.scope import Scope
from brinell.load.scenario.template import Columns, has_template, parts, text_of

Piece = bytes | Callable[[Scope], bytes]


class Unsendable(Exception):  # noqa: N818 - a value's fault, worded for the sample
    """A value cannot stand where it should."""


_FORBIDDEN = frozenset("\r\n\0")


def joined(pieces: list[Piece], scope: Scope) -> bytes:
    """Return the bytes of all pieces."""
    return b"".join([one if one.__class__ is bytes else one(scope) for one in pieces])  # type: ignore[operator]  # where every request passes


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces with neighbouring bytes as one."""
    found: list[Piece] = []
    for one in pieces:
        if isinstance(one, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += one
        elif one:
            found.append(one)
    return found


def path(written: str, prefix: str, known: Columns) -> tuple[list[Piece], Getter | None]:
    """Return the pieces of a path, values percent-encoded. A path that begins with a template is an address that an
    answer gave, relative perhaps: then the getter of all of it is returned, and the pieces are empty.
    """
    made = parts(written, known)
    if callable(made[0]):
        return [], lambda scope: "".join([one if isinstance(one, str) else text_of(one(scope)) for one in made])
    inside = (quote(one, safe=SAFE_IN_PATHS).encode() if isinstance(one, str) else _in_path(one) for one in made)
    return merged([prefix.encode(), *inside]), None


def text(written: str, known: Columns) -> list[Piece]:
    """Return the pieces of a plain body."""
    return merged(one.encode() if isinstance(one, str) else _as_text(one) for one in parts(written, known))


def header(name: str, written: str, known: Columns) -> list[Piece]:
    """Return the pieces of a header's value. One that cannot be sent ends its session: values come from answers too."""
    made = parts(written, known)
    return merged(one.encode("latin-1") if isinstance(one, str) else _in_header(name, one) for one in made)


def form(fields: Mapping[str, str], known: Columns) -> list[Piece]:
    """Return the pieces of a URL-encoded form."""
    found: list[Piece] = []
    for name, written in fields.items():
        found.append(f"{'&' if found else ''}{quote_plus(name)}=".encode())
        found += [quote_plus(one).encode() if isinstance(one, str) else _in_form(one) for one in parts(written, known)]
    return merged(found)


def json(value: Any, known: Columns) -> list[Piece]:
    """Return the pieces of a JSON body. A text that is one template and nothing else becomes what its value is: a
    number stays one.
    """
    return merged(_json(value, known))


def templates_in(value: Any) -> list[str]:
    """Return the texts with templates in what JSON can say."""
    match value:
        case str():
            return [value] if has_template(value) else []
        case dict():
            return [found for item in value.values() for found in templates_in(item)]
        case list() | tuple():
            return [found for item in value for found in templates_in(item)]
        case _:
            return []


def _json(value: Any, known: Columns) -> list[Piece]:
    match value:
        case dict():
            return _enclosed(b"{", [_member(key, item, known) for key, item in value.items()], b"}")
        case list() | tuple():
            return _enclosed(b"[", [_json(item, known) for item in value], b"]")
        case str() if has_template(value):
            return _json_text(parts(value, known))
        case _:
            return [msgspec.json.encode(value)]


def _member(key: str, value: Any, known: Columns) -> list[Piece]:
    return [msgspec.json.encode(key) + b":", *_json(value, known)]


def _enclosed(begin: bytes, items: list[list[Piece]], end: bytes) -> list[Piece]:
    found: list[Piece] = [begin]
    for number, item in enumerate(items):
        found += ([b","] if number else []) + item
    return [*found, end]


def _json_text(made: list[str | Getter]) -> list[Piece]:
    if len(made) == 1 and callable(made[0]):
        whole = made[0]
        return [lambda scope: msgspec.json.encode(whole(scope))]
    inside: list[Piece] = [msgspec.json.encode(one)[1:-1] if isinstance(one, str) else _in_json(one) for one in made]
    return [b'"', *inside, b'"']


def _as_text(getter: Getter) -> Piece:
    return lambda scope: text_of(getter(scope)).encode()


def _in_path(getter: Getter) -> Piece:
    def make(scope: Scope) -> bytes:
        text = text_of(getter(scope))
        return text.encode() if text.isalnum() and text.isascii() else quote(text, safe="").encode()

    return make


def _in_form(getter: Getter) -> Piece:
    def make(scope: Scope) -> bytes:
        text = text_of(getter(scope))
        return text.encode() if text.isalnum() and text.isascii() else quote_plus(text).encode()

    return make


def _in_json(getter: Getter) -> Piece:
    return lambda scope: msgspec.json.encode(text_of(getter(scope)))[1:-1]


def _in_header(name: str, getter: Getter) -> Piece:
    def make(scope: Scope) -> bytes:
        value = text_of(getter(scope))
        if not _FORBIDDEN.isdisjoint(value):
            raise Unsendable(f"header {name}: a value with a line break cannot be sent")
        try:
            return value.encode("latin-1")
        except UnicodeEncodeError:
            raise Unsendable(f"header {name}: a value outside Latin-1 cannot be sent") from None

    return make
