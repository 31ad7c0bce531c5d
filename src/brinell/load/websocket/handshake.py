"""The opening handshake (RFC 6455, 4): the request, and whether what came is the upgrade that was asked for."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import NamedTuple

from brinell.core.redact import one_line
from brinell.load.drivers.http_answer import ProtocolError
from brinell.load.websocket import deflate

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MOST_FIELDS = 200
KEPT_BODY = 4096  # bytes of a refusal's body
MOST_SAID = 160  # letters of it that are told
_HEX = frozenset(b"0123456789abcdefABCDEF")
_OURS = frozenset(
    {"connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
     "sec-websocket-protocol", "content-length", "transfer-encoding"}
)  # fmt: skip

Fields = tuple[tuple[str, str], ...]


class Refusal(NamedTuple):
    """An answer other than 101, whole or what came of it. ``body``: its first bytes."""

    status: int
    fields: Fields
    body: bytes = b""

    def field(self, name: str) -> str:
        """Return a header's value, several joined by commas; empty: it is not there."""
        return joined(self.fields, name)

    @property
    def text(self) -> str:
        """What is there of the body, out of its chunks where it came in some, on one line."""
        chunked = "chunked" in self.field("transfer-encoding").lower()
        return one_line((_out_of_chunks(self.body) if chunked else self.body).decode("utf-8", "replace"), MOST_SAID)

    @property
    def words(self) -> str:
        """The refusal in a few words."""
        if self.redirects:
            return f"status {self.status}, which leads to {self.field('location')!r}; redirects are not followed"
        return f"status {self.status}: {said}" if (said := self.text) else f"status {self.status}"

    @property
    def redirects(self) -> bool:
        """Whether it leads elsewhere."""
        return 300 <= self.status < 400 and bool(self.field("location"))


class Agreed(NamedTuple):
    """What both sides settled."""

    subprotocol: str = ""
    deflate: deflate.Offer | None = None


class Opening:
    """One request line and its headers, of which only the key changes. ``headers`` must be checked for line breaks
    before; those that the protocol itself sets are left out.
    """

    def __init__(
        self,
        authority: str,
        path: str = "/",
        headers: Sequence[tuple[str, str]] = (),
        subprotocols: Sequence[str] = (),
        offer: deflate.Offer | None = None,
    ) -> None:
        self.subprotocols = tuple(subprotocols)
        self.offer = offer
        given = [(name, value) for name, value in headers if name.lower() not in _OURS]
        hosted = any(name.lower() == "host" for name, _ in given)
        lines = [f"GET {path or '/'} HTTP/1.1", *([] if hosted else [f"Host: {authority}"])]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in given]
        lines += [f"Sec-WebSocket-Protocol: {', '.join(self.subprotocols)}"] if self.subprotocols else []
        lines += [f"Sec-WebSocket-Extensions: {offer.header}"] if offer else []
        self._head = ("\r\n".join(lines) + "\r\nSec-WebSocket-Key: ").encode("latin-1")

    def request(self, key: bytes) -> bytes:
        """Return the request with this key (``new_key``)."""
        return self._head + key + b"\r\n\r\n"

    def agree(self, fields: Fields, key: bytes) -> Agreed:
        """Return what a 101 settles. ProtocolError where it is not the answer to this request."""
        if "websocket" not in _tokens(joined(fields, "upgrade")):
            raise ProtocolError("status 101 without Upgrade: websocket")
        if "upgrade" not in _tokens(joined(fields, "connection")):
            raise ProtocolError("status 101 without Connection: Upgrade")
        if joined(fields, "sec-websocket-accept") != accept(key):
            raise ProtocolError("Sec-WebSocket-Accept is not the answer to the key")
        chosen = joined(fields, "sec-websocket-protocol")
        if chosen and chosen not in self.subprotocols:
            raise ProtocolError(f"the server chose the subprotocol {chosen[:60]!r}, which was not offered")
        try:
            terms = deflate.agreed(self.offer, joined(fields, "sec-websocket-extensions"))
        except ValueError as error:
            raise ProtocolError(str(error)) from None
        return Agreed(chosen, terms)


def _out_of_chunks(body: bytes) -> bytes:
    """Return what a body that came in chunks holds, as far as it came (RFC 9112, 7.1)."""
    rest, found = body, b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        digits = size.partition(b";")[0].strip()
        if not 0 < len(digits) < 9 or not _HEX.issuperset(digits) or not (length := int(digits, 16)):
            break
        found += rest[:length]
        rest = rest[length + 2 :]
    return found


def new_key() -> bytes:
    """Return a key for one handshake: 16 random bytes in base64."""
    return base64.b64encode(os.urandom(16))


def accept(key: bytes) -> str:
    """Return what Sec-WebSocket-Accept must say to a key."""
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()  # RFC 6455, 4.2.2: this hash and no other
    return base64.b64encode(digest).decode()


def read(head: bytes) -> tuple[int, Fields]:
    """Return status and headers of a head, blank line included; names in lower case. ProtocolError: it is none."""
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    parts = first.split(" ", 2)
    if len(parts) < 2 or parts[0] not in {"HTTP/1.1", "HTTP/1.0"} or not (parts[1].isascii() and parts[1].isdigit()):
        raise ProtocolError("not an HTTP/1 answer")
    if len(parts[1]) != 3 or not 101 <= int(parts[1]) < 600 or 101 < int(parts[1]) < 200:
        raise ProtocolError(f"status {parts[1][:10]} in answer to an upgrade")
    if len(lines) > MOST_FIELDS:
        raise ProtocolError(f"more than {MOST_FIELDS} headers")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or any(sign in value for sign in "\r\n\0"):
            raise ProtocolError(f"not a header: {line[:60]!r}")
        fields.append((name.lower(), value.strip()))
    return int(parts[1]), tuple(fields)


def joined(fields: Fields, name: str) -> str:
    """Return the value of a header, several of one name joined by commas; empty: it is not there."""
    return ", ".join(value for key, value in fields if key == name)


def _tokens(value: str) -> list[str]:
    return [token.strip().lower() for token in value.split(",")]
