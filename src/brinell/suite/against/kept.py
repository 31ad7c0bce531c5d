"""Runs of a comparison that was interrupted: a file beside the journal, from which a resumed step goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from brinell.core.against_records import AgainstNames, AgainstStarted, SideRun

FILE = "pairs.jsonl"
Kept = AgainstStarted | AgainstNames | SideRun
_DECODER: msgspec.json.Decoder[Kept] = msgspec.json.Decoder(Kept)


def read(path: Path, state: str) -> list[Kept]:
    """Return the records of runs of the same code (``state``), whole pairs only; none where the code is another."""
    found: list[Kept] = []
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return []
    for line in lines:
        try:
            found.append(_DECODER.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError):  # the last line may be torn
            break
    first = found[0] if found else None
    if not state or not isinstance(first, AgainstStarted) or first.state != state:
        return []
    return _whole(found[1:])


def _whole(found: Sequence[Kept]) -> list[Kept]:
    sides: dict[int, set[str]] = {}
    for record in found:
        if isinstance(record, SideRun):
            sides.setdefault(record.pair, set()).add(record.side)
    return [one for one in found if not isinstance(one, SideRun) or len(sides[one.pair]) == 2]


def append(path: Path, record: Kept) -> None:
    """Write one record behind the others."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(record) + b"\n")
