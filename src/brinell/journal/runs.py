"""Where runs live: ``.brinell/runs/<UTC time>-<name>/``, found again by path, id, unique prefix or ``latest``."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
from datetime import datetime
from pathlib import Path

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.journal.reader import PLAN_FILE
from brinell.journal.store import FILE, is_written

HOME = ".brinell"
JUDGEMENT = "judgement.json"


class RunEntry(msgspec.Struct, frozen=True):
    """One run on disk; verdict and exit code are None where it was never judged."""

    id: str
    path: Path
    name: str
    started: str
    verdict: str | None
    exit_code: int | None
    size_bytes: int


class _RunHead(msgspec.Struct):
    exit_code: int
    started: str
    name: str


class _PlanHead(msgspec.Struct):
    root: str


class _Head(msgspec.Struct):
    """The few fields of a judgement that a listing shows."""

    verdict: str
    run: _RunHead


def create(root: Path, name: str, moment: datetime, out: Path | None) -> Path:
    """Make the folder of a new run: ``out`` itself, or a fresh one below ``root/.brinell/runs``."""
    try:
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            if (out / FILE).exists():
                raise UsageError(f"{out} already holds a run", hint="give another --out, or --resume it")
            return out
        home = root / HOME
        home.mkdir(parents=True, exist_ok=True)
        ignore = home / ".gitignore"
        if not ignore.exists() or ignore.stat().st_size == 0:  # a full disk leaves an empty one
            ignore.write_text("*\n", encoding="utf-8")
        return _fresh(home / "runs", f"{moment:%Y%m%dT%H%M%SZ}-{_slug(name)}")
    except OSError as error:
        raise _refused(error, out or root / HOME) from None


def _refused(error: OSError, folder: Path) -> UsageError:
    """Say why there can be no folder for a run. A write that fails (a full disk) names no file itself."""
    place = error.filename or folder
    if error.errno == errno.ENOSPC:
        return UsageError(f"no room for a run in {place}: {error.strerror}", hint="free some space, or give --out DIR")
    if isinstance(error, FileExistsError | NotADirectoryError):
        in_the_way = next((part for part in (Path(place), *Path(place).parents) if part.is_file()), place)
        return UsageError(
            f"cannot create a run's folder: {in_the_way} is a file",
            hint="move it away, or give another folder with --out",
        )
    return UsageError(
        f"cannot create the run's folder {place}: {error.strerror}", hint="give a writable one with --out"
    )


def find(root: Path, run: str = "latest") -> Path:
    """Return the folder of a run named by path, id, unique prefix or ``latest``. UsageError if there is none such."""
    if not run:
        raise UsageError("the run's name is empty", hint="brinell runs lists them; latest is the newest")
    as_path = Path(run)
    if _is_run(as_path):
        return as_path
    ids = sorted(entry.name for entry in _folders(root))
    if not ids:
        raise UsageError(
            f"no runs below {root / HOME / 'runs'}", hint="brinell run, brinell suite or brinell load makes one"
        )
    if run == "latest":
        return root / HOME / "runs" / ids[-1]
    matches = [identity for identity in ids if identity.startswith(run)]
    if len(matches) == 1:
        return root / HOME / "runs" / matches[0]
    if matches:
        raise UsageError(f"'{run}' fits {len(matches)} runs: {', '.join(matches[:5])}", hint="give a longer prefix")
    close = nearest(run, ids)
    raise UsageError(f"no run '{run}'", hint=f"did you mean {close}?" if close else "brinell runs lists them")


def project_of(folder: Path) -> Path | None:
    """Return the root of the project a run examined; None if it is gone, as a demo's is, or cannot be told."""
    try:
        root = Path(msgspec.json.decode((folder / PLAN_FILE).read_bytes(), type=_PlanHead).root)
        return root if root.is_dir() else None
    except (OSError, ValueError):
        return None


def listing(root: Path) -> list[RunEntry]:
    """Return the runs there are, newest first."""
    entries = []
    for folder in _folders(root):
        head: _Head | None = None
        with contextlib.suppress(OSError, ValueError):  # ValueError: msgspec's own, and text that is no UTF-8
            head = msgspec.json.decode((folder / JUDGEMENT).read_bytes(), type=_Head)
        stamp, _, name = folder.name.partition("-")
        entries.append(
            RunEntry(
                id=folder.name,
                path=folder,
                name=head.run.name if head else name,
                started=head.run.started if head else stamp,
                verdict=head.verdict if head else None,
                exit_code=head.run.exit_code if head else None,
                size_bytes=_size_bytes(folder),
            )
        )
    return sorted(entries, key=lambda entry: entry.id, reverse=True)


def prune(root: Path, keep: int, spared: Path | None = None) -> int:
    """Delete the oldest runs beyond ``keep`` (0 keeps all); return how many went.

    ``spared`` stays, and so does what another process is still writing: a clock that was set back, or a long run, may
    have made either the oldest.
    """
    old = sorted(_folders(root), key=lambda folder: folder.name)[:-keep] if keep > 0 else []
    gone = [folder for folder in old if folder != spared and not is_written(folder)]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _folders(root: Path) -> list[Path]:
    runs = root / HOME / "runs"
    try:
        return [folder for folder in runs.iterdir() if _is_run(folder)]
    except OSError:
        return []


def _is_run(folder: Path) -> bool:
    with contextlib.suppress(OSError):  # a path that can be none: too long, or through a file
        return (folder / FILE).exists() or (folder / PLAN_FILE).exists()
    return False


def _size_bytes(folder: Path) -> int:
    """The bytes in a folder; what goes away meanwhile (a draft, a run another one prunes) counts nothing."""
    total = 0
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            with contextlib.suppress(OSError):
                total += file.lstat().st_size
    return total


def _fresh(runs: Path, identity: str) -> Path:
    for n in range(1, 1000):
        folder = runs / (identity if n == 1 else f"{identity}-{n}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise UsageError(f"a thousand runs within one second below {runs}", hint="wait a second, or give --out")


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-.")[:40] or "run"
