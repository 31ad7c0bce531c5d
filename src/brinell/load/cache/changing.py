"""``update = "PUT /users/{key} {...}"``, ``delete = "DELETE /users/{key}"``: what changes what an endpoint gives for a
key, and the mark of a change.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from brinell.load.cache.address import KEY
from brinell_inside.cache.stamps import StaleRead, Stamps

STAMP = "{stamp}"
_FORM = re.compile(r"([A-Za-z]+)\s+(/\S*)(?:\s+(.*))?", re.DOTALL)
_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
_MARK = re.compile(rb"([0-9a-f]{1,16})\.([0-9a-f]{8})\.([0-9a-f]{1,16})\|")  # as ``Stamps.begin`` writes it
_MOST_MARKS = 1000


class Change(msgspec.Struct, frozen=True):
    """A request as it was written: ``{key}`` in path and body, and ``{stamp}`` in the body of an update."""

    method: str
    path: str
    body: str

    @property
    def content_type(self) -> str:
        """JSON where it looks like it, else a form."""
        return "application/json" if self.body[:1] in {"{", "["} else "application/x-www-form-urlencoded"

    def filled(self, key: int, stamp: str) -> tuple[str, bytes]:
        """Return the path and the body for a key."""
        number = str(key)
        body = self.body.replace(STAMP, stamp).replace(KEY, number)
        return self.path.replace(KEY, number), body.encode()


def change_of(text: str) -> Change:
    """Read an update. ValueError where it is no such request."""
    change = delete_of(text)
    if STAMP not in change.body:
        raise ValueError("{stamp} stands in its body, in what the endpoint gives afterwards")
    return change


def delete_of(text: str) -> Change:
    """Read a delete, whose body may be empty. ValueError where it is no such request."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("a method and a path are needed, and a body after them where there is one")
    method, path, body = found.group(1).upper(), found.group(2), (found.group(3) or "").strip()
    if method in _SAFE:
        raise ValueError(f"{method} changes nothing")
    if KEY not in path + body:
        raise ValueError("{key} stands in it, where the key's number goes")
    return Change(method, path, body)


class Marks:
    """What was written by one worker, and what of it may be read. ``shows``: a mark was seen in some answer."""

    def __init__(self) -> None:
        stamps: Any = Stamps  # of the side that has no annotations
        self._stamps = stamps("text")
        self._stamps.begin(-1, 0)  # so that the first mark of all replaces something: what was there before
        self.shows = False
        self._begun = 1
        self._met: dict[bytes, int] = {}  # marks that are not ours: changes that had begun by when they were met

    def met(self, key: int, body: bytes) -> None:
        """An answer came before anybody but us changes anything: marks of others in it, of an earlier run, are old."""
        for found in _MARK.finditer(body):
            if int(found.group(1), 16) == key and len(self._met) < _MOST_MARKS:
                self._met.setdefault(found.group(), self._begun)

    def begin(self, key: int) -> str:
        """A change begins: its mark."""
        self._begun += 1
        return str(self._stamps.begin(key, 0))

    def acknowledged(self, key: int) -> None:
        """It ended well."""
        self._stamps.acknowledged(key)

    def floor(self, key: int) -> int:
        """A read begins: what ``wrong`` is to be told."""
        return int(self._stamps.floor(key))

    def wrong(self, key: int, body: bytes, floor: int) -> str | None:
        """Say what is stale in an answer to a read that began then; None where nothing is, or nobody knows."""
        others = False
        newest = None
        for found in list(_MARK.finditer(body))[:_MOST_MARKS]:
            self.shows = True
            if int(found.group(1), 16) != key:
                continue
            value = found.group().decode("ascii")
            if self._stamps.parts(value)[1] != self._stamps.who:
                others = others or not 0 < self._met.get(found.group(), 0) <= floor >> 1
            elif newest is None or self._stamps.parts(value)[2] > self._stamps.parts(newest)[2]:
                newest = value
        if not floor or others:
            return None
        if newest is None:
            return f"what key {key} had before it was changed" if self.shows else None
        try:
            self._stamps.check(key, newest, floor)
        except StaleRead as error:
            return str(error)
        return None
