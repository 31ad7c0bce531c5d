"""Logs that other processes append to: never much larger than they may be, and without secrets once they are complete.

Their writers hold the file open for appending, so it can be cut under them: the next line goes to its new end. No pipe
and no pump stands between a service and its log, so that nothing of ours can slow it down.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from brinell.core.redact import redact

CAP_BYTES = 5_000_000
_BLOCK_BYTES = 65536
_LONGEST_KEY_BYTES = 8 * 1024  # what core.redact looks through for the end of a private key
_KEY_BEGIN, _KEY_END = b"-----BEGIN ", b"-----END "
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


def redact_file(path: Path) -> None:
    """Mask the secrets in a log that nobody writes to any more, in one atomic replacement; other bytes stay.

    It is read in blocks of whole lines; a line of more than 64 KiB is looked at in pieces, and a secret that
    lies across two of them may stay. A log that is not there, is no plain file, or can't be replaced is left alone.
    """
    with contextlib.suppress(OSError):
        if path.is_symlink() or not path.is_file():
            return
        fd, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(fd, "wb") as target, path.open("rb") as source:
                for block in _blocks(source):
                    target.write(redact(block.decode(errors="surrogateescape")).encode(errors="surrogateescape"))
            shutil.copymode(path, name)
            os.replace(name, path)  # noqa: PTH105 - mkstemp gives a string
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)  # noqa: PTH108 - as above


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    pending = b""
    while read := source.read(_BLOCK_BYTES):
        pending += read
        seam = _seam(pending)
        yield pending[:seam]
        pending = pending[seam:]
    yield pending


def _seam(pending: bytes) -> int:
    """Where to divide: not within a line, or a word, or a private key, as far as that is possible."""
    at = pending.rfind(b"\n") + 1
    if at == 0 and len(pending) >= _BLOCK_BYTES:
        at = pending.rfind(b" ") + 1 or len(pending)
    key = pending.rfind(_KEY_BEGIN, 0, at)
    if key > pending.rfind(_KEY_END, 0, at) and len(pending) - key < _LONGEST_KEY_BYTES:
        return key
    return at


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
