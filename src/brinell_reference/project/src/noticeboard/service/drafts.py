"""A note as a client writes it: checked completely, told about completely."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from noticeboard.errors import Problem
from noticeboard.service.text import clean, fold

MAX_TEXT_CHARACTERS = 10_000
MAX_TAGS = 10
MAX_TAG_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Draft:
    """A valid note that isn't stored yet."""

    text: str
    tags: tuple[str, ...] = ()

    @property
    def folded(self) -> str:
        """What search compares."""
        return fold(self.text)

    @property
    def digest(self) -> str:
        """The same for the same draft, as 64 hexadecimal digits."""
        return hashlib.blake2b(json.dumps([self.text, self.tags]).encode(), digest_size=32).hexdigest()


def parse_draft(document: object) -> Draft:
    """Return the draft that a decoded JSON document describes.

    Raises:
        Problem: invalid-note, naming everything that is wrong with it.
    """
    if not isinstance(document, dict):
        raise Problem("invalid-note", "the body must be an object")
    faults = [f"{name!r} is not a property of a note" for name in document if name not in {"text", "tags"}]
    text, tags = _text(document.get("text"), faults), _tags(document.get("tags", []), faults)
    if faults:
        raise Problem("invalid-note", "; ".join(faults[:10])[:500])
    return Draft(text, tags)


def _text(value: Any, faults: list[str]) -> str:
    text = clean(value) if isinstance(value, str) else ""
    if not text:
        faults.append("text must be a string that isn't blank")
    elif len(text) > MAX_TEXT_CHARACTERS:
        faults.append(f"text must have at most {MAX_TEXT_CHARACTERS} characters, not {len(text)}")
    return text


def _tags(value: Any, faults: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        faults.append("tags must be a list of strings")
        return ()
    tags = tuple(dict.fromkeys(fold(tag) for tag in value))  # each once, in their order
    if len(tags) > MAX_TAGS:
        faults.append(f"there must be at most {MAX_TAGS} tags, not {len(tags)}")
    if not all(1 <= len(tag) <= MAX_TAG_CHARACTERS for tag in tags):
        faults.append(f"a tag must have 1 to {MAX_TAG_CHARACTERS} characters")
    return tags
