"""Does an awaited cache do what blocks on the event loop's own thread? PYTEST_DONT_REWRITE.

A file that is read from the page cache keeps the loop for 50 us, and the same file for seconds where the disk is busy:
time tells nothing here. So the functions are looked at that the interpreter calls while single operations are carried
out: in the loop's thread, whereas what a cache hands to other threads is never seen.
"""

import asyncio
import io
import os
import socket
import sys
import time

from brinell_inside.calls.told import shown

FIRST = (1 << 30) + 3000  # keys that no workload reaches
TIMES = 10
_PATIENCE_S = 10.0
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # all of ours
_OF_FILES = {
    "open", "stat", "lstat", "listdir", "scandir", "unlink", "remove", "rename", "replace", "mkdir", "rmdir", "link",
    "symlink", "readlink", "truncate", "ftruncate", "fsync", "fdatasync", "utime", "pread", "pwrite", "access",
    "sendfile", "statvfs",
}  # fmt: skip
_OF_OPEN_FILES = {"read", "read1", "readinto", "readline", "readlines", "readall", "write", "writelines", "flush"}
_OF_DATABASES = {"connect", "execute", "executemany", "executescript", "commit", "rollback", "fetchone", "fetchall"}
_OF_SOCKETS = {"connect", "accept", "recv", "recv_into", "recvfrom", "send", "sendall", "sendto"}
_OF_MODULES = {"time.sleep", "fcntl.flock", "fcntl.lockf", "sqlite3.connect"}
_FILES = (io.FileIO, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper)
_STANDARD = 2  # file descriptors up to this one are those of whoever prints


class Watch:
    """A profiler of one operation: what it called that blocks, and where. Its thread's alone (``sys.setprofile``)."""

    def __init__(self, root):
        self._root = root + os.sep
        self._began_ns = 0
        self._found = None
        self.calls = []  # (what, where, took_ns)

    def __call__(self, frame, event, arg):
        """As ``sys.setprofile`` has it."""
        if event == "c_call":
            what = blocks(arg)
            if what and not frame.f_code.co_filename.startswith("<frozen importlib") and not _is_logging(frame):
                self._found = what, self._place(frame)
                self._began_ns = time.monotonic_ns()
        elif self._found is not None and event in ("c_return", "c_exception"):
            self.calls.append((*self._found, time.monotonic_ns() - self._began_ns))
            self._found = None

    def _place(self, frame):
        """The innermost frame of the project, else the innermost that is not ours."""
        innermost = frame
        while frame is not None and not frame.f_code.co_filename.startswith(self._root):
            frame = frame.f_back
        frame = innermost if frame is None or frame.f_code.co_filename.startswith(_HERE) else frame
        return "%s:%d in %s" % (shown(frame.f_code.co_filename, self._root[:-1]), frame.f_lineno, frame.f_code.co_name)


def blocks(function):
    """What is to be said of a function of the interpreter that keeps its thread waiting; empty of any other."""
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    if isinstance(owner, type(os)):  # a module's own function
        return _of_module(owner.__name__, function, name)
    if isinstance(owner, _FILES):
        return "file.%s" % name if name in _OF_OPEN_FILES and _descriptor(owner) > _STANDARD else ""
    if isinstance(owner, socket.SocketType):
        return "socket.%s" % name if name in _OF_SOCKETS and owner.gettimeout() != 0 else ""
    return "sqlite3.%s" % name if name in _OF_DATABASES and _is_sqlite(owner) else ""


def _of_module(module, function, name):
    if function is open:
        return "open"
    if module in ("posix", "nt") and name in _OF_FILES:
        return "os.%s" % name
    what = {"_posixsubprocess": "subprocess"}.get(module, "%s.%s" % (module.lstrip("_"), name))
    return what if module == "_posixsubprocess" or what in _OF_MODULES else ""


def _descriptor(file):
    try:
        return file.fileno()
    except (OSError, ValueError):
        return -1


def _is_sqlite(owner):
    sqlite = sys.modules.get("sqlite3")
    return sqlite is not None and isinstance(owner, (sqlite.Connection, sqlite.Cursor))


def _is_logging(frame):
    return frame.f_code.co_filename.endswith(os.sep + os.path.join("logging", "__init__.py"))


def blocking(operations, made, root, told):
    """Carry out single operations and tell which of them block, in how many of how many times."""
    steps = [("set", lambda number: operations.put(number, 100)), ("get", operations.found)]
    if made.delete is not None:
        steps.append(("delete", operations.delete))
    seen = {step: [] for step, _ in steps}

    async def one_by_one():
        for number in range(FIRST, FIRST + TIMES + 1):
            for step, do in steps:
                watch = Watch(root)
                sys.setprofile(watch)
                try:
                    await do(number)
                finally:
                    sys.setprofile(None)
                if number > FIRST:  # the first time imports and opens what stays open
                    seen[step].append(watch.calls)

    try:
        made.loop.run_until_complete(asyncio.wait_for(one_by_one(), _PATIENCE_S))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the project's code may raise anything here
        told.say("blocking", operation="", what=[], where="", times=0, of=0, longest_ns=0, why=type(error).__name__)
        return
    told.say("blocking", operation="", what=[], where="", times=0, of=TIMES, longest_ns=0, why="")
    for step, _ in steps:
        having = [calls for calls in seen[step] if calls]
        if 2 * len(having) < TIMES:
            continue
        every = [call for calls in having for call in calls]
        slowest = max(every, key=lambda call: call[2])
        names = sorted({what for what, _, _ in every})
        told.say(
            "blocking", operation=step, what=names[:10], where=slowest[1], times=len(having), of=TIMES,
            longest_ns=slowest[2], why="",
        )  # fmt: skip
