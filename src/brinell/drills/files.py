"""Which files a service made: looks at its folders before and after, bounded in depth and number."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

MOST = 20_000
LEFT_OUT = frozenset(
    (".git", ".brinell", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache")
)


def present(folders: Iterable[Path], *, without: Path | None = None) -> set[str]:
    """Return the files and empty folders below some folders, by path, at most ``MOST``; nothing below ``without``."""
    found: set[str] = set()
    for folder in folders:
        for where, names, files in os.walk(folder):
            if not names and not files and Path(where) != folder:
                found.add(where)
            names[:] = [one for one in names if one not in LEFT_OUT and not (without and Path(where, one) == without)]
            found.update(os.path.join(where, file) for file in files)  # noqa: PTH118 - thousands of them
            if len(found) > MOST:
                return set(sorted(found)[:MOST])
    return found


def named(paths: Iterable[str], folders: Iterable[Path], most: int = 10) -> tuple[str, ...]:
    """Return paths as they are to be told: below their folder, the first few."""
    shown = []
    for path in sorted(paths)[:most]:
        below = [os.path.relpath(path, folder) for folder in folders if Path(path).is_relative_to(folder)]
        shown.append(min(below, key=len) if below else path)
    return tuple(shown)
