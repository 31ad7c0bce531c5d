"""Thresholds of WebSocket scenarios. Those of every load are judged as every load's; the others here, likewise."""

from __future__ import annotations

from brinell.checks.load.doubt import above
from brinell.checks.load.generator import Trust
from brinell.checks.load.limits import Ruling, worded
from brinell.checks.load.limits import rule as rule_load
from brinell.checks.load.samples import needed, quantile_above
from brinell.checks.load.tally import Tally
from brinell.checks.websocket.seen import Seen
from brinell.core.finding import Finding
from brinell.core.histogram import Histogram
from brinell.core.thresholds import SOCKET_THRESHOLDS, THRESHOLDS, Metric
from brinell.core.verdicts import Reason, Verdict

CHECK = "websocket"
_COUNTS = ("lost", "duplicated", "reordered")
_SUBJECTS = ("duplicated", "reordered")  # no generator, however late, makes these


def rule(name: str, limit: float, seen: Seen, tally: Tally, trust: Trust) -> Ruling:
    """Judge one threshold of ``SOCKET_THRESHOLDS``."""
    metric = SOCKET_THRESHOLDS[name]
    if metric.clock != "connect" and not seen.broadcasts:
        why = f"nothing is broadcast in the mode {seen.does.mode}"
        return Ruling(None, Verdict.UNKNOWN, Reason.NOT_EXERCISED, why)
    if metric.clock == "delivery":  # the response times of a broadcast
        return rule_load(THRESHOLDS[name.removeprefix("delivery_")], limit, tally, trust)
    observed = _observed(metric, seen)
    if observed is None:
        what = "no message was delivered to anybody" if metric.clock != "connect" else "no handshake ended"
        return Ruling(None, Verdict.UNKNOWN, Reason.NOT_EXERCISED, what)
    met = observed <= limit if metric.at_most else observed >= limit
    doubt = _doubt(metric, limit, seen, tally, trust, met=met)
    if doubt is not None:
        return Ruling(observed, Verdict.UNKNOWN, *doubt)
    return Ruling(observed, Verdict.PASS if met else Verdict.FAIL, None, "" if met else _detail(metric, seen))


def _doubt(
    metric: Metric, limit: float, seen: Seen, tally: Tally, trust: Trust, *, met: bool
) -> tuple[Reason, str] | None:
    """Return why it cannot be said whether the limit is met; None where it can."""
    if not trust.valid and (met or metric.what not in _SUBJECTS):
        return Reason.INVALID, trust.reason
    if met and (tally.ended is None or tally.ended.interrupted):
        how = f"{tally.span_s:.3g} s of {tally.started.span_s:.3g} s were run"
        return Reason.INCONCLUSIVE, f"{how}; what was measured meets the limit"
    missing = _missing(metric, limit, seen, met=met)
    return (Reason.INCONCLUSIVE, missing) if missing else None


def finding(scenario: str, name: str, limit: float, ruling: Ruling, evidence: tuple[str, ...]) -> Finding:
    """Word a ruling."""
    metric = SOCKET_THRESHOLDS.get(name) or THRESHOLDS[name]
    sign = "at most" if metric.at_most else "at least"
    return worded((CHECK, scenario, name), ruling, f"{sign} {spell(name, limit)}", evidence, spell)


def spell(name: str, value: float) -> str:
    """Return a value with its unit. A share is never rounded up: 0.99997 is not 1."""
    if name.endswith("_ms"):
        return f"{value:.4g} ms"
    return f"{int(value * 1e6) / 1e6:g}" if name == "reach" else f"{value:g}"


def _observed(metric: Metric, seen: Seen) -> float | None:
    whole = seen.account.whole
    if metric.what == "reach":
        return whole.reach
    if metric.what in _COUNTS:
        return float(getattr(whole, metric.what)) if whole.expected else None
    (found,) = _histogram(metric, seen).quantiles_ns([metric.share or 0.0])
    return None if found is None else found / 1e6


def _histogram(metric: Metric, seen: Seen) -> Histogram:
    return seen.account.skew if metric.clock == "skew" else seen.connect.response


def _missing(metric: Metric, limit: float, seen: Seen, *, met: bool) -> str:
    """Return what is missing for a conclusion, empty if nothing is."""
    if metric.what != "quantile" or metric.share is None:
        return ""
    histogram = _histogram(metric, seen)
    need = needed(metric.what, metric.share, limit)
    if histogram.count >= need:
        return ""
    if not met and quantile_above(above(histogram, limit * 1e6), histogram.count, metric.share):
        return ""
    what = "messages" if metric.clock == "skew" else "handshakes"
    return f"{histogram.count} {what} are too few, it takes {need}"


def _detail(metric: Metric, seen: Seen) -> str:
    whole = seen.account.whole
    if metric.what in {"reach", "lost"}:
        rooms = sum(one.lost > 0 for one in seen.account.rooms.values())
        where = f", in {rooms} of {len(seen.account.rooms)} rooms" if len(seen.account.rooms) > 1 else ""
        receivers = by_receiver(seen)
        told = f"{whole.lost} of {whole.expected} deliveries did not come{where}"
        return f"{told}: {receivers}" if receivers else told
    return ""


def by_receiver(seen: Seen) -> str:
    """Say at how many receivers something was missing that were there at the end; empty where it was at none."""
    rows = seen.seconds.rows.values()
    slow = sum(one.slow for one in seen.members)
    served, short, unserved = (sum(getattr(one, name) for one in rows) for name in ("served", "short", "unserved"))
    words = ((short, "missed a part"), (unserved, "had nothing"))
    told = " and ".join(f"{count} of {served + short + unserved} receivers {what}" for count, what in words if count)
    if told and slow:
        told += (
            f", beside {slow} that read slowly on purpose: does the subject wait for these before it sends to the next?"
        )
    return told
