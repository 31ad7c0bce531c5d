"""What a judgement says about traffic that a document described: what of it was exercised, and what was not and why."""

from __future__ import annotations

import msgspec

from brinell.core.traffic_records import LeftOut


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario's. ``exercised`` were answered at least once, whatever the answer said; ``linked`` are those of them
    whose requests followed from an earlier answer. ``refused``: requests that the document allows and the subject does
    not, before the run. ``broken``: answers that are not what the document says, the first of each operation.

    ``looked``, ``known`` and ``unseen`` count answers compared with the document, known from before, and not compared
    for want of time; an answer that was the last one again is in none of them.
    """

    scenario: str
    form: str  # openapi | har
    source: str
    title: str
    version: str
    exercised: tuple[str, ...]
    not_exercised: tuple[LeftOut, ...]
    linked: tuple[str, ...] = ()
    prepared: int = 0
    tried: int = 0
    refused: tuple[LeftOut, ...] = ()
    judged: bool = True
    broken: tuple[LeftOut, ...] = ()
    looked: int = 0
    known: int = 0
    unseen: int = 0
