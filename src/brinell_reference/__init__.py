"""The embedded reference backend: a complete small project that the demo and our own tests examine.

Everything below `project/` is that project, byte for byte as `brinell demo --eject` writes it. Nothing of ours is
imported here, and nothing of it is imported by us: it is only ever copied out and run there.
"""

from __future__ import annotations

import shutil
from pathlib import Path

_LEFT_BEHIND = shutil.ignore_patterns(
    "__pycache__", "*.pyc", ".pytest_cache", ".hypothesis", ".ruff_cache", ".mypy_cache", ".brinell", "data", "mutants"
)


class NotEmptyError(FileExistsError):
    """The folder to eject into has something in it already."""


def project() -> Path:
    """Return the folder of the project tree."""
    return Path(__file__).resolve().parent / "project"


def eject(target: Path) -> Path:
    """Copy the project tree into the target, which is created, and return it.

    Raises:
        NotEmptyError: the target exists and is not an empty folder; nothing was written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise NotEmptyError(f"{target} is not an empty directory; name one that is, or one that doesn't exist yet")
    shutil.copytree(project(), target, ignore=_LEFT_BEHIND, dirs_exist_ok=True)
    return target
