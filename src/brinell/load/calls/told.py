"""Frames from the interpreter in which calls are made, as ``brinell_inside.calls`` has them. They are untrusted."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

_HEAD = struct.Struct("=cI")
LONGEST_BYTES = 4 << 20
_ROW_BYTES = 32

Block = npt.NDArray[np.int64]
"""Calls that ended, a row each: due, started, ended, code."""
Codes = npt.NDArray[np.int64]


class Hello(msgspec.Struct, frozen=True):
    """Which interpreter answers, and what it found."""

    python: str
    pid: int
    mode: str
    name: str
    v: int = 1


class Refused(msgspec.Struct, frozen=True):
    """There is nothing to call, and why."""

    why: str
    message: str
    near: str = ""
    trace: tuple[str, ...] = ()


class Prepared(msgspec.Struct, frozen=True, tag="ready"):
    """Calls can begin; ``own_ns`` of processor time go with each, besides the function's."""

    own_ns: int


class Outcome(msgspec.Struct, frozen=True):
    """From now on ``code`` stands for this type of exception."""

    code: int
    type: str


class Sample(msgspec.Struct, frozen=True):
    """One call that failed."""

    code: int
    due: int
    started: int
    ended: int
    detail: str


class Stall(msgspec.Struct, frozen=True):
    """The event loop stood still there."""

    where: str
    count: int
    total_ns: int
    longest_ns: int


class Fatal(msgspec.Struct, frozen=True):
    """What is called cannot be called so; nothing follows."""

    message: str


class Filled(msgspec.Struct, frozen=True):
    """A cache was filled."""

    mode: str
    wanted: int
    filled: int
    seconds: float
    why: str


class Crowd(msgspec.Struct, frozen=True):
    """Many asked for one cold key."""

    callers: int
    loads: int
    failed: int
    longest_ns: int
    why: str
    by: str = ""


class Probed(msgspec.Struct, frozen=True):
    """Keys were deleted while they were read."""

    how: str
    keys: int
    reads: int
    stale: int
    why: str
    example: str


class Lived(msgspec.Struct, frozen=True):
    """Keys were set and looked for again."""

    stated_s: float
    looked_s: float
    keys: int
    early: int
    late: int
    why: str


class Blocked(msgspec.Struct, frozen=True):
    """Operations of an awaited cache did what blocks; without an operation: it was looked for."""

    operation: str
    what: tuple[str, ...]
    where: str
    times: int
    of: int
    longest_ns: int
    why: str


class Tried(msgspec.Struct, frozen=True):
    """Something was tried on a cache."""

    what: str
    tried: int
    wrong: int
    why: str
    example: str


class Holder(msgspec.Struct, frozen=True):
    """What a container within the cache holds."""

    at_ns: int
    name: str
    entries: int


class Held(msgspec.Struct, frozen=True, tag="entries"):
    """What the cache holds."""

    at_ns: int
    entries: int


class Idle(msgspec.Struct, frozen=True):
    """Every user of the closed model has ended."""


class Done(msgspec.Struct, frozen=True):
    """Nothing follows."""


OfCache = Filled | Crowd | Probed | Lived | Blocked | Tried
"""What is told of a cache before it is asked."""
Word = Hello | Refused | Prepared | Outcome | Sample | Stall | Fatal | OfCache | Held | Holder | Idle | Done

_CLASSES: dict[str, type[Any]] = {
    "hello": Hello, "refused": Refused, "ready": Prepared, "outcome": Outcome, "sample": Sample,
    "stall": Stall, "fatal": Fatal, "filled": Filled, "stampede": Crowd, "stale": Probed, "idle": Idle, "done": Done,
    "lifetime": Lived, "blocking": Blocked, "entries": Held, "tried": Tried, "holder": Holder,
}  # fmt: skip


class Frames:
    """Takes bytes as they come; gives whole messages. ValueError at what is none."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[Word | Block]:
        """Return what is complete by now."""
        held, found = self._held + data, []
        at = 0
        while len(held) - at >= _HEAD.size:
            kind, length = _HEAD.unpack_from(held, at)
            if length > LONGEST_BYTES:
                raise ValueError(f"a message of {length} bytes")
            if len(held) - at < _HEAD.size + length:
                break
            content = held[at + _HEAD.size : at + _HEAD.size + length]
            at += _HEAD.size + length
            word = _word(kind, content)
            if word is not None:
                found.append(word)
        self._held = held[at:]
        return found


def _word(kind: bytes, content: bytes) -> Word | Block | None:
    """Return the message, None where it is of a kind that this version does not know."""
    if kind == b"B":
        if len(content) % _ROW_BYTES:
            raise ValueError(f"a block of {len(content)} bytes")
        return np.frombuffer(content, dtype=np.int64).reshape(-1, 4)
    if kind != b"L":
        raise ValueError(f"a message of the type {kind!r}")
    try:
        fields = msgspec.json.decode(content)
        known = _CLASSES.get(fields.pop("kind", ""))
        return None if known is None else msgspec.convert(fields, known)
    except (msgspec.MsgspecError, AttributeError, TypeError) as error:
        raise ValueError(f"a message that is not understood: {error}") from None
