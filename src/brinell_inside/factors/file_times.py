"""Times of files that are made while the clock is moved: on the moved clock, too. PYTEST_DONT_REWRITE.

The kernel stamps files by its own clock. ``os.stat``, ``lstat`` and ``fstat``, by which nearly all Python code reads
the stamps, move those of files that were made or changed since the clock was moved. Not reached: ``os.scandir`` and
C code.
"""

import functools
import os
import pathlib

_SLACK_NS = 2000000000  # the kernel's stamps are of its last tick, and may lie a little behind or ahead
_NAMES = ("stat", "lstat", "fstat")
_TIMES = ("atime", "mtime", "ctime")


def move(real_time_ns, offset_ns):
    """Begin. Both arguments are functions: of the kernel's time now, and of how far the clock is moved now."""
    began_ns = real_time_ns() - _SLACK_NS

    def moved(result):
        stamps = {name: getattr(result, "st_%s_ns" % name) for name in _TIMES}
        until_ns = real_time_ns() + _SLACK_NS  # a later one was set by hand, on the moved clock
        fresh = {name: stamp + offset_ns() for name, stamp in stamps.items() if began_ns <= stamp <= until_ns}
        return _with_times(result, fresh) if fresh else result

    for name in _NAMES:
        real = getattr(os, name)
        replacement = _follows(real, moved)
        for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if real in known:
                known.add(replacement)
        setattr(os, name, replacement)
        accessor = getattr(pathlib, "_NormalAccessor", None)  # of Python 3.10 and before: holds what it calls
        if getattr(accessor, name, None) is real:
            setattr(accessor, name, staticmethod(replacement))


def _follows(real, moved):
    @functools.wraps(real)
    def asked(*args, **kwargs):
        return moved(real(*args, **kwargs))

    return asked


def _with_times(result, stamps):
    make, (fields, others) = result.__reduce__()
    fields = list(fields)
    for name, stamp in stamps.items():
        fields[7 + _TIMES.index(name)] = stamp // 1000000000
        others.update({"st_" + name: stamp / 1e9, "st_%s_ns" % name: stamp})
    return make(tuple(fields), others)
