"""The line to the inside: lines of bytes from a pipe whose other end the subject's process holds.

Who writes there is untrusted: memory is bounded, a line that is too long is dropped and counted, and what a line means
is decided by who asked for it.
"""

from __future__ import annotations

import os

MOST_BYTES = 1_000_000
"""The longest line, without its newline, that is kept."""
_CHUNK_BYTES = 65536
_READ_BYTES = 4_000_000


class LineReader:
    """Reads a descriptor without blocking. The descriptor stays the caller's to close.

    ``dropped`` counts lines that were too long; ``ended`` is set at the end of file. A last line without its newline is
    no line: its writer was cut off in the middle of it.
    """

    def __init__(self, fd: int, most_bytes: int = MOST_BYTES) -> None:
        os.set_blocking(fd, False)
        self.dropped = 0
        self.ended = False
        self._fd = fd
        self._most_bytes = most_bytes
        self._rest = bytearray()
        self._skipping = False  # inside a line that is too long

    def fileno(self) -> int:
        """Return the descriptor, for ``select``."""
        return self._fd

    def read(self) -> list[bytes]:
        """Return the lines complete by now, without their newlines; at most about 4 MB a call. Never blocks."""
        lines: list[bytes] = []
        budget = _READ_BYTES
        while budget > 0 and not self.ended:
            try:
                data = os.read(self._fd, _CHUNK_BYTES)
            except BlockingIOError:
                break
            self.ended = not data
            budget -= len(data)
            lines += self._take(data)
        return lines

    def _take(self, data: bytes) -> list[bytes]:
        *heads, tail = data.split(b"\n")
        lines: list[bytes] = []
        for head in heads:
            self._extend(head)
            if not self._skipping:
                lines.append(bytes(self._rest))
            self._rest.clear()
            self._skipping = False
        self._extend(tail)
        return lines

    def _extend(self, data: bytes) -> None:
        if not self._skipping and len(self._rest) + len(data) > self._most_bytes:
            self.dropped += 1
            self._skipping = True
            self._rest.clear()
        if not self._skipping:
            self._rest += data
