"""Prometheus remote write 1.0: a protobuf ``WriteRequest`` in a snappy block, both written out here.

Of snappy only literals are used: the bytes as they are behind their length. That is valid (format_description.txt of
google/snappy, "Literals"), and a second's numbers are a few kilobytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from brinell.load.export.metrics import Family, Labels
from brinell.load.export.openmetrics import samples

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_TYPES = {"counter": 1, "gauge": 2, "histogram": 3}  # prompb.MetricMetadata.MetricType
_CHUNK = 1 << 16


def body(families: Iterable[Family], moment_s: float) -> bytes:
    """Return the body of one request: every series with one sample at a moment (seconds since 1970)."""
    return snappy(message(families, moment_s))


def message(families: Iterable[Family], moment_s: float) -> bytes:
    """Return the ``WriteRequest``: field 1 are series, field 3 is what they mean."""
    out = bytearray()
    families = tuple(families)
    for family in families:
        for point in family.points:
            for name, labels, value in samples(family, point):
                out += _field(1, _series(name, labels, value, round(moment_s * 1000)))
    for family in families:
        out += _field(3, _metadata(family))
    return bytes(out)


def snappy(plain: bytes) -> bytes:
    """Return the snappy block format of some bytes, uncompressed."""
    return _varint(len(plain)) + b"".join(_literals(plain))


def _literals(plain: bytes) -> Iterator[bytes]:
    for start in range(0, len(plain), _CHUNK):
        chunk = plain[start : start + _CHUNK]
        yield struct.pack("<BH", 61 << 2, len(chunk) - 1) + chunk  # 61: the length less one in two more bytes


def _series(name: str, labels: Labels, value: float, moment_ms: int) -> bytes:
    """``TimeSeries``: labels by name, as the receiver demands, and one sample."""
    named = sorted([("__name__", name), *labels])
    pairs = b"".join(_field(1, _field(1, key.encode()) + _field(2, _text(word))) for key, word in named)
    return pairs + _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(moment_ms))


def _metadata(family: Family) -> bytes:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    kind = b"\x08" + _varint(_TYPES[family.kind])
    return kind + _field(2, name.encode()) + _field(4, family.help.encode()) + _field(5, family.unit.encode())


def _text(word: str) -> bytes:
    return word.encode("utf-8", "replace")


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes: its number with wire type 2, its length, itself."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
