"""Judgement to files: the judgement itself and every report that applies, written atomically beside the journal."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.journal.runs import JUDGEMENT
from brinell.rosters.reports import REPORTS


def publish(folder: Path, judgement: Judgement) -> dict[str, Path]:
    """Write ``judgement.json`` and the reports; return name to path. A report that does not apply is not written.

    UsageError if the disk refuses; nothing is half-written then. A report that crashes costs no other one: its
    exception is raised once the rest is written, and what it wrote about an earlier judgement is gone.
    """
    written = {JUDGEMENT: _write(folder / JUDGEMENT, encode(judgement))}
    crashed: Exception | None = None
    for name, report in REPORTS.items():
        text = ""
        try:
            text = report(judgement)
        except Exception as error:  # noqa: BLE001 - raised below
            crashed = crashed or error
        if text:
            written[name] = _write(folder / name, text)
        else:
            _remove(folder / name)
    if crashed is not None:
        raise crashed
    return written


def _write(path: Path, text: str) -> Path:
    # Named by process: two that judge one run at once must not take each other's drafts.
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise _refused(path, error) from None
    return path


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(path, error) from None


def _refused(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write {path}: {error.strerror}", hint="free some space, make it writable, or give a folder with --out"
    )


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
