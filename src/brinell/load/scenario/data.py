"""Rows of CSV and JSON Lines files, and which of them a session gets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from brinell.load.engine.session import Spent
from brinell.load.scenario.draws import Draws

CYCLE, RANDOM, ONCE = ORDERS = ("cycle", "random", "once")
LARGEST_BYTES = 256 << 20
_LINES = {".jsonl", ".ndjson"}

Row = dict[str, Any]


class Unreadable(Exception):  # noqa: N818 - the reason a file will not do, worded by whoever knows its place
    """A data file holds no rows, or not as rows must be."""


def read(path: Path) -> list[Row]:
    """Return the rows of a data file: JSON Lines where the name ends so, else CSV with a header line; UTF-8.

    ``Unreadable`` names the line.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise Unreadable(f"more than {LARGEST_BYTES >> 20} MiB: every worker keeps all of it in memory")
        text = path.read_bytes().decode("utf-8-sig")  # not as text: line ends inside cells stay as they are
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 from byte {error.start} on") from None
    rows = _json_lines(text) if path.suffix.lower() in _LINES else _csv(text)
    if not rows:
        raise Unreadable("there is no row in it")
    return rows


def columns(rows: list[Row]) -> list[str]:
    """Return the columns that every row has, in the order of the first."""
    common = set(rows[0]).intersection(*rows[1:])
    return [name for name in rows[0] if name in common]


class Source:
    """The rows of one file in the order of one worker: ``cycle`` and ``once`` deal them out between the workers."""

    def __init__(self, rows: list[Row], order: str, worker: int, workers: int) -> None:
        self._rows = rows
        self._order = order
        self._next = worker
        self._step = workers

    def row(self, draws: Draws) -> Row:
        """Return the next session's row. ``Spent`` once every row was given ``once``."""
        if self._order == RANDOM:
            return draws.one_of(self._rows)
        number = self._next
        if number >= len(self._rows) and self._order == ONCE:
            raise Spent
        self._next += self._step
        return self._rows[number % len(self._rows)]


def _csv(text: str) -> list[Row]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        _check_header(header)
        return [dict(zip(header, cells, strict=True)) for cells in _cells(lines, len(header))]
    except csv.Error as error:
        raise Unreadable(f"line {lines.line_num}: {error}") from None


def _check_header(header: list[str]) -> None:
    if not header:
        raise Unreadable("the first line names the columns, and there is none")
    if not all(name.strip() for name in header):
        raise Unreadable("line 1: a column has no name")
    if len(set(header)) < len(header):
        raise Unreadable(f"line 1: two columns are called {next(name for name in header if header.count(name) > 1)}")


def _cells(lines: Any, count: int) -> Iterator[list[str]]:
    for cells in lines:
        if len(cells) == count:
            yield cells
        elif cells:  # an empty line is no row
            raise Unreadable(f"line {lines.line_num}: {len(cells)} cells where the first line names {count}")


def _json_lines(text: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), 1):  # and no other line ends, which strings may hold
        if not line.strip():
            continue
        try:
            rows.append(msgspec.json.decode(line, type=Row))
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise Unreadable(f"line {number}: every line is a JSON object: {error}") from None
    return rows
