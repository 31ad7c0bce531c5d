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
    """The files below ``root``; one job at a time may change them between ``remember`` and ``restore``.

    Only paths that a test is known to have written are put back (``touched.py``), to what they were right before:
    somebody may be editing the project meanwhile.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._copies = None
        self._known = {}
        self._copied = {}  # path -> how it looked when it was copied
        self._size = 0
        self.complete = True

    def remember(self) -> None:
        """Copy what was not copied as it is now; the first time that is everything."""
        if self._copies is None:
            self._copies = tempfile.mkdtemp(prefix="brinell-files-")
        self._known = self._look()
        for path, look in self._known.items():
            if self._copied.get(path) != look:
                self._copy(path, look)

    def look_again(self) -> None:
        """Remember how everything is now, without a copy: in a child, whose server has just made one."""
        self._known = self._look()

    def changed(self, paths) -> list:
        """Which of ``paths`` differ from what was remembered: ``[(path, "changed" | "added" | "removed"), ...]``."""
        now = self._look() if paths else {}
        different = []
        for path in sorted(paths):
            if now.get(path) != self._known.get(path):
                how = "added" if path not in self._known else "removed" if path not in now else "changed"
                different.append((path, how))
        return different

    def restore(self, paths) -> list:
        """Put back which of ``paths`` differ; returns ``changed``'s answer, at most 100 of it."""
        different = self.changed(paths)
        for path, how in reversed(different):  # what lies in a folder before the folder
            if how == "added":
                self._remove(path)
        for path, how in different:
            if how != "added":
                with suppress(OSError):
                    self._put_back(path)
        return different[:_MOST_NAMED]

    def close(self) -> None:
        """Forget the copies."""
        if self._copies is not None:
            shutil.rmtree(self._copies, ignore_errors=True)
            self._copies = None

    def _remove(self, path):
        target = os.path.join(self._root, path)
        with suppress(OSError):
            if os.path.isdir(target) and not os.path.islink(target):
                os.rmdir(target)  # only an empty one: what else is in it is not known to be a test's
            else:
                os.unlink(target)

    def _put_back(self, path):
        target = os.path.join(self._root, path)
        source = os.path.join(self._copies, path)
        if os.path.isdir(source) and not os.path.islink(source):
            os.makedirs(target, exist_ok=True)
            shutil.copystat(source, target)
        elif os.path.lexists(source):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.lexists(target) and not os.path.isdir(target):
                os.unlink(target)
            shutil.copy2(source, target, follow_symlinks=False)

    def _copy(self, path, look):
        source, target = os.path.join(self._root, path), os.path.join(self._copies, path)
        with suppress(OSError):
            if os.path.isdir(source) and not os.path.islink(source):
                os.makedirs(target, exist_ok=True)
                shutil.copystat(source, target)
            elif self._size + os.lstat(source).st_size > _MOST_BYTES:
                self.complete = False
                return
            else:
                self._size += os.lstat(source).st_size
                os.makedirs(os.path.dirname(target), exist_ok=True)
                if os.path.lexists(target):
                    os.unlink(target)
                shutil.copy2(source, target, follow_symlinks=False)
            self._copied[path] = look

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
