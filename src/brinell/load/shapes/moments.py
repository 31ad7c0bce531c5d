"""Recorded moments: times out of the lines of a file, put in order on disk, so that memory does not grow with them.

A line is a number (seconds; or milliseconds, microseconds, nanoseconds since 1970, told by its size), a date and time
of ISO 8601, a line of an access log (``[10/Oct/2000:13:55:36 -0700]``), a JSON object, or CSV with or without a head.
"""

from __future__ import annotations

import csv
import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from brinell.core.redact import one_line, redact
from brinell.load.shapes.profile import LONGEST_S, SECOND_NS

NAMES = ("time", "timestamp", "@timestamp", "ts", "start", "started", "date", "t")
LONGEST_LINE = 65_536
MOST = 100_000_000
_CHUNK = 65_536
_LOGGED = re.compile(r"\[(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{4})\]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,2})?")
_UNITS = ((1e17, 1), (1e14, 1_000), (1e11, 1_000_000), (0.0, SECOND_NS))  # from that size on: ns, us, ms, s
_LIMIT_NS = 2**62

Moments = npt.NDArray[np.int64]


@contextmanager
def temporary() -> Iterator[Path]:
    """A file for packed moments that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="brinell-replay-") as folder:
        yield Path(folder) / "moments"


def pack(
    source: Path, packed: Path, *, speed: float, column: str | None, duration_s: float | None
) -> tuple[int, float, float]:
    """Write the moments of ``source`` to ``packed``: 64-bit integers, nanoseconds from the first, ascending.

    Return how many there are, the seconds they take, and how many the busiest second has. Where all times are whole
    seconds, those of the same second are spread evenly over it: a log that is as coarse as that says nothing of bursts.
    ValueError names the line that holds no time.
    """
    count, ordered, whole = _collect(source, packed, column)
    if not count:
        raise ValueError(f"file {source} holds no times")
    found = np.memmap(packed, dtype=np.int64, mode="r+")
    if not ordered:
        found.sort()
    if whole and count > 1:
        _spread(found)
    first = int(found[0])
    for begin in range(0, count, _CHUNK):
        piece = found[begin : begin + _CHUNK]
        piece[:] = ((piece - first) / speed).astype(np.int64)
    if duration_s is not None:
        count = int(np.searchsorted(found, int(duration_s * SECOND_NS)))
    last = int(found[count - 1])
    found.flush()
    del found
    with packed.open("r+b") as file:
        file.truncate(8 * count)
    span_s = duration_s or (last + max(1, last // max(1, count - 1)) if last else SECOND_NS) / SECOND_NS
    if span_s > LONGEST_S:
        raise ValueError(f"file {source} holds {span_s / 86400:.0f} days at this speed, and a run takes at most 30")
    return count, span_s, _busiest(np.memmap(packed, dtype=np.int64, mode="r"), last)


def parse(line: str, column: str | int | None = None) -> int | None:
    """Return the moment of a line in nanoseconds, None where it holds none.

    ``column`` is the field of a JSON object, or the position of a CSV field.
    """
    if line.startswith("{"):
        return _of_json(line, column if isinstance(column, str) else None)
    if isinstance(column, int):
        try:
            fields = next(csv.reader([line]), [])
        except csv.Error:  # a carriage return inside, or a field of more than 128 kB
            return None
        return _of_text(fields[column]) if column < len(fields) else None
    logged = _LOGGED.search(line)
    if logged:
        return _of_log(*logged.groups())
    return _of_text(line.partition(",")[0])


def _collect(source: Path, packed: Path, column: str | None) -> tuple[int, bool, bool]:
    """Write the moments as they come; return their number, whether they ascend, whether all are whole seconds."""
    count, newest, ordered, whole = 0, -_LIMIT_NS, True, True
    buffer = array("q")
    with packed.open("wb") as file:
        for moment in _read(source, column):
            ordered = ordered and moment >= newest
            whole = whole and moment % SECOND_NS == 0
            newest = moment
            buffer.append(moment)
            if len(buffer) == _CHUNK:
                buffer.tofile(file)
                count += _CHUNK
                del buffer[:]
                if count > MOST:
                    raise ValueError(f"file {source} holds more than {MOST} times")
        buffer.tofile(file)
    return count + len(buffer), ordered, whole


def _read(source: Path, column: str | None) -> Iterator[int]:
    place: str | int | None = column
    begun = False
    with source.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), ""), 1):
            bare = line.strip()
            if not bare or bare.startswith("#"):
                continue
            if not begun:
                begun = True
                head = None if bare.startswith(("{", "[")) else _head(bare, column)
                if head is not None:
                    place = head
                    continue
                if column is not None and not bare.startswith("{"):
                    raise ValueError(f"column {column!r} is not in the first line of {source}")
            moment = parse(bare, place)
            if moment is None:
                raise ValueError(f"file {source}, line {number} holds no time: {redact(one_line(bare, 60))}")
            yield moment


def _head(line: str, column: str | None) -> int | None:
    """Return the position of the time in a CSV's head, None where the line is no head."""
    fields = [field.strip().lower() for field in next(csv.reader([line]), [])]
    if column is not None:
        return fields.index(column.lower()) if column.lower() in fields else None
    return next((fields.index(name) for name in NAMES if name in fields), None)


def _of_json(line: str, column: str | None) -> int | None:
    try:
        found: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    names: Iterable[str] = NAMES if column is None else (column,)
    value = next((found[name] for name in names if name in found), None)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return _of_text(value if isinstance(value, str) else repr(value))


def _of_text(text: str) -> int | None:
    """A number, or a date and time; without a zone it is UTC."""
    bare = text.strip().strip('"')
    if _NUMBER.fullmatch(bare):
        number = Decimal(bare)
        unit = next(unit for size, unit in _UNITS if abs(number) >= size)
        moment = int(number * unit)
        return moment if abs(moment) < _LIMIT_NS else None
    try:
        when = datetime.fromisoformat(bare)
    except ValueError:
        logged = _LOGGED.search(f"[{bare}]")
        return _of_log(*logged.groups()) if logged else None
    return _nanoseconds(when if when.tzinfo else when.replace(tzinfo=UTC))


def _of_log(day: str, month: str, year: str, clock: str, zone: str) -> int | None:
    if month not in _MONTHS:
        return None
    try:
        return _nanoseconds(datetime.fromisoformat(f"{year}-{_MONTHS.index(month) + 1:02d}-{day}T{clock}{zone}"))
    except ValueError:
        return None


def _nanoseconds(when: datetime) -> int:
    past = when - datetime(1970, 1, 1, tzinfo=UTC)
    return ((past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds) * 1_000


def _spread(found: Moments) -> None:
    """Spread what has the same whole second evenly over it; in place, a piece at a time, each of whole seconds."""
    begin = 0
    while begin < len(found):
        last = found[min(begin + _CHUNK, len(found)) - 1]
        end = int(np.searchsorted(found, last, side="right"))
        piece = found[begin:end]
        _, starts, counts = np.unique(piece, return_index=True, return_counts=True)
        place = np.arange(len(piece)) - np.repeat(starts, counts)
        piece += place * SECOND_NS // np.repeat(counts, counts)
        begin = end


def _busiest(found: Moments, last: int) -> float:
    edges = np.arange(0, last + SECOND_NS, SECOND_NS, dtype=np.int64)
    return float(np.diff(np.searchsorted(found, [*edges, last + SECOND_NS])).max())
