"""Judgement to files: the judgement itself and every report that applies, written atomically beside the journal."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.journal.runs import JUDGEMENT
from brinell.rosters.reports import REPORTS


class Unwritten(NamedTuple):
    """A file that could not be written: the disk refused it (``OSError``), or it could not be made (all else)."""

    path: Path
    error: Exception


class Published(NamedTuple):
    """What was written, by name, and what was not."""

    written: dict[str, Path]
    unwritten: tuple[Unwritten, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the judgement itself is there, from which every report can be made again."""
        return JUDGEMENT in self.written


def publish(folder: Path, judgement: Judgement) -> Published:
    """Write ``judgement.json`` and the reports. A report that does not apply is not written.

    Each stands alone: one that crashes, or that the disk refuses, costs no other one. Nothing is half-written. Where
    the judgement is there, what an earlier one left in a report's place goes; else everything stays as it was.
    """
    written: dict[str, Path] = {}
    unwritten: list[Unwritten] = []
    try:
        written[JUDGEMENT] = _write(folder / JUDGEMENT, encode(judgement))
    except OSError as error:
        unwritten.append(Unwritten(folder / JUDGEMENT, error))
    for name, report in REPORTS.items():
        path = folder / name
        try:
            if text := report(judgement):
                written[name] = _write(path, text)
            elif JUDGEMENT in written:
                path.unlink(missing_ok=True)
        except Exception as error:  # noqa: BLE001 - told by whoever asked for it
            unwritten.append(Unwritten(path, error))
            if JUDGEMENT in written:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
    return Published(written, tuple(unwritten))


def _write(path: Path, text: str) -> Path:
    # Named by process: two that judge one run at once must not take each other's drafts.
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    return path


def encode(judgement: Judgement) -> str:
    """Return the judgement as JSON, two spaces deep, with a final newline."""
    return msgspec.json.format(msgspec.json.encode(judgement), indent=2).decode() + "\n"


def load(folder: Path) -> Judgement:
    """Read a judgement back. UsageError if the run was never judged, or by an incompatible version."""
    path = folder / JUDGEMENT
    try:
        return msgspec.json.decode(path.read_bytes(), type=Judgement)
    except FileNotFoundError:
        raise UsageError(f"{folder.name} was never judged", hint=f"brinell judge {folder.name}") from None
    except PermissionError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="make it readable, as its owner") from None
    except (OSError, ValueError) as error:  # ValueError: msgspec's own, and text that is no UTF-8
        raise UsageError(f"{path} cannot be read: {error}", hint=f"brinell judge {folder.name}") from None
