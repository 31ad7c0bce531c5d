"""permessage-deflate (RFC 7692): what is offered, what a server may make of it, and both directions of it.

A compressor holds a quarter of a megabyte, so a connection gets its own only once it needs one: without context
takeover all connections of a process share what has no memory.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

from brinell.load.websocket.frames import INVALID_DATA, TOO_BIG, FrameError

NAME = "permessage-deflate"
LEAST_BITS, MOST_BITS = 8, 15
_TAIL = b"\x00\x00\xff\xff"  # of every flush; left away on the wire (7.2.1)
_PARAMETER = re.compile(r'\s*([a-z_]+)\s*(?:=\s*"?([0-9]+)"?\s*)?')


class Offer(NamedTuple):
    """What the client asks for. Bits are window sizes, 9 to 15; ``takeover``: contexts outlive messages."""

    server_takeover: bool = True
    client_takeover: bool = True
    server_bits: int = MOST_BITS
    client_bits: int = MOST_BITS

    @property
    def header(self) -> str:
        """The value of Sec-WebSocket-Extensions."""
        parts = [NAME]
        parts += [] if self.server_takeover else ["server_no_context_takeover"]
        parts += [] if self.client_takeover else ["client_no_context_takeover"]
        parts += [f"server_max_window_bits={self.server_bits}"] if self.server_bits < MOST_BITS else []
        parts += [f"client_max_window_bits={self.client_bits}"] if self.client_bits < MOST_BITS else []
        return "; ".join([*parts, *(["client_max_window_bits"] if self.client_bits == MOST_BITS else [])])


def agreed(offer: Offer | None, said: str) -> Offer | None:
    """Return what the server's Sec-WebSocket-Extensions makes of the offer; None: messages are not compressed.

    ValueError says what the server may not answer (RFC 7692, 5.1 and 7.1).
    """
    if not said.strip():
        return None
    if offer is None:
        raise ValueError(f"the server uses an extension that was not offered: {said[:60]!r}")
    if "," in said:
        raise ValueError(f"the server accepts more than was offered: {said[:60]!r}")
    name, *parameters = said.split(";")
    if name.strip() != NAME:
        raise ValueError(f"the server uses an extension that was not offered: {name.strip()[:60]!r}")
    result, seen = offer, set()
    for parameter in parameters:
        found = _PARAMETER.fullmatch(parameter)
        key, value = found.groups() if found else ("", None)
        if key in seen:
            raise ValueError(f"the server says {key} twice")
        seen.add(key)
        match key, value:
            case "server_no_context_takeover", None:
                result = result._replace(server_takeover=False)
            case "client_no_context_takeover", None:
                result = result._replace(client_takeover=False)
            case "server_max_window_bits" | "client_max_window_bits", str():
                result = _with_bits(result, key, int(value))
            case _:
                raise ValueError(f"the server says what is no parameter of {NAME}: {parameter.strip()[:60]!r}")
    if not offer.server_takeover and "server_no_context_takeover" not in seen:
        raise ValueError("the server keeps its context although it was asked not to")
    if offer.server_bits < MOST_BITS and "server_max_window_bits" not in seen:
        raise ValueError("the server does not say that it keeps to server_max_window_bits")
    return result


def _with_bits(offer: Offer, key: str, bits: int) -> Offer:
    field = key.replace("max_window_", "")
    before = offer.server_bits if field == "server_bits" else offer.client_bits
    if not LEAST_BITS <= bits <= before:
        raise ValueError(f"{key}={bits} is not between {LEAST_BITS} and {before}")
    return offer._replace(server_bits=bits) if field == "server_bits" else offer._replace(client_bits=bits)


class Deflate:
    """Both directions of one connection, as agreed."""

    __slots__ = ("_compressor", "_decompressor", "_terms")

    def __init__(self, terms: Offer) -> None:
        self._terms = terms
        self._compressor: zlib._Compress | None = None
        self._decompressor: zlib._Decompress | None = None

    @property
    def repeats(self) -> bool:
        """Whether a server's bytes mean the same whenever they come: there is no context to take over."""
        return not self._terms.server_takeover

    def pack(self, payload: bytes) -> bytes:
        """Return a message compressed."""
        # zlib makes raw streams with windows from 9 bits on: a peer that asked for 8 gets what fits both.
        packer = self._compressor or zlib.compressobj(wbits=-max(9, self._terms.client_bits))
        if self._terms.client_takeover:
            self._compressor = packer
        return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]

    def inflate(self, payload: bytes | bytearray, most: int) -> bytes:
        """Return what a message unpacks to, at most ``most`` bytes: a bomb is refused before it takes memory."""
        unpacker = self._decompressor or zlib.decompressobj(-max(9, self._terms.server_bits))
        if self._terms.server_takeover:
            self._decompressor = unpacker
        try:
            plain = unpacker.decompress(bytes(payload) + _TAIL, most + 1)
        except zlib.error as error:
            raise FrameError(INVALID_DATA, f"a message that does not unpack: {error}") from None
        if len(plain) > most:
            raise FrameError(TOO_BIG, f"a message that unpacks to more than {most} bytes")
        if unpacker.eof:  # a final block: the next message begins anew
            self._decompressor = None
        return plain
