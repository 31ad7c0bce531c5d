"""Judgement to files: the judgement itself and every report that applies, written atomically beside the journal."""

from __future__ import annotations

from pathlib import Path

import msgspec

from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.journal.runs import JUDGEMENT
from brinell.rosters.reports import REPORTS


def publish(folder: Path, judgement: Judgement) -> dict[str, Path]:
    """Write ``judgement.json`` and the reports; return name to path. A report that does not apply is not written."""
    written = {
        JUDGEMENT: _write(folder / JUDGEMENT, encode(judgement))
    }  # first: a report that crashes costs itself only
    for name, report in REPORTS.items():
        text = report(judgement)
        if text:
            written[name] = _write(folder / name, text)
        else:
            (folder / name).unlink(missing_ok=True)
    return written


def _write(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="free some space or give --out") from None
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
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", hint=f"brinell judge {folder.name}") from None
