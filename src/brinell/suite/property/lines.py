"""Lines that our plug-in adds to the wire, decoded (``brinell_inside/property/__init__.py`` documents them).

They come from the subject like all others: shapes are checked strictly, text is cleaned and capped where it is kept.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0.0, le=1e9)]
Number = Annotated[int, Meta(ge=0, le=10**12)]


class _Line(msgspec.Struct, frozen=True, tag_field="kind"):
    """Base of the lines."""


class HelloLine(_Line, frozen=True, tag="property_hello"):
    """Which Hypothesis, and what the project's profile says."""

    hypothesis: str | None = None
    observability: str | None = None
    profile: str = ""
    profiles_loaded: tuple[str, ...] = ()
    derandomize: bool = False
    database: str | None = None
    examples: Number = 100
    deadline_ms: float | None = None
    ci_profile: bool = False
    unusable_database: str | None = None


class CountLine(_Line, frozen=True, tag="property_tests"):
    """How many items there are of either kind."""

    tests: Number
    others: Number


class IdsLine(_Line, frozen=True, tag="property_ids"):
    """Some of the tests that will run."""

    ids: tuple[str, ...]


class Shrink(msgspec.Struct, frozen=True):
    """Examples and seconds of looking for a smaller failure."""

    examples: Number = 0
    s: Seconds = 0.0


class TestLine(_Line, frozen=True, tag="property_test"):
    """One test after its call."""

    id: str
    outcome: str
    ran: Number
    declared: Number
    file: str = ""
    line: Number = 0
    call_s: Seconds = 0.0
    setup_s: Seconds = 0.0
    cpu_s: Seconds = 0.0
    starved_s: float | None = None
    gc_s: Seconds = 0.0
    pace_s: Seconds = 0.0
    phases_s: dict[str, Seconds] = {}
    stopped: str = ""
    reused: Number = 0
    shrunk: Number = 0
    cases: tuple[tuple[str, Number, Number], ...] = ()
    cases_left_out: Number = 0
    stateful_steps: Number | None = None
    explicit: Number = 0
    reproduce: bool = False
    derandomize: bool = False
    deadline_ms: float | None = None
    phases: tuple[str, ...] = ()
    database: str | None = None
    fixtures: tuple[str, ...] = ()
    observed: dict[str, Number] | None = None
    how: dict[str, Number] = {}
    timing: dict[str, Seconds] = {}
    shrink: Shrink = Shrink()
    draws: dict[str, Seconds] = {}
    new_lines: tuple[tuple[Number, Number], ...] = ()
    lines: Number = 0
    files: Number = 0


class LimitLine(_Line, frozen=True, tag="property_limit"):
    """A test was ended for taking longer than it may."""

    id: str
    seconds: Seconds = 0.0


PropertyLine = HelloLine | CountLine | IdsLine | TestLine | LimitLine
_decoder: msgspec.json.Decoder[PropertyLine] = msgspec.json.Decoder(PropertyLine)
_MARK = b'"kind":"property_'


def decode(raw: bytes) -> PropertyLine | None:
    """Return the line if it is one of ours; None otherwise. ``ValueError`` for one of ours that does not fit."""
    if _MARK not in raw[:400]:
        return None
    return _decoder.decode(raw)
