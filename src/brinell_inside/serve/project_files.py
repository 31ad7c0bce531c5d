"""Files of the project that tests change: remembered before, put back after, and named. PYTEST_DONT_REWRITE."""

import os
import shutil
import tempfile
from contextlib import suppress

_SKIPPED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".pytest_cache", ".brinell", ".tox", ".nox",
     ".mypy_cache", ".ruff_cache", ".hypothesis", ".eggs"}
)  # fmt: skip
_MOST_FILES = 20000
_MOST_BYTES = 200 * 1024 * 1024
_MOST_NAMED = 100


class ProjectFiles:
    """The files below ``root``; one job at a time may change them between ``remember`` and ``restore``."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._copies = None
        self._known = {}
        self.complete = True

    def remember(self) -> None:
        """Copy the files the first time; afterwards only look at what is there."""
        if self._copies is None:
            self._copies = tempfile.mkdtemp(prefix="brinell-files-")
            self._copy_all()
        self._known = self._look()

    def changed(self) -> list:
        """What differs from what was remembered: ``[(path, "changed" | "added" | "removed"), ...]``."""
        now = self._look()
        different = []
        for path in sorted(set(now) | set(self._known)):
            if now.get(path) != self._known.get(path):
                how = "added" if path not in self._known else "removed" if path not in now else "changed"
                different.append((path, how))
        return different

    def restore(self, paths=None) -> list:
        """Put back what differs (of ``paths``, if given); returns what was different, at most 100."""
        different = [one for one in self.changed() if paths is None or one[0] in paths]
        for path, how in different:
            with suppress(OSError):
                self._put_back(path, how)
        return different[:_MOST_NAMED]

    def close(self) -> None:
        """Forget the copies."""
        if self._copies is not None:
            shutil.rmtree(self._copies, ignore_errors=True)
            self._copies = None

    def _put_back(self, path, how):
        target = os.path.join(self._root, path)
        if how == "added":
            if os.path.isdir(target) and not os.path.islink(target):
                shutil.rmtree(target, ignore_errors=True)
            else:
                os.unlink(target)
            return
        source = os.path.join(self._copies, path)
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        elif os.path.lexists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)

    def _copy_all(self):
        size = 0
        for path, entry in self._walk():
            target = os.path.join(self._copies, path)
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    os.makedirs(target, exist_ok=True)
                    continue
                size += entry.stat(follow_symlinks=False).st_size
                if size > _MOST_BYTES:
                    self.complete = False
                    return
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(entry.path, target, follow_symlinks=False)

    def _look(self):
        seen = {}
        for path, entry in self._walk():
            with suppress(OSError):
                stat = entry.stat(follow_symlinks=False)
                directory = entry.is_dir(follow_symlinks=False)
                seen[path] = (
                    ("directory", stat.st_mode)
                    if directory
                    else (stat.st_mtime_ns, stat.st_size, stat.st_ino, stat.st_mode)
                )
        return seen

    def _walk(self):
        folders, count = [""], 0
        while folders:
            folder = folders.pop()
            try:
                entries = list(os.scandir(os.path.join(self._root, folder)))
            except OSError:
                continue
            for entry in entries:
                if entry.name in _SKIPPED or entry.name.endswith((".pyc", ".egg-info")):
                    continue
                count += 1
                if count > _MOST_FILES:
                    self.complete = False
                    return
                path = os.path.join(folder, entry.name)
                yield path, entry
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)
