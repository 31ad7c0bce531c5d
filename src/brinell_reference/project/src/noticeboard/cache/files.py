"""The disk tier's folder. Everything here blocks, runs in the tier's one thread, and raises OSError as it comes.

A process owns a slot, a sub-folder held by a lock that the kernel gives back however the process ends. So processes
that share a cache folder never share files, and none can bring back what another one has invalidated.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from noticeboard.cache import codec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SLOTS = 16
_INDEX = "index"
_OURS = ("*.entry", "*.tmp")


class IndexRow(NamedTuple):
    """What the index remembers of an entry over a restart."""

    key: str
    size_bytes: int
    expires_wall_s: float  # seconds since 1970
    low: int
    high: int


class CacheFiles:
    """Entries as files in a slot of the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._slot: Path | None = None
        self._lock: int | None = None

    def open(self, fingerprint: str | None = None) -> list[IndexRow]:
        """Take a slot; return what the index says is in it, if it belongs to this state of the database.

        The index is written by a clean stop only and removed here, so it vouches for the files once; what it doesn't
        vouch for is deleted. Does nothing if a slot is held already.
        """
        if self._slot is not None:
            return []
        slot, lock = self._take_slot()
        try:
            rows = _take_index(slot / _INDEX, fingerprint)
            keep = {_name(row.key) for row in rows}
            found = {path.name for pattern in _OURS for path in slot.glob(pattern)}
            for name in found - keep:
                (slot / name).unlink()
        except BaseException:
            os.close(lock)
            raise
        self._slot, self._lock = slot, lock
        return [row for row in rows if _name(row.key) in found]

    def write(self, key: str, content: bytes) -> None:
        """Store the content so that a reader sees all of it or none, whenever this process ends."""
        self._replace(_name(key), content)

    def read(self, key: str) -> bytes | None:
        """Return the content, or None if there is none."""
        try:
            return (self._held_slot() / _name(key)).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, key: str) -> None:
        """Delete the content, if there is any."""
        if self._slot is not None:
            (self._slot / _name(key)).unlink(missing_ok=True)

    def probe(self) -> None:
        """Raise OSError unless a file of an ordinary size can be written."""
        self._replace("probe.tmp", bytes(4096))
        (self._held_slot() / "probe.tmp").unlink()

    def save_index(self, fingerprint: str, rows: Iterable[IndexRow]) -> None:
        """Vouch for these entries, as long as the database's fingerprint stays what it is."""
        index = {"fingerprint": fingerprint, "entries": list(rows)}
        self._replace(_INDEX, codec.seal(json.dumps(index).encode()))

    def close(self) -> None:
        """Give the slot back."""
        if self._lock is not None:
            os.close(self._lock)
        self._slot = self._lock = None

    def _replace(self, name: str, content: bytes) -> None:
        slot = self._held_slot()
        temporary = slot / f"{name}.tmp"
        try:
            temporary.write_bytes(content)
            temporary.replace(slot / name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _held_slot(self) -> Path:
        if self._slot is None:
            raise OSError(errno.ENODEV, "no cache folder is open", str(self._folder))
        return self._slot

    def _take_slot(self) -> tuple[Path, int]:
        for number in range(_SLOTS):
            slot = self._folder / f"slot-{number}"
            slot.mkdir(parents=True, exist_ok=True)
            lock = os.open(slot / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            except BaseException:
                os.close(lock)
                raise
            else:
                return slot, lock
        raise OSError(errno.EBUSY, "every slot is held by another process", str(self._folder))


def _take_index(path: Path, fingerprint: str | None) -> list[IndexRow]:
    try:
        content = codec.unseal(path.read_bytes())
    except FileNotFoundError:
        return []
    path.unlink()
    if content is None or fingerprint is None:
        return []
    index = json.loads(content)
    return [IndexRow(*row) for row in index["entries"]] if index["fingerprint"] == fingerprint else []


def _name(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest() + ".entry"
