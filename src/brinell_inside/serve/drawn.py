"""Temporary files and folders that modules made when they were imported: every child finds them as they were then.

A module's ``FOLDER = tempfile.mkdtemp()`` is the same path in every child, and the teardown of one child's session
would remove it under all that follow. PYTEST_DONT_REWRITE.
"""

import os
import shutil
import stat
import sys
from contextlib import suppress

from brinell_inside.serve.scratch import new_folder, remove

_EVENTS = ("tempfile.mkdtemp", "tempfile.mkstemp")  # what everything in ``tempfile`` announces (PEP 578)
_MOST_BYTES, _MOST_FILES = 8 << 20, 500

_made = []
_hooked = _listening = False


def listen():
    """Note from now on what this process makes with ``tempfile``."""
    global _hooked, _listening  # noqa: PLW0603 - an audit hook can't be taken away, only told to rest
    if not _hooked:
        sys.addaudithook(_hear)
    _hooked = _listening = True


def _hear(event, arguments):
    if _listening and event in _EVENTS and arguments and isinstance(arguments[0], str):
        _made.append(os.path.abspath(arguments[0]))


class Drawn:
    """What was made until now and is still there, with a copy of it below ``parent``; more than 8 MB is left alone."""

    def __init__(self, parent):
        global _listening  # noqa: PLW0603
        _listening = False
        self._folder = None
        self._kept = {}  # path -> (its copy, how it looked)
        ours = os.path.join(os.path.abspath(parent), "") if parent else None
        made = [path for path in dict.fromkeys(_made) if not (ours and path.startswith(ours))]
        paths = [path for path in made if os.path.lexists(path)]
        paths = [path for path in paths if not any(path.startswith(other + os.sep) for other in paths)]
        if not paths:
            return
        self._folder = new_folder(parent)
        for number, path in enumerate(paths):
            looks = _look(path)
            if looks is None:
                continue
            copy = os.path.join(self._folder, str(number))
            with suppress(OSError, shutil.Error):
                _copy(path, copy)
                self._kept[path] = (copy, looks)

    def put_back(self, alone):
        """Make what is gone again. ``alone``: no child runs, so what was changed is put back as well."""
        for path, (copy, looks) in self._kept.items():
            if os.path.lexists(path) and (not alone or _look(path) == looks):
                continue
            with suppress(OSError, shutil.Error):
                if os.path.lexists(path):
                    shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
                _copy(copy, path)

    def close(self):
        """Remove the copies, and what was made: in this process no test will tear it down."""
        if self._folder is not None:
            remove(self._folder)
        for path in self._kept:
            with suppress(OSError):
                remove(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)


def _copy(source, target):
    if os.path.isdir(source):
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _look(path):
    """What tells one state from another, by relative path; None for what is too large or no plain file or folder."""
    found, size = {"": _facts(path)}, 0
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            whole = os.path.join(folder, name)
            facts = _facts(whole)
            size += facts[2] if facts else 0
            found[os.path.relpath(whole, path)] = facts
            if facts is None or size > _MOST_BYTES or len(found) > _MOST_FILES:
                return None
    return found if found[""] is not None and (found[""][2] or 0) <= _MOST_BYTES else None


def _facts(path):
    """Kind, time and size; of a folder its kind alone, for its time moves with each file in it."""
    try:
        seen = os.lstat(path)
    except OSError:
        return None
    if stat.S_ISDIR(seen.st_mode):
        return ("folder", None, 0)
    if stat.S_ISREG(seen.st_mode) or stat.S_ISLNK(seen.st_mode):
        return ("file", seen.st_mtime_ns, seen.st_size)
    return None
