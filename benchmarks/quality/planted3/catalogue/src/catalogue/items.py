from __future__ import annotations

import re
import warnings

import attrs
import jsonschema
import yaml

ISBN = re.compile(r"\d{9}[\dX]")

SCHEMA = {
    "type": "object",
    "required": ["title", "kind"],
    "properties": {"title": {"type": "string", "minLength": 1}, "kind": {"enum": ["book", "film"]}},
}


def isbn_ok(isbn: str) -> bool:
    if not ISBN.fullmatch(isbn):
        return False
    digits = [10 if digit == "X" else int(digit) for digit in isbn]
    return sum((10 - at) * digit for at, digit in enumerate(digits)) % 11 == 0


def _isbn(instance, attribute, value):
    if value and not isbn_ok(value):
        raise ValueError(f"bad ISBN {value}")


@attrs.frozen
class Book:
    title: str
    isbn: str = attrs.field(default="", validator=_isbn)

    def __attrs_post_init__(self):
        if not self.title:
            raise ValueError("no title")


@attrs.define
class Film:
    title: str
    minutes: int = 90
    tags: set[str] = attrs.Factory(set)

    def tag(self, *tags: str) -> Film:
        self.tags.update(tags)
        return self


def parse(text: str) -> list[Book | Film]:
    items = []
    for raw in yaml.safe_load(text) or []:
        jsonschema.validate(raw, SCHEMA)
        raw = dict(raw)
        kind = raw.pop("kind")
        items.append(Book(**raw) if kind == "book" else Film(**raw))
    return items


def load(path) -> list[Book | Film]:
    return parse(path.read_text())


def read(path) -> list[Book | Film]:
    warnings.warn("catalogue.items.read is called load now", DeprecationWarning, stacklevel=2)
    return load(path)


def soundex(word: str) -> str:
    codes = {letter: code for code, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), 1) for letter in letters}
    word = word.upper()
    found, last = word[0], codes.get(word[0])
    for letter in word[1:]:
        code = codes.get(letter)
        if code and code != last:
            found += str(code)
        if letter not in "HW":
            last = code
    return (found + "000")[:4]


class Index:
    """Titles by how they sound; dear to build."""

    def __init__(self, titles) -> None:
        self.titles = list(titles)
        self.by_sound: dict[str, list[str]] = {}
        for title in self.titles:
            self.by_sound.setdefault(soundex(title), []).append(title)

    def like(self, word: str) -> list[str]:
        return self.by_sound.get(soundex(word), [])
