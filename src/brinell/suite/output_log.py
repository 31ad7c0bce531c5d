"""``test_execution.log``: what pytest printed, on disk while it happens, masked, and never larger than it may be."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from brinell.core.redact import plain
from brinell.suite.untrusted import clean

CAP_BYTES = 5_000_000
_TAIL_LINES = 30
_MOST_LINE = 65_536  # characters; longer lines are cut
_MOST_PENDING = 65_536  # bytes of an unfinished line, after which it counts as finished
_KEY_BEGIN, _KEY_END = "-----BEGIN", "-----END"
_MOST_KEY = 16_384  # characters to hold back for the end of a private key, which only a whole can be masked


class OutputLog:
    """Takes raw output, keeps its head and its tail in a file of at most ``cap_bytes``, and says what was cut.

    The first half of the cap is written through. After it the file holds a note and the latest output: whenever that
    fills its half, its older part is dropped. ``tail`` are the last lines, for records.
    """

    def __init__(self, path: Path, cap_bytes: int = CAP_BYTES) -> None:
        self.cut_bytes = 0
        self.tail: list[str] = []
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._head_bytes = cap_bytes // 2
        self._tail_bytes = cap_bytes - self._head_bytes - len(_note(0))
        self._head_end: int | None = None  # where the head ends, once it is full
        self._body = bytearray()  # what stands behind the head
        self._noted_bytes = 0  # what the note in the file says was cut
        self._held = bytearray()  # arrived but not written: beyond the tail's size, its older part is dropped unread
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""  # text that is not known to be a whole line yet

    def feed(self, data: bytes) -> None:
        """Take output as it arrives; ``flush`` writes it."""
        self._held += data
        surplus = len(self._held) - self._tail_bytes
        if self._head_end is not None and surplus > 0:
            # A flood: what would be dropped from the file anyway is not masked first.
            self.cut_bytes += surplus
            del self._held[:surplus]

    def flush(self, *, final: bool = False) -> None:
        """Write what arrived up to the last complete line; with ``final`` all of it."""
        text = self._pending + self._decoder.decode(bytes(self._held), final)
        self._held.clear()
        end = len(text) if final else _complete(text)
        whole, self._pending = text[:end], text[end:]
        if not whole:
            return
        lines = whole.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        kept = clean("\n".join(plain(line, _MOST_LINE) for line in lines))
        self.tail = (self.tail + [line[:500] for line in kept.split("\n") if line.strip()])[-_TAIL_LINES:]
        self._write(kept.encode("utf-8", "replace"))

    def close(self) -> None:
        """Write the rest and close the file."""
        self.flush(final=True)
        self._file.close()

    def _write(self, data: bytes) -> None:
        if self._head_end is None:
            room = self._head_bytes - self._file.tell()
            head, data = (data, b"") if len(data) <= room else _split_at_line(data, room)
            self._file.write(head)
            if data:
                self._head_end = self._file.tell()
        if data:
            self._write_tail(data)
        self._file.flush()

    def _write_tail(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > self._tail_bytes:
            start = self._body.find(b"\n", len(self._body) - self._tail_bytes // 2) + 1
            self.cut_bytes += start
            del self._body[:start]
        if self.cut_bytes == self._noted_bytes:
            self._file.write(data)
            return
        self._noted_bytes = self.cut_bytes
        self._file.seek(self._head_end or 0)
        self._file.write(_note(self.cut_bytes) + self._body)
        self._file.truncate()


def _note(cut_bytes: int) -> bytes:
    """The line between head and tail, always of the same length."""
    return f"\n[... {cut_bytes:>19,} bytes of output were cut here ...]\n".encode()


def _split_at_line(data: bytes, room: int) -> tuple[bytes, bytes]:
    end = data.rfind(b"\n", 0, max(room, 0)) + 1
    return data[:end], data[end:]


def _complete(text: str) -> int:
    """Where the text's last whole line ends; a private key that has begun is held back until it is whole."""
    end = text.rfind("\n") + 1
    if not end and len(text) > _MOST_PENDING:
        return len(text)
    begin = text.rfind(_KEY_BEGIN)
    if begin >= 0 and _KEY_END not in text[begin:] and len(text) - begin < _MOST_KEY:
        return min(end, text.rfind("\n", 0, begin) + 1)
    return end
