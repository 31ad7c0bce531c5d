"""The file formats of the disk tier: checked before they are believed, and nothing in them can run.

sealed: magic (4) | BLAKE2b-128 of all that follows (16) | content
entry:  sealed( length of the header (4, big endian) | header (JSON) | body )
"""

from __future__ import annotations

import hashlib
import json
import struct

from noticeboard.cache.entry import Entry, Span

_MAGIC = b"NBC1"
_DIGEST_BYTES = 16
_LENGTH = struct.Struct(">I")
_START = len(_MAGIC) + _DIGEST_BYTES


def seal(content: bytes) -> bytes:
    """Return the content with a checksum in front."""
    return _MAGIC + hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest() + content


def unseal(sealed: bytes) -> bytes | None:
    """Return what was sealed; None if it was damaged."""
    content = sealed[_START:]
    return content if sealed == seal(content) else None


def encode(key: str, entry: Entry) -> bytes:
    """Return the entry as the content of a file."""
    header = json.dumps([key, entry.etag, entry.span.low, entry.span.high]).encode()
    return seal(_LENGTH.pack(len(header)) + header + entry.body)


def decode(key: str, sealed: bytes) -> Entry | None:
    """Return the entry; None if the file was damaged in any way, or belongs to another key."""
    content = unseal(sealed)
    if content is None:
        return None
    (length,) = _LENGTH.unpack_from(content)
    begin = _LENGTH.size + length
    stored_key, etag, low, high = json.loads(content[_LENGTH.size : begin])
    return Entry(content[begin:], etag, Span(low, high)) if stored_key == key else None
