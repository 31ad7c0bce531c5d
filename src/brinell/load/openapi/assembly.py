"""Requests as bytes: the head that every request of the scenario has, and what one of them adds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.drivers.http import Http
from brinell.load.drivers.http_request import TOKEN
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.variants import Variant
from brinell.subject.targets import Target

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_USUAL = frozenset({"user-agent", "accept"})


class Head(NamedTuple):
    """``lines`` of every request, by lower-case name. ``prefix`` stands before every path. ``usual`` are the names of
    those lines that nobody gave: what a document says of them is better.
    """

    lines: tuple[tuple[str, bytes], ...]
    prefix: str
    usual: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the headers, in lower case."""
        return tuple(name for name, _ in self.lines)

    def request(self, method: str, variant: Variant) -> bytes:
        """Return the whole request. Cannot for what a request line or a header cannot hold."""
        target = self.prefix + variant.target
        if not (target.startswith("/") and target.isascii() and target.isprintable() and " " not in target):
            raise Cannot("its path holds what a request line cannot")
        added = {name.lower(): f"{name}: {value}" for name, value in variant.headers}
        if any(not (TOKEN.fullmatch(name) and one.isascii() and one.isprintable()) for name, one in added.items()):
            raise Cannot("one of its headers holds what a header cannot")
        # What was given for the scenario wins: a key in the document's example is not the user's.
        lines = [line for name, line in self.lines if not (name in self.usual and name in added)]
        lines += [line.encode() for name, line in added.items() if name in self.usual or name not in self.names]
        if variant.body or method in _WITH_BODY:
            lines.append(b"Content-Length: %d" % len(variant.body))
        return b"\r\n".join([f"{method} {target} HTTP/1.1".encode(), *lines, b"", variant.body])

    def plain(self) -> bytes:
        """Return the lines as they follow a request line, the blank one included."""
        return b"".join(line + b"\r\n" for _, line in self.lines) + b"\r\n"


def head_of(spec: LoadSpec, target: Target, root: Path, prefix: str) -> Head:
    """Return the head that the driver gives this scenario's requests, the environment's values filled in."""
    bare = msgspec.structs.replace(spec, requests=(RequestSpec(),))
    (one,) = Http().encode(bare, target, root)
    _, *lines = one.request.partition(b"\r\n\r\n")[0].split(b"\r\n")
    given = {name.lower() for name in spec.headers}
    return Head(
        tuple((line.partition(b":")[0].decode("latin-1").lower(), line) for line in lines), prefix, _USUAL - given
    )
