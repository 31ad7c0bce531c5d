"""Does a cache keep apart what the endpoint's own ``Vary`` names (RFC 9111, 4.1)?

What the endpoint gives for each of two values of a header is seen in answers that were no hits. Then keys that nobody
has asked for are asked with the one value until they are cached, and then with the other, half of them the other way
round: a cache that does not look at the header gives whatever came first, says that it is a hit, and is wrong in both
directions. One that keeps them apart, or knows what may be given to both, cannot do all of that.
"""

from __future__ import annotations

import http.client
import random
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from brinell.core.cache_records import CacheTried
from brinell.core.redact import one_line, redact
from brinell.load.cache.door import Door, Got
from brinell.load.cache.verdicts import Verdict

MOST_KEYS = 29  # of two headers
_EACH_WAY = 5
_FEWEST = 3
_HEADERS = 2
_PATIENCE_S = 5.0
_END = b"\r\n\r\n"
_CANNOT = (OSError, ValueError, http.client.HTTPException)


class _Header(NamedTuple):
    """A request's header, values that many endpoints tell apart, and where an answer says which it is."""

    name: bytes
    values: tuple[bytes, ...]
    shows: bytes


_KNOWN = (
    _Header(b"Accept-Encoding", (b"gzip", b"identity"), b"Content-Encoding"),
    _Header(b"Accept-Language", (b"en", b"fr", b"de", b"es"), b"Content-Language"),
    _Header(b"Accept", (b"application/json", b"text/html"), b"Content-Type"),
    _Header(b"Origin", (b"https://one.example", b"https://two.example"), b"Access-Control-Allow-Origin"),
)


class Variants:
    """``request_of`` gives the request for a key; ``numbers`` are keys that nobody has asked for."""

    def __init__(
        self, door: Door, request_of: Callable[[int], bytes], verdict: Verdict, numbers: Iterator[int]
    ) -> None:
        self._door, self._request_of, self._verdict, self._numbers = door, request_of, verdict, numbers
        self._example = ""
        self._is_mixed = False

    def tried(self) -> CacheTried | None:
        """Ask; None where ``Vary`` names nothing that is known here."""
        tried = wrong = 0
        why = "no two values of what Vary names were answered differently by what says that it was no hit"
        try:
            named = _named(self._ask(next(self._numbers)))
            headers = [one for one in _KNOWN if one.name.lower() in named][:_HEADERS]
            if not headers:
                return None
            for header in headers:
                two = self._told_apart(header)
                first = self._both_ways(header, two) if two else []
                if min(first.count(0), first.count(1)) >= _FEWEST:
                    tried, why = tried + len(first), ""
                    wrong += len(first) if self._is_mixed else 0
        except (*_CANNOT, StopIteration) as error:
            if not tried:
                return CacheTried(0, "vary", 0, 0, one_line(redact(str(error) or "there are too few keys"), 200))
        return CacheTried(0, "vary", tried, wrong, why, self._example if wrong else "")

    def _told_apart(self, header: _Header) -> dict[bytes, bytes]:
        """Return two values, and what answers to them show; empty where the endpoint does not tell them apart."""
        shown: dict[bytes, bytes] = {}
        for value in header.values:
            got = self._ask(next(self._numbers), header.name, value)
            if not got.is_good or self._verdict(got.headers) is not False:
                continue
            if (shows := _shown(got, header)) not in shown.values():
                shown[value] = shows
            if len(shown) == 2:
                return shown
        return {}

    def _both_ways(self, header: _Header, two: dict[bytes, bytes]) -> list[int]:
        """Ask keys with both values; return which of them came first, for each key that was cached with it."""
        orders = [0, 1] * _EACH_WAY
        random.shuffle(orders)
        values, asked = list(two), []
        self._is_mixed = True
        for order, number in zip(orders, self._numbers, strict=False):
            first, second = values[order], values[1 - order]
            made = self._ask(number, header.name, first)
            kept = self._ask(number, header.name, first)
            other = self._ask(number, header.name, second)
            if not (made.is_good and kept.is_good and other.is_good) or self._verdict(made.headers) is not False:
                continue
            asked.append(order)
            if not (self._verdict(other.headers) and _shown(made, header) == two[first] and _same(other, kept, header)):
                self._is_mixed = False
            name = header.name.decode()
            shows = f"{header.shows.decode()}: {_shown(other, header).decode('latin-1') or 'none'}"
            self._example = f"key {number}, asked with {name}: {second.decode()}, answered with {one_line(shows, 80)}"
        return asked

    def _ask(self, number: int, name: bytes = b"", value: bytes = b"") -> Got:
        request = self._request_of(number)
        if not request.endswith(_END):
            raise ValueError("its requests have a body")
        if name:
            own = re.compile(rb"(?<=\r\n)" + re.escape(name) + rb":[^\r\n]*\r\n", re.IGNORECASE)
            request = own.sub(b"", request)[: -len(_END)] + b"\r\n" + name + b": " + value + _END
        return self._door.ask(request, _PATIENCE_S)


def _named(got: Got) -> set[bytes]:
    """Return the names in an answer's Vary, in lower case."""
    said = b",".join(value for name, value in got.headers if name.lower() == b"vary")
    return {one.strip().lower() for one in said.split(b",")}


def _shown(got: Got, header: _Header) -> bytes:
    """Return what an answer says it is."""
    return next((value for name, value in got.headers if name.lower() == header.shows.lower()), b"").strip().lower()


def _same(one: Got, other: Got, header: _Header) -> bool:
    return one.body == other.body and _shown(one, header) == _shown(other, header)
