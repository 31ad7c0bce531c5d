"""Processor time of the threads of this process, where the system tells it (Linux). PYTEST_DONT_REWRITE."""

import os
import sys

_open = os.open
_read = os.read
_close = os.close


def natives():
    """``{ident: (number of the system, name)}`` of the threads that ``threading`` knows."""
    threads = getattr(sys.modules.get("threading"), "_active", None) or {}
    found = {}
    for ident, thread in list(threads.items()):
        native = getattr(thread, "_native_id", None)
        if native is not None:
            found[ident] = native, str(getattr(thread, "_name", ""))
    return found


def wants_to_run(native):
    """Whether a thread runs, or would if it had a core; None where nobody tells."""
    try:
        file = _open("/proc/self/task/%d/stat" % native, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _read(file, 500).rpartition(b") ")[2][:1] == b"R"
    except OSError:
        return None
    finally:
        _close(file)


def thread_ns(native):
    """Processor time of a thread, nanoseconds; None where nobody tells."""
    try:
        file = _open("/proc/self/task/%d/schedstat" % native, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return int(_read(file, 100).split()[0])
    except (OSError, ValueError, IndexError):
        return None
    finally:
        _close(file)
