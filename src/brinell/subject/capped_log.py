"""Logs that other processes append to: never much larger than they may be, however much is written to them.

Their writers hold the file open for appending, so it can be cut under them: the next line goes to its new end. No pipe
and no pump stands between a service and its log, so that nothing of ours can slow it down.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

CAP_BYTES = 5_000_000
_NOTE = re.compile(rb"\n\[\.\.\. +([\d,]+) bytes were cut here \.\.\.\]\n")


def hold(path: Path, cap_bytes: int = CAP_BYTES) -> None:
    """Cut a log that has grown beyond ``cap_bytes``: its first quarter stays, a note, and its latest half.

    What is written in the moment of the cut may be lost. A log that is not there, or can't be written, is left alone.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size > cap_bytes:
            fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            try:
                _cut(fd, cap_bytes)
            finally:
                os.close(fd)


def _cut(fd: int, cap_bytes: int) -> None:
    size, head, tail = os.fstat(fd).st_size, cap_bytes // 4, cap_bytes // 2
    kept = os.pread(fd, tail, size - tail)
    earlier = _NOTE.match(os.pread(fd, len(_note(0)), head))
    cut = size - head - tail + (int(earlier[1].replace(b",", b"")) - len(_note(0)) if earlier else 0)
    os.ftruncate(fd, head)
    kept = _note(cut) + kept[kept.find(b"\n") + 1 :]
    while kept:
        kept = kept[os.write(fd, kept) :]


def _note(cut_bytes: int) -> bytes:
    """Always of the same length."""
    return f"\n[... {cut_bytes:>19,} bytes were cut here ...]\n".encode()
