"""Files outside the project that this process makes or changes: named, and removed if it made them.

PYTEST_DONT_REWRITE.

What was there before is never touched, for it is somebody's.
"""

import os
import re
from contextlib import suppress

ROOT = "outside:"
"""Root of a file outside the project, by its name (``places.py``)."""
_DRAWN = re.compile(r"(^|/)tmp[a-z0-9_]{8}$")  # by tempfile: nobody else asks for it
_MOST = 2000


class Outside:
    """Since ``mark``: the files whose state before their first use is known."""

    def __init__(self):
        self._before = {}  # path -> (its name, how it looked)

    def mark(self):
        """Begin anew."""
        self._before.clear()

    def note(self, whole, name):
        """Called before this process writes, makes, moves or removes ``whole``."""
        if whole not in self._before and len(self._before) < _MOST:
            self._before[whole] = (name, _look(whole))

    def changes(self):
        """What is different now, as ``changed`` says it; what lies in a new folder goes with the folder."""
        found, made = [], set()
        for whole, (name, before) in list(self._before.items()):
            now = _look(whole)
            if now == before or _DRAWN.search(name) or os.path.dirname(whole) in made:
                continue
            how = "added" if before is None else "removed" if now is None else "changed"
            if how == "added" and now[0] == "folder":
                made.add(whole)
            root = ROOT + name
            found.append(
                {"name": "file " + name, "root": root, "kind": "file-outside", "how": how, "restorable": how == "added"}
            )
        return found

    def remove(self, roots=None):
        """Remove what was made under these roots (None: all); returns those that could not be."""
        names = None if roots is None else {root[len(ROOT) :] for root in roots}
        for whole, (name, before) in reversed(list(self._before.items())):
            if before is None and (names is None or any(_is_below(name, one) for one in names)):
                with suppress(OSError):
                    if os.path.islink(whole) or not os.path.isdir(whole):
                        os.unlink(whole)
                    else:
                        os.rmdir(whole)
        left = {change["root"] for change in self.changes()}
        return [root for root in roots or () if root in left]


def _is_below(name, folder):
    return name == folder or name.startswith(folder + "/")


def _look(whole):
    """What tells one state from another; of a folder only that it is one: its time moves with each file in it."""
    try:
        found = os.lstat(whole)
    except OSError:
        return None
    if os.path.isdir(whole) and not os.path.islink(whole):
        return ("folder",)
    return ("file", found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
