"""Threads, child processes and file descriptors that a test left behind; none can be put back. PYTEST_DONT_REWRITE."""

import os
import threading

from brinell_inside.state.difference import Difference
from brinell_inside.state.shown import ABSENT

_FDS = "/proc/self/fd"
_TASKS = "/proc/self/task"


class Resources:
    """What is open and alive now."""

    def __init__(self):
        self._fds = _descriptors()
        self._threads = _threads()
        self._children = _children()

    def differences(self):
        """New ones, and descriptors that were closed or lead elsewhere."""
        now = _descriptors()
        for number in sorted(set(self._fds) | set(now)):
            old, new = self._fds.get(number), now.get(number)
            if old != new:
                how = "added" if old is None else "removed" if new is None else "rebound"
                yield Difference("descriptor %d" % number, "descriptor", old or ABSENT, new or ABSENT, how)
        for ident, name in _threads().items():
            if ident not in self._threads:
                yield Difference("thread %r" % name, "thread", ABSENT, "alive", "added")
        for pid in sorted(_children() - self._children):
            yield Difference("child process %d" % pid, "child-process", ABSENT, _command(pid), "added")


def _descriptors():
    found = {}
    try:
        numbers = os.listdir(_FDS)
    except OSError:
        return found
    for number in numbers:
        try:
            found[int(number)] = os.readlink("%s/%s" % (_FDS, number))[:200]
        except (OSError, ValueError):  # the descriptor of the listing itself, or closed by another thread
            continue
    return found


def _threads():
    found = {}
    for ident, thread in dict.copy(threading._active).items():  # noqa: SLF001 - enumerate() takes a lock
        name = object.__getattribute__(thread, "__dict__").get("_name")
        found[ident] = name if type(name) is str else "?"
    return found


def _children():
    pids = set()
    try:
        for task in os.listdir(_TASKS):
            with open("%s/%s/children" % (_TASKS, task)) as file:
                pids.update(int(pid) for pid in file.read().split())
    except (OSError, ValueError):
        return pids
    return pids


def _command(pid):
    try:
        with open("/proc/%d/comm" % pid) as file:
            return file.read(100).strip()
    except OSError:
        return "?"
