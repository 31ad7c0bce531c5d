"""What the charts of one scenario show, taken from the judgement, or from what a live page knows so far."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from brinell.core.judgement import Distribution, Load, Series, WebSocket
from brinell.core.load_judgement import Curve, Timeline
from brinell.core.redact import one_line
from brinell.core.socket_judgement import SocketCourse
from brinell.core.steady_judgement import Stage
from brinell.reports import figures

_MOST_OLD = 300
_QUANTILE = re.compile(r"(?:delivery_)?(p\d+(?:_\d+)?|max)_ms")


class Limit(NamedTuple):
    """A stated limit of a response time: its words, the share of requests it is about, milliseconds."""

    words: str
    share: float
    milliseconds: float


class Words(NamedTuple):
    """What a scenario's requests are called, their times, what is counted in a heat map's cells, times that count from
    the send, and what became of requests that went well.
    """

    requests: str = "Requests"
    times: str = "Response time"
    cells: str = "requests"
    from_send: str = "service time"
    done: str = "answered"


_WORDS = {
    "": Words(),
    "broadcast": Words("Publishes", "Delivery time", "deliveries", "from the send", "published"),
    "limit": Words("Attempts", "Time to an answer", "attempts"),
}


class Picture(NamedTuple):
    """One scenario. ``until_s`` is where the time axis ends; ``whole`` are the texts that stand for the whole run, by
    column of the timeline; ``warm_up_s`` ends what is set apart at the beginning.
    """

    timeline: Timeline
    curve: Curve | None
    limits: tuple[Limit, ...]
    span_s: float
    until_s: float
    whole: dict[str, str]
    warm_up_s: float | None = None
    steady: tuple[float, float] | None = None  # from and to, seconds
    stages: tuple[Stage, ...] = ()
    words: Words = Words()
    sockets: SocketCourse | None = None
    marks: tuple[tuple[float, str], ...] = ()  # instants, seconds, and their names


def picture(load: Load) -> Picture | None:
    """Return what to draw; None where a scenario told no second."""
    timeline = load.timeline or (of_series(load.series) if load.series else None)
    if timeline is None or not timeline.t_s:
        return None
    return Picture(
        timeline=timeline,
        curve=load.curve,
        limits=limits(load.thresholds),
        span_s=load.span_s,
        until_s=end_of(timeline, load.span_s),
        whole=_whole(load),
        warm_up_s=load.warm_up_s,
        steady=_steady(load),
        stages=load.stages,
        words=words_of(load.mode if isinstance(load, WebSocket) else ""),
        sockets=load.sockets_course if isinstance(load, WebSocket) else None,
    )


def words_of(mode: str) -> Words:
    """Return the words for a scenario; ``mode`` is that of WebSocket connections, empty of any other."""
    return _WORDS.get(mode, Words("Messages", cells="messages", from_send="from the send"))


def _steady(load: Load) -> tuple[float, float] | None:
    found = load.steady
    if found is None or found.answer != "steady" or found.from_s is None or found.to_s is None:
        return None
    return found.from_s, found.to_s


def end_of(timeline: Timeline, span_s: float) -> float:
    """Return where the time axis ends: with the last column, which may be shorter than the others."""
    last = float(timeline.t_s[-1])
    return min(last + timeline.step_s, max(math.ceil(span_s), last + 1))


def limits(thresholds: dict[str, dict[str, float | str | None]]) -> tuple[Limit, ...]:
    """Return the limits of response times among a scenario's thresholds."""
    found = []
    for name, row in thresholds.items():
        limit = row.get("limit")
        of = _QUANTILE.fullmatch(name)
        if of and isinstance(limit, int | float) and math.isfinite(limit) and limit > 0:
            word = of[1].replace("_", ".")
            share = 1.0 if word == "max" else float(word[1:]) / 100
            found.append(Limit(f"{word} limit {figures.milliseconds(limit)}", share, float(limit)))
    return tuple(found)


def _whole(load: Load) -> dict[str, str]:
    """Return what stands beside each line's name while no moment is pointed at."""
    subject, generator = load.subject, load.generator
    texts = {
        **quantile_texts(load.response_ms),
        "rate": figures.rate(load.achieved_rate),
        "due_rate": figures.rate(load.target_rate),
        "lag_p99_ms": figures.milliseconds(generator.schedule_lag_ms.p99),
        "lag_max_ms": figures.milliseconds(generator.schedule_lag_ms.max),
        "generator_cpu": figures.percent(generator.cpu),
        "cpu": figures.cores(subject.cpu),
        "rss_bytes": figures.size(subject.rss),
        "fds": figures.count(subject.fds),
        "threads": figures.count(subject.threads),
        "loop_lag_ms": figures.milliseconds(subject.loop_lag_ms.max if subject.loop_lag_ms else None),
    }
    if isinstance(load, WebSocket):
        sockets = load.sockets
        texts |= {
            "open": f"{figures.count(sockets.most_open)} at most",
            "closed": figures.count(sum(sockets.closes.values())),
        }
        texts |= {} if load.reach is None else {"reach": f"{int(load.reach * 1e6) / 1e6:g}"}
    return texts | {f"errors.{kind}": figures.count(number) for kind, number in load.errors.items()}


def quantile_texts(response: Distribution) -> dict[str, str]:
    """Return the quantiles of a whole run as the lines' texts."""
    return {
        "p50_ms": figures.milliseconds(response.p50),
        "p95_ms": figures.milliseconds(response.p95),
        "p99_ms": figures.milliseconds(response.p99),
        "max_ms": figures.milliseconds(response.max),
    }


def kind_name(kind: str) -> str:
    """Return an error kind as it is shown."""
    return one_line(kind, 40)


def of_series(series: Series) -> Timeline | None:
    """Return a timeline from the older series by second. Percentiles cannot be merged: a column keeps the highest."""
    number = len(series.t_s)
    if not number:
        return None
    step = max(1, math.ceil(number / _MOST_OLD))
    nothing = (None,) * math.ceil(number / step)
    return Timeline(
        step_s=step,
        t_s=tuple(int(second) for second in series.t_s[::step]),
        requests=tuple(int(sum(part)) for part in _parts(series.rate, step)),
        rate=tuple(sum(part) / len(part) for part in _parts(series.rate, step)),
        due_rate=nothing,
        unanswered=nothing,
        waiting=nothing,
        errors={"errors": tuple(int(sum(part)) for part in _parts(series.errors, step))} if any(series.errors) else {},
        p50_ms=_highest(series.p50_ms, step),
        p95_ms=_highest(series.p95_ms, step),
        p99_ms=_highest(series.p99_ms, step),
        max_ms=_highest(series.max_ms, step),
        lag_p99_ms=nothing,
        lag_max_ms=nothing,
        generator_cpu=nothing,
        cpu=_highest(series.cpu, step),
        rss_bytes=tuple(None if value is None else int(value) for value in _highest(series.rss_bytes, step)),
        fds=nothing,
        threads=nothing,
    )


def _parts(values: Sequence[float], step: int) -> Iterator[Sequence[float]]:
    return (values[start : start + step] for start in range(0, len(values), step))


def _highest(values: Sequence[float | None], step: int) -> tuple[float | None, ...]:
    parts = (values[start : start + step] for start in range(0, len(values), step))
    return tuple(max((value for value in part if value is not None), default=None) for part in parts)
