"""An answer as checks and extractions read it; and what is taken from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from brinell.load.engine.session import Answer
from brinell.load.scenario.generators import Wrong
from brinell.load.scenario.json_path import Missing, steps, value_at

HEADER, REGEX = "header:", "regex:"
_UNREAD: Any = object()

Extraction = Callable[["Reading"], Any]
"""The value; ``Missing`` where the answer has none."""


class Reading:
    """Text and JSON of a body are decoded once, when something first asks."""

    __slots__ = ("_json", "_text", "answer")

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._json = _UNREAD
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The body as UTF-8, what is not valid replaced."""
        if self._text is None:
            self._text = self.answer.body.decode("utf-8", "replace")
        return self._text

    @property
    def json(self) -> Any:
        """The body as JSON. ``Missing`` where it is none."""
        if self._json is _UNREAD:
            try:
                self._json = msgspec.json.decode(self.answer.body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Missing(f"the body is not JSON ({error})") from None
        return self._json

    def header(self, name: bytes) -> str | None:
        """The first value of a header; ``name`` in lower case."""
        for key, value in self.answer.headers:
            if key.lower() == name:
                return value.decode("latin-1")
        return None


def extraction(written: str) -> Extraction:
    """Read ``$.id``, ``header:Location`` or ``regex:...`` (its first group, or all it found); ``Wrong``."""
    if written.startswith("$"):
        path = steps(written)
        return lambda reading: value_at(reading.json, path)
    if written.startswith(HEADER):
        return _of_header(written.removeprefix(HEADER).strip())
    if written.startswith(REGEX):
        return _of_regex(pattern(written.removeprefix(REGEX)))
    raise Wrong('this takes nothing from an answer: "$.id", "header:Location" or "regex:id=(\\d+)"')


def pattern(written: str) -> re.Pattern[str]:
    """Compile a regular expression; ``Wrong`` where it is none."""
    try:
        return re.compile(written)
    except (re.error, RecursionError, OverflowError) as error:
        raise Wrong(f"this is no regular expression: {error}") from None


def _of_header(name: str) -> Extraction:
    if not name:
        raise Wrong('a header has a name: "header:Location"')
    key = name.lower().encode("latin-1", "replace")

    def take(reading: Reading) -> str:
        value = reading.header(key)
        if value is None:
            raise Missing(f"there is no header {name}")
        return value

    return take


def _of_regex(found: re.Pattern[str]) -> Extraction:
    def take(reading: Reading) -> str:
        match = found.search(reading.text)
        if match is None:
            raise Missing(f"nothing in the body fits {found.pattern}")
        return match.group(1 if found.groups else 0) or ""

    return take
