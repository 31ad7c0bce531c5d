"""``test_execution.log``: what pytest printed, on disk while it happens, masked, and never larger than it may be."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from brinell.core.redact import plain
from brinell.suite.untrusted import clean

CAP_BYTES = 5_000_000
TAIL_LINES = 30
_BLOCK_BYTES = 65_536  # what is masked at a time; an unfinished line that is longer counts as finished
_MOST_LINE = 8192  # characters; longer lines are cut
_KEY_BEGIN, _KEY_END = b"-----BEGIN", b"-----END"
_MOST_KEY = 16_384  # bytes to hold back for the end of a private key, which only a whole can be masked
_REST_OF_KEY = re.compile(rb"(?:[A-Za-z0-9+/=]{32,}\r?\n|-----END[^\n]*\n)*")


class OutputLog:
    """Takes raw output, keeps its head and its tail in a file of at most ``cap_bytes``, and says what was cut.

    The first half of the cap is written through; behind it and a note, the latest output: when that fills its half, its
    older part is dropped. Nobody waits for this: ``feed`` only copies, ``flush`` works for a limited time, and what a
    flood would push out of the file anyway is never looked at. ``tail`` are the last lines, for records.
    """

    def __init__(self, path: Path, cap_bytes: int = CAP_BYTES) -> None:
        self.cut_bytes = 0
        self.tail: list[str] = []
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "w+b")
        self._head_bytes = cap_bytes // 2
        self._tail_bytes = cap_bytes - self._head_bytes - len(_note(0))
        self._head_end: int | None = None  # where the head ends in the file, once it is full
        self._body = bytearray()  # what stands behind the head
        self._noted = False  # whether the note stands between them
        self._early = bytearray()  # arrived for the head, not yet written
        self._early_left = self._head_bytes
        self._late = bytearray()  # arrived after it, not yet written; the oldest of it is dropped unread
        self._gap = False  # something was dropped just before ``_late``

    def feed(self, data: bytes) -> None:
        """Take output as it arrives."""
        early = data[: self._early_left]
        self._early += early
        self._early_left -= len(early)
        self._late += data[len(early) :]
        surplus = len(self._late) - self._tail_bytes
        if surplus > 0:
            self._drop(surplus)

    def flush(self, budget_s: float = 0.05) -> None:
        """Write complete lines for at most about ``budget_s``."""
        stop_by = time.monotonic() + budget_s
        while self._write_block(final=False) and time.monotonic() < stop_by:
            pass

    def finish(self, budget_s: float = 0.05) -> bool:
        """Write on, unfinished lines included; whether there is more to write."""
        stop_by = time.monotonic() + budget_s
        while more := self._write_block(final=True):
            if time.monotonic() >= stop_by:
                break
        return more

    def close(self) -> None:
        """Write all that is left and close the file."""
        while self.finish():
            pass
        self._file.close()

    def _drop(self, surplus: int) -> None:
        """Drop the oldest of what waits, up to the end of a line, and what may be the rest of a private key."""
        end = self._late.find(b"\n", surplus) + 1 or len(self._late)
        rest = _REST_OF_KEY.match(self._late, end)
        end = rest.end() if rest else end
        whole = self._early.rfind(b"\n") + 1  # the head's last line goes with its other half
        self.cut_bytes += end + len(self._early) - whole
        del self._late[:end], self._early[whole:]
        self._gap = True

    def _write_block(self, *, final: bool) -> bool:
        """Write some complete lines; whether it did."""
        if self._early:
            end = _complete(self._early, final=self._gap or (final and not self._late))
            if end:
                self._write(self._early, end)
                return True
            if not self._late:
                return False
            self._late[:0] = self._early  # the head's last line goes on in what came later
            self._early.clear()
        end = _complete(self._late, final=final)
        if end:
            if self._gap and self._head_end is None:
                self._head_end = self._file.tell()
            self._write(self._late, end)
        return bool(end)

    def _write(self, held: bytearray, end: int) -> None:
        text = held[:end].decode("utf-8", "replace")
        del held[:end]
        text += "" if text.endswith("\n") or not held else "\n"  # a line too long for one block
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        kept = clean("\n".join(plain(line, _MOST_LINE) for line in lines))
        self.tail = (self.tail + [line[:500] for line in kept.split("\n") if line.strip()])[-TAIL_LINES:]
        data = kept.encode("utf-8", "replace")
        if self._head_end is None:
            room = self._head_bytes - self._file.tell()
            head, data = (data, b"") if len(data) <= room else _split_at_line(data, room)
            self._file.write(head)
            if data:
                self._head_end = self._file.tell()
        if data:
            self._write_tail(self._head_end or 0, data)
        self._file.flush()

    def _write_tail(self, start: int, data: bytes) -> None:
        self._body += data
        fits = len(self._body) <= self._tail_bytes
        if not fits:
            cut = self._body.find(b"\n", len(self._body) - self._tail_bytes // 2) + 1
            self.cut_bytes += cut
            del self._body[:cut]
        if fits and (self._noted or not self.cut_bytes):
            self._file.write(data)
        else:
            self._file.seek(start)
            self._file.write(_note(self.cut_bytes) + self._body)
            self._file.truncate()
            self._noted = True
        if self._noted:
            self._file.seek(start)
            self._file.write(_note(self.cut_bytes))
            self._file.seek(0, os.SEEK_END)


def _note(cut_bytes: int) -> bytes:
    """The line between head and tail, always of the same length."""
    return f"\n[... {cut_bytes:>19,} bytes of output were cut here ...]\n".encode()


def _split_at_line(data: bytes, room: int) -> tuple[bytes, bytes]:
    end = data.rfind(b"\n", 0, max(room, 0)) + 1
    return data[:end], data[end:]


def _complete(held: bytearray, *, final: bool) -> int:
    """How much of it to write now: whole lines, one block at most, and a private key that has begun only as a whole."""
    end = len(held) if final and len(held) <= _BLOCK_BYTES else held.rfind(b"\n", 0, _BLOCK_BYTES) + 1
    if not end and len(held) > _BLOCK_BYTES:
        end = _BLOCK_BYTES
    begin = held.rfind(_KEY_BEGIN, 0, end)
    if begin < 0 or _KEY_END in held[begin:end]:
        return end
    key_end = held.find(b"\n", held.find(_KEY_END, begin)) + 1 if _KEY_END in held[begin:] else 0
    if key_end and key_end - begin <= _MOST_KEY:
        return key_end
    waits = not final and len(held) - begin < _MOST_KEY
    return held.rfind(b"\n", 0, begin) + 1 if waits else end
