"""Files of the project that tests change: remembered before, put back after, and named. PYTEST_DONT_REWRITE."""

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from typing import Optional

_SKIPPED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".pytest_cache", ".brinell", ".tox", ".nox",
     ".mypy_cache", ".ruff_cache", ".hypothesis", ".eggs"}
)  # fmt: skip
_A_RUN = frozenset({"plan.json", "journal.jsonl"})
_MOST_FILES = 20000
_MOST_BYTES = 200 * 1024 * 1024
_MOST_NAMED = 100


class ProjectFiles:
    """The files below ``root``; one job at a time may change them between ``remember`` and ``restore``.

    Only paths that a test is known to have written are put back (``touched.py``), to what they were right before:
    somebody may be editing the project meanwhile.
    """

    def __init__(self, root: str, parent: Optional[str] = None) -> None:
        self.root = root
        self._parent = parent  # of the copies
        self._copies = None
        self._known = {}
        self._copied = {}  # path -> how it looked when it was copied
        self._size = 0
        self.complete = True

    def remember(self) -> None:
        """Copy what was not copied as it is now; the first time that is everything."""
        if self._copies is None:
            self._copies = tempfile.mkdtemp(prefix="brinell-files-", dir=self._parent)
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
        for path, _ in reversed(different):  # now that all is in it, a folder may be read-only again
            with suppress(OSError):
                self._finish(path)
        return different[:_MOST_NAMED]

    def close(self) -> None:
        """Forget the copies."""
        if self._copies is not None:
            shutil.rmtree(self._copies, ignore_errors=True)
            self._copies = None

    def _remove(self, path):
        target = os.path.join(self.root, path)
        with suppress(OSError):
            if self._led_away(path):
                return
            if _kind(target) == stat.S_IFDIR:
                os.rmdir(target)  # only an empty one: what else is in it is not known to be a test's
            else:
                os.unlink(target)

    def _put_back(self, path):
        target, source = os.path.join(self.root, path), os.path.join(self._copies, path)
        kind = _kind(source)
        if kind is None or self._led_away(path):
            return
        if kind != stat.S_IFDIR or _kind(target) not in (None, stat.S_IFDIR):
            self._remove(path)
        if kind == stat.S_IFDIR:
            os.makedirs(target, exist_ok=True)
            os.chmod(target, stat.S_IRWXU)
        elif _kind(target) is None:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)

    def _led_away(self, path):
        """Whether a folder above it is a link now: what is there is not the project's."""
        folder = os.path.dirname(path)
        while folder:
            if _kind(os.path.join(self.root, folder)) == stat.S_IFLNK:
                return True
            folder = os.path.dirname(folder)
        return False

    def _finish(self, path):
        """Give a folder its mode again; a file that is back is no longer different, though it is a new one."""
        known = self._known.get(path)
        if known is None or self._led_away(path):
            return
        now = os.lstat(os.path.join(self.root, path))
        look = _look_of(now)
        if known[0] == look[0] == "directory":
            os.chmod(os.path.join(self.root, path), stat.S_IMODE(known[1]))
        elif known[:2] + known[3:] == look[:2] + look[3:]:
            if self._copied.get(path) == known:
                self._copied[path] = look
            self._known[path] = look

    def _copy(self, path, look):
        source, target = os.path.join(self.root, path), os.path.join(self._copies, path)
        with suppress(OSError):
            if _kind(target) not in (None, _kind(source)) or _kind(target) not in (None, stat.S_IFDIR):
                self._forget(target)
            if look[0] == "directory":
                os.makedirs(target, exist_ok=True)
                self._copied[path] = look
                return
            if self._size + look[1] > _MOST_BYTES:
                self.complete = False
                return
            os.makedirs(os.path.dirname(target), exist_ok=True)
            try:
                shutil.copy2(source, target, follow_symlinks=False)
            except OSError:  # half a file must never be put back
                self.complete = False
                self._forget(target)
                return
            self._size += os.lstat(target).st_size
            self._copied[path] = look

    def _forget(self, copy):
        if _kind(copy) == stat.S_IFDIR:
            shutil.rmtree(copy, ignore_errors=True)
        elif _kind(copy) is not None:
            self._size -= os.lstat(copy).st_size
            os.unlink(copy)

    def _look(self):
        seen = {}
        for path, entry in self._walk():
            with suppress(OSError):
                seen[path] = _look_of(entry.stat(follow_symlinks=False))
        return seen

    def _walk(self):
        folders, count = [""], 0
        while folders:
            folder = folders.pop()
            try:
                entries = list(os.scandir(os.path.join(self.root, folder)))
            except OSError:
                continue
            if {entry.name for entry in entries} >= _A_RUN:
                continue  # the tool is writing its journal there
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


def _look_of(found):
    """What tells one state of a file from another without reading it."""
    if stat.S_ISDIR(found.st_mode):
        return ("directory", found.st_mode)
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)


def _kind(path):
    """What is there itself, not where it may lead: one of ``stat.S_IF…``, None for nothing."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except OSError:
        return None
