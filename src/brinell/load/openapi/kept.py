"""Bodies of answers that did not come in one piece, kept until somebody looks at them: bounded, each and together."""

from __future__ import annotations

from typing import ClassVar

MOST_BYTES = 4 << 20  # of one answer; a longer one is not looked at
TOGETHER_BYTES = 64 << 20  # of all such answers under way in a process; beyond, those that go on growing are not either


class Kept:
    """One answer's body. ``is_whole``: all that came is kept."""

    __slots__ = ("_pieces", "_size", "is_whole")

    together: ClassVar[int] = 0  # bytes in this process

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self.is_whole = False

    def begin(self, *, wanted: bool) -> None:
        """An answer begins. Not ``wanted``: nobody will look, and nothing is kept."""
        self.drop()
        self.is_whole = wanted

    def add(self, data: bytes) -> None:
        """Keep a piece, or give all of it up where it becomes too much."""
        if self.is_whole:
            self._pieces.append(data)
            self._size += len(data)
            Kept.together += len(data)
            if self._size > MOST_BYTES or Kept.together > TOGETHER_BYTES:
                self.begin(wanted=False)

    def take(self) -> bytes:
        """Return the body and forget it."""
        body = b"".join(self._pieces)
        self.drop()
        return body

    def drop(self) -> None:
        """Forget what was kept."""
        Kept.together -= self._size
        self._pieces, self._size = [], 0
