"""The judgement's part on the course of a load scenario; ``brinell.core.judgement`` has the rules of its structs."""

from __future__ import annotations

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts."""


class ErrorSaid(_Part, frozen=True, kw_only=True):
    """``count`` failed requests of one kind said the same; the first and the last of them ended in these seconds of the
    scenario. ``text`` … stands for the rest, where there were too many different ones.
    """

    kind: str
    text: str
    count: int
    first_s: float
    last_s: float


class Heat(_Part, frozen=True, kw_only=True):
    """How many response times fell where, by column of the timeline.

    Bucket *b* holds those from 10**(b / per_decade) nanoseconds up to the next bucket. A column's ``counts`` begin at
    bucket ``first`` and end at its last that is not empty; a column in which nothing ended has none.
    """

    per_decade: int
    first: tuple[int, ...]
    counts: tuple[tuple[int, ...], ...]


class Timeline(_Part, frozen=True, kw_only=True):
    """Columns of equal length: what the charts of a scenario show. None where nothing is known.

    A column covers ``step_s`` whole seconds from ``t_s`` on, the last one perhaps fewer. ``step_s`` is the smallest of
    1, 2, 5, 10, 15, 20, 30, 60, ... that makes 300 columns suffice. Percentiles of a column are exact: of all its
    response times. Rates are per second; lag, ``waiting``, ``max`` and the subject's numbers are the highest of the
    column; ``errors`` are counts by kind; ``unanswered`` were due and had no outcome at the column's end.
    """

    step_s: int
    t_s: tuple[int, ...]
    requests: tuple[int, ...]
    rate: tuple[float, ...]
    due_rate: tuple[float | None, ...]
    unanswered: tuple[int | None, ...]
    waiting: tuple[int | None, ...]
    errors: dict[str, tuple[int, ...]]
    p50_ms: tuple[float | None, ...]
    p95_ms: tuple[float | None, ...]
    p99_ms: tuple[float | None, ...]
    max_ms: tuple[float | None, ...]
    lag_p99_ms: tuple[float | None, ...]
    lag_max_ms: tuple[float | None, ...]
    generator_cpu: tuple[float | None, ...]  # the busiest worker's share of a core
    cpu: tuple[float | None, ...]
    rss_bytes: tuple[int | None, ...]
    fds: tuple[int | None, ...]
    threads: tuple[int | None, ...]
    heat: Heat | None = None
    busiest_cpu: tuple[float | None, ...] = ()  # cores that the subject's busiest process used; empty: not looked at
    loop_lag_ms: tuple[float | None, ...] = ()  # how late an event loop of the subject came; empty: no probe


class Curve(_Part, frozen=True, kw_only=True):
    """Quantiles over the whole scenario, milliseconds: twelve ``shares`` for every nine added to 0.9, 0.99, ..., as far
    as there are requests beyond them; the last one is the maximum. ``service_ms`` None: nothing was sent.
    """

    shares: tuple[float, ...]
    response_ms: tuple[float, ...]
    service_ms: tuple[float | None, ...]
