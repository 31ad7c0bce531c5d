"""Where a load scenario's traffic came from, where a document described it: what of it is sent, and what is not."""

from __future__ import annotations

import msgspec

from brinell.core.entry import Entry


class LeftOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something of the document that is not sent, and why."""

    operation: str
    why: str


class TrafficRead(Entry, frozen=True):
    """A document was read before the run. ``source`` is its address; ``form`` openapi or har. ``operations`` are sent.

    ``linked`` are those of them whose requests need an earlier answer. ``tried`` requests were sent beforehand, one at
    a time, and ``refused`` holds what the subject refused although the document allows it.
    """

    form: str
    source: str
    version: str
    title: str
    operations: tuple[str, ...]
    requests: int  # prepared
    left: tuple[LeftOut, ...] = ()
    linked: tuple[str, ...] = ()
    tried: int = 0
    refused: tuple[LeftOut, ...] = ()
    judged: bool = True  # answers are compared with the document
    broken: tuple[LeftOut, ...] = ()  # answers beforehand that are not what the document says


class AnswersJudged(Entry, frozen=True):
    """One second of one worker: operation to answers that were looked at, known from before, and not looked at for want
    of time. Answers that were the last one again, byte for byte, are in none of them: they are like it.
    """

    worker: int
    second: int
    counts: dict[str, tuple[int, int, int]]
