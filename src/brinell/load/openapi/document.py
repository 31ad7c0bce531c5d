"""Reading a document: JSON or YAML, bounded in size, depth and count before anybody walks through it."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Hashable
from typing import Any

import msgspec

from brinell.core.redact import is_utf8, one_line
from brinell.subject.environments import own_line

MOST_BYTES = 32 << 20  # GitHub's whole description is 12 MB
MOST_DEPTH = 200
MOST_VALUES = 3_000_000  # GitHub's has half a million
MOST_YAML_BYTES = 4 << 20  # reading YAML takes a hundred times as long as JSON


class Unreadable(Exception):  # noqa: N818 - a property of the document, worded for the user
    """The document cannot be used; the text says why, ``hint`` what to do."""

    def __init__(self, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.hint = hint


def parse(content: bytes, name: str = "", most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """Return the document as plain values. ``name`` (a path) tells YAML from JSON where the content does not."""
    if len(content) > most_bytes:
        raise Unreadable(f"it has {len(content)} bytes, and at most {most_bytes} are read")
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8: byte {error.start} is {text[error.start : error.start + 1]!r}") from None
    is_json = text.startswith((b"{", b"[")) and not name.lower().endswith((".yaml", ".yml"))
    found = _json(text) if is_json else _yaml(text)
    _measure(found)
    if not isinstance(found, dict):
        raise Unreadable(f"it is a {type(found).__name__}, and a document is an object")
    return found


def _json(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Unreadable(f"it is not JSON: {one_line(str(error))}") from None
    except RecursionError:
        raise Unreadable(f"it is nested more than {MOST_DEPTH} levels deep") from None


def _yaml(text: bytes) -> Any:
    if importlib.util.find_spec("yaml") is None:
        raise Unreadable("it is YAML, and nothing here reads that", f"{own_line('pyyaml')}, or give it as JSON")
    import yaml  # noqa: PLC0415 - optional: most documents are JSON

    most = MOST_YAML_BYTES if hasattr(yaml, "CSafeLoader") else MOST_YAML_BYTES // 8
    if len(text) > most:
        raise Unreadable(f"it has {len(text)} bytes of YAML, and at most {most} are read", "give it as JSON")

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Dates stay text, as in JSON; keys such as 200 become text."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - as the library has it
            first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
            for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
            made = super().construct_mapping(node, deep=deep)
            return {key if isinstance(key, str) else str(key): value for key, value in made.items()}

    try:
        _shallow(yaml, text.decode())
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        raise Unreadable(f"it is not YAML: {one_line(str(error))}") from None
    except RecursionError:
        raise Unreadable(f"it is nested more than {MOST_DEPTH} levels deep") from None
    except ValueError as error:  # numbers and keys that Python cannot hold
        raise Unreadable(f"it is not YAML: {one_line(str(error))}") from None


def _shallow(yaml: Any, text: str) -> None:
    """Refuse deep nesting by events alone: the library builds values with a call per level."""
    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise Unreadable(f"it is nested more than {MOST_DEPTH} levels deep")


def _measure(document: Any) -> None:
    """Count values and levels without recursion; what YAML shares counts every time, so that it cannot explode."""
    level, depth, count = [document], 0, 0
    while level:
        count += len(level)
        if depth > MOST_DEPTH:
            raise Unreadable(f"it is nested more than {MOST_DEPTH} levels deep")
        if count > MOST_VALUES:
            raise Unreadable(f"it holds more than {MOST_VALUES} values")
        following: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                following += value.values()
            elif isinstance(value, list):
                following += value
            elif not _plain(value):
                raise Unreadable(f"it holds {one_line(repr(value), 60)}, which JSON cannot say")
            if len(following) > MOST_VALUES:
                raise Unreadable(f"it holds more than {MOST_VALUES} values")
        level, depth = following, depth + 1


def _plain(value: Any) -> bool:
    """Whether a single value goes through JSON and back: YAML can say more."""
    if isinstance(value, str):
        return value.isascii() or is_utf8(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return value.bit_length() < 1024  # as far as floats go
    return value is None
