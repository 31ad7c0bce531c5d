"""The project's files, bounded: what is somebody else's, generated or hidden is not looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MOST_FILES = 2000
MOST_BYTES = 400_000
DEEPEST = 8
_SKIPPED = frozenset({
    "node_modules", "__pycache__", "site-packages", "build", "dist", "venv", "env", "virtualenv", "htmlcov",
    "migrations", "versions", "static", "media", "vendor", "third_party",
})  # fmt: skip
NOT_PRODUCT = frozenset({
    "test", "tests", "testing", "docs", "doc", "example", "examples", "script", "scripts", "tools", "bench",
    "benchmark", "benchmarks", "alembic", "brinell-baselines",
})  # fmt: skip
NOT_MODULES = frozenset({"setup.py", "conftest.py", "noxfile.py", "fabfile.py", "tasks.py", "dodo.py", "manage.py"})


def python_files(root: Path) -> Iterator[Path]:
    """Yield the project's Python files, nearest to the root first, at most ``MOST_FILES`` of them."""
    seen = 0
    level = [root]
    for _ in range(DEEPEST):
        below: list[Path] = []
        for folder in level:
            for entry in entries(folder):
                if entry.is_dir():
                    if not _skipped(entry):
                        below.append(entry)
                elif entry.suffix == ".py":
                    yield entry
                    seen += 1
                    if seen >= MOST_FILES:
                        return
        level = below


def entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted; empty if unreadable.

    Left out: hidden things, links to folders (they may lead in circles), names that no file of settings could hold.
    """
    try:
        with os.scandir(folder) as found:
            kept = [entry.name for entry in found if not (entry.is_symlink() and entry.is_dir())]
    except OSError:
        return []
    return [folder / name for name in sorted(kept) if name.isprintable() and not name.startswith(".")]


def text(path: Path) -> str | None:
    """Return a file's text; None if it is missing, unreadable or larger than ``MOST_BYTES``."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def packages(root: Path) -> tuple[str, ...]:
    """Return the product's own code relative to ``root``: ``("src/shop",)``, ``("shop", "app.py")``.

    The src layout wins; then folders with Python files directly in them, one level further down if there is none.
    """
    if (root / "src").is_dir():
        found = _code_in(root / "src")
        if found:
            return tuple(str(path.relative_to(root)) for path in found)
    found = _code_in(root)
    if not found:
        found = [inner for outer in entries(root) if _looked_at(outer) for inner in _code_in(outer)]
    return tuple(str(path.relative_to(root)) for path in found[:20])


def is_test(path: Path) -> bool:
    """Whether a file is a test by pytest's default naming."""
    return path.name.startswith("test_") or path.name.endswith("_test.py") or path.name == "conftest.py"


def import_root(file: Path, root: Path) -> Path:
    """Return the folder that must be importable for ``file`` to be a module: above its topmost package.

    A folder ``src``, or one whose name is no identifier, is never a package; packages without ``__init__.py`` are
    named from the root, or from the nearest such folder.
    """
    for folder in (file.parent, *file.parent.parents):
        if folder == root or folder.name == "src" or not folder.name.isidentifier():
            return folder
        if (folder / "__init__.py").is_file() and not (folder.parent / "__init__.py").is_file():
            return folder.parent
    return root


def module_name(file: Path, base: Path) -> str:
    """Return the dotted name of a file seen from its import root."""
    parts = list(file.relative_to(base).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _code_in(folder: Path) -> list[Path]:
    found = []
    for entry in entries(folder):
        if entry.is_dir() and _looked_at(entry):
            if any(inner.suffix == ".py" for inner in entries(entry)):
                found.append(entry)
        elif entry.suffix == ".py" and entry.name not in NOT_MODULES and not is_test(entry):
            found.append(entry)
    return found


def _looked_at(path: Path) -> bool:
    return path.is_dir() and path.name not in NOT_PRODUCT and not _skipped(path)


def _skipped(folder: Path) -> bool:
    if folder.name in _SKIPPED or folder.name.endswith(".egg-info"):
        return True
    return not os.access(folder, os.X_OK) or (folder / "pyvenv.cfg").is_file()
