"""The judgement's part on the stages of a load scenario and on whether it became steady; ``brinell.core.judgement`` has
the rules of its structs.
"""

from __future__ import annotations

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts."""


class Stage(_Part, frozen=True, kw_only=True):
    """A part of a schedule that is judged by itself: a step, a tenth of a ramp, a spike and what is around it.

    Numbers are of the whole seconds within it, by the second in which a request ended: ``achieved_rate`` complete
    answers a second, errors, response times in milliseconds. None where it has no whole second, or was not reached.
    ``target_rate`` is the average that was asked for, ``from_rate`` and ``to_rate`` are those at its ends. ``course``:
    of a step, whether it was steady, as ``Steady.answer``; empty elsewhere.
    """

    from_s: float
    to_s: float
    from_rate: float
    to_rate: float
    target_rate: float
    achieved_rate: float | None
    requests: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    course: str = ""


class Drift(_Part, frozen=True, kw_only=True):
    """How much a series changed from the beginning of the steady part to its end, as a share of its mean, with the 95 %
    interval; ``series`` is ``rate``, ``median`` or ``mean`` (of the response times of a second).
    """

    series: str
    change: float
    low: float
    high: float


class Steady(_Part, frozen=True, kw_only=True):
    """Whether, and from when on, the scenario was steady (``brinell.core.steady``).

    ``answer``: ``steady``, ``moving`` (it still changed), ``growing`` (response times rose to the end: more is asked
    than the subject can do), ``unclear`` (too noisy to tell) or ``too-short``. ``longer_s``: seconds to run for an
    answer, None where it is steady or where no length will do. From ``from_s`` to ``to_s``, seconds of the schedule,
    are the numbers below; without a steady part they are None.
    """

    answer: str
    why: str
    longer_s: float | None
    from_s: float | None
    to_s: float | None
    achieved_rate: float | None
    requests: int
    errors: int
    response_ms: dict[str, float | None]  # p50, p90, p95, p99, p99_9, max, mean
    drifts: tuple[Drift, ...] = ()
    judged: bool = False  # the thresholds were judged on this part
