"""The one writer of a run's journal.

Lines are handed to the kernel at least twice a second, so SIGKILL loses at most the last half second (a power cut may
lose more: nothing is fsynced but what asks for it). A line is written whole or, when the process dies inside
``write``, torn; readers drop a torn last line and ``resume`` cuts it off before it appends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from brinell import __version__
from brinell.core.clock import Clock, iso
from brinell.core.errors import UsageError
from brinell.core.observation import RUN, VERSION, Envelope, Epoch, Record

FILE = "journal.jsonl"
UNREADABLE = (ValueError, RecursionError)
"""What a line that is no record is refused with: msgspec's own, text that is no UTF-8, brackets without end."""

_FLUSH_NS = 500_000_000
_FLUSH_BYTES = 1 << 16

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


class Journal:
    """Append records; ``create`` or ``resume``, then ``close``. Not for several threads."""

    def __init__(self, path: Path, clock: Clock, *, seq: int, epoch: int) -> None:
        self._path = path
        self._clock = clock
        self._seq = seq
        self._epoch = epoch
        self._buffer = bytearray()
        self._torn = 0  # bytes of an unfinished line at the file's end
        self._flushed_ns = clock.now_ns()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    @classmethod
    def create(cls, folder: Path, clock: Clock) -> Self:
        """Start the journal of a new run. UsageError if the folder already has one, or can't be written."""
        path = folder / FILE
        if path.exists():
            raise UsageError(f"{folder} already holds a run", hint="give another --out, or --resume it")
        return cls._open(path, clock, seq=0, epoch=0)

    @classmethod
    def resume(cls, folder: Path, clock: Clock) -> Self:
        """Continue a journal: a torn last line is cut off, and a new epoch begins. UsageError while another process
        writes it.
        """
        path = folder / FILE
        if is_written(folder):
            raise _two_writers(folder)
        seq, epoch, whole = _end_of(path)
        with path.open("r+b") as file:
            file.truncate(whole)
        return cls._open(path, clock, seq=seq + 1, epoch=epoch + 1)

    @classmethod
    def _open(cls, path: Path, clock: Clock, *, seq: int, epoch: int) -> Self:
        try:
            journal = cls(path, clock, seq=seq, epoch=epoch)
        except OSError as error:
            raise UsageError(
                f"cannot write {path}: {error.strerror}", hint="give a writable folder with --out"
            ) from None
        if not _lock(journal._fd):
            os.close(journal._fd)
            raise _two_writers(path.parent)
        journal.emit(RUN, Epoch(iso(clock.utc()), clock.now_ns(), _boot_id(), os.getpid(), __version__))
        journal.flush()
        return journal

    def emit(self, source: str, record: Record) -> Envelope:
        """Append one record. UsageError when the disk refuses (what was written before stays readable)."""
        now = self._clock.now_ns()
        envelope = Envelope(VERSION, self._seq, source, self._epoch, now, record)
        self._seq += 1
        self._buffer += _encoder.encode(envelope)
        self._buffer += b"\n"
        if len(self._buffer) >= _FLUSH_BYTES or now - self._flushed_ns >= _FLUSH_NS:
            self.flush()
        return envelope

    def flush(self, *, sync: bool = False) -> None:
        """Hand what is buffered to the kernel; with ``sync``, wait until the disk has it."""
        self._flushed_ns = self._clock.now_ns()
        try:
            while self._buffer:
                written = os.write(self._fd, self._buffer)
                ends = self._buffer.rfind(b"\n", 0, written) + 1
                self._torn = written - ends if ends else self._torn + written
                del self._buffer[:written]
            if sync:
                os.fsync(self._fd)
        except OSError as error:
            self._buffer.clear()
            self._cut_torn()
            raise UsageError(
                f"cannot write {self._path}: {error.strerror}",
                hint="free some space or give another folder with --out; what was measured so far can be judged",
            ) from None

    def _cut_torn(self) -> None:
        """Take back the beginning of a line that was refused: the next one, should there be room, would be its end."""
        if self._torn:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, os.fstat(self._fd).st_size - self._torn)
            self._torn = 0

    def close(self) -> None:
        """Flush and close; calling it again does nothing."""
        if self._fd < 0:
            return
        try:
            self.flush()
        finally:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_written(folder: Path) -> bool:
    """Whether a process writes the journal of this run just now."""
    try:
        fd = os.open(folder / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _lock(fd)
    finally:
        os.close(fd)


def _lock(fd: int) -> bool:
    """Take the journal for the one writer there may be; the kernel gives it back when the process is gone.

    A file system that knows no locks refuses none.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _two_writers(folder: Path) -> UsageError:
    return UsageError(f"{folder.name} is still going on in another process", hint="let it end, or stop it with Ctrl-C")


def _end_of(path: Path) -> tuple[int, int, int]:
    """Return the last whole envelope's seq and epoch, and the length of the whole lines in bytes."""
    seq, epoch, whole = -1, -1, 0
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                try:
                    envelope = _decoder.decode(line)
                except UNREADABLE:
                    continue
                seq, epoch = envelope.seq, envelope.epoch
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", hint="brinell runs lists the runs there are"
        ) from None
    return seq, epoch, whole


def _boot_id() -> str:
    """Return the kernel's boot id: monotonic times of different boots must not be compared. Empty off Linux."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
