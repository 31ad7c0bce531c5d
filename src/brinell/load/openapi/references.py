"""``$ref``: to the same document, or to another one of the same place and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from brinell.core.redact import one_line
from brinell.load.openapi.document import MOST_BYTES, Unreadable, parse

MOST_DOCUMENTS = 100  # from a service, each a request
MOST_FILES = 5000
LONGEST_CHAIN = 50

Fetch = Callable[[str], bytes]
"""The content at an address (a URL, or a file's as ``Library.home`` is written). Unreadable where there is none."""


class Located(NamedTuple):
    """A value and where it stands: the document's address and the JSON Pointer in it."""

    value: Any
    place: str
    pointer: str


class Library:
    """The documents that references lead to. ``home`` is the address of the first one."""

    def __init__(self, home: str, document: dict[str, Any], fetch: Fetch) -> None:
        self.home = home
        self._documents: dict[str, Any] = {home: document}
        self._most = MOST_FILES if home.startswith("file:") else MOST_DOCUMENTS
        self._bytes = 0
        self._fetch = fetch

    def follow(self, reference: str, place: str) -> Located:
        """Return what a reference that stands in the document ``place`` leads to. Unreadable if it leads nowhere."""
        try:
            whole, fragment = (place, reference[1:]) if reference[:1] == "#" else urldefrag(urljoin(place, reference))
        except ValueError:
            raise Unreadable(f"$ref {one_line(reference, 80)} is no address") from None
        if fragment and not fragment.startswith("/"):
            raise Unreadable(f"$ref {one_line(reference, 80)}: only JSON Pointers (#/...) are followed")
        value = self._document(whole, reference)
        for step in fragment.split("/")[1:] if fragment else ():
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and key.isdecimal() and len(key) < 8 and int(key) < len(value):
                value = value[int(key)]
            else:
                raise Unreadable(f"$ref {one_line(reference, 80)} leads nowhere: there is no {one_line(key, 40)!r}")
        return Located(value, whole, fragment)

    def resolve(self, value: Any, place: str) -> Located:
        """Return ``value``, or what it leads to if it is a reference, however often: never a reference."""
        found = Located(value, place, "")
        for _ in range(LONGEST_CHAIN):
            if not (isinstance(found.value, dict) and isinstance(found.value.get("$ref"), str)):
                return found
            found = self.follow(found.value["$ref"], found.place)
        raise Unreadable("a $ref leads to itself")

    def _document(self, whole: str, reference: str) -> Any:
        if whole not in self._documents:
            if len(self._documents) >= self._most:
                raise Unreadable(f"it refers to more than {self._most} documents")
            try:
                content = self._fetch(whole)
                self._bytes += len(content)
                if self._bytes > MOST_BYTES:
                    raise Unreadable(f"what it refers to has more than {MOST_BYTES} bytes together")  # noqa: TRY301
                self._documents[whole] = parse(content, whole)
            except Unreadable as why:
                raise Unreadable(f"$ref {one_line(reference, 80)}: {why}", why.hint) from None
        return self._documents[whole]
