"""Which files of the project this process itself writes: only those are ever put back. PYTEST_DONT_REWRITE.

Somebody may be editing the project while its tests are examined. An audit hook (PEP 578) sees what Python code opens
for writing, renames, removes or makes, before it happens; what programs that a test starts write is not seen, and left.
"""

import os
import sys

TOUCHED = "touched"
"""Name of the log in a child's scratch folder."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {  # event -> positions of paths among its arguments
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.utime": (0,),
}
_SIBLINGS = ("", "-journal", "-wal", "-shm")  # files that SQLite makes beside a database


class Touched:
    """Watches this process until its end; ``paths`` are relative to ``root``. Each is appended to ``log`` at once."""

    def __init__(self, root, log):
        self.paths = set()
        self._root = os.path.realpath(root)
        self._write = os.write
        self._abspath, self._fsdecode, self._realpath = os.path.abspath, os.fsdecode, os.path.realpath
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        sys.addaudithook(self._hear)

    def _hear(self, event, arguments):
        try:
            if event == "open":
                flags = arguments[2]
                if isinstance(flags, int) and flags & _WRITES:
                    self._add(arguments[0])
            elif event in _PATHS:
                for position in _PATHS[event]:
                    self._add(arguments[position])
            elif event == "sqlite3.connect":
                for sibling in _SIBLINGS:
                    self._add(self._fsdecode(arguments[0]) + sibling)
        except Exception:  # noqa: BLE001, S110 - an audit hook that raises would forbid what the test does
            pass

    def _add(self, path):
        if isinstance(path, int):
            return
        whole = self._abspath(self._fsdecode(path))
        folder, name = os.path.split(whole)
        whole = os.path.join(self._realpath(folder), name)
        if not whole.startswith(self._root + os.sep):
            return
        relative = whole[len(self._root) + 1 :]
        while relative and relative not in self.paths:  # with the folders it may be the first to need
            self.paths.add(relative)
            self._write(self._log, (relative.replace("\0", "") + "\0").encode("utf-8", "surrogateescape"))
            relative = os.path.dirname(relative)


def read_log(log):
    """The paths that a process which may have died wrote down; empty where there are none."""
    try:
        with open(log, "rb") as file:
            return {part.decode("utf-8", "surrogateescape") for part in file.read().split(b"\0") if part}
    except OSError:
        return set()
