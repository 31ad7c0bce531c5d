"""The metrics that a load threshold can name. The same names serve ``thresholds = {...}``, ``--slo`` and reports."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """How a threshold's value is read. ``clock`` is ``response``, ``service`` or empty; ``share`` a quantile's."""

    clock: str
    what: str  # quantile | max | mean | error_rate | rate
    share: float | None = None

    @property
    def at_most(self) -> bool:
        """Whether the limit is an upper one."""
        return self.what != "rate"


_SHARES = {"p50_ms": 0.5, "p90_ms": 0.9, "p95_ms": 0.95, "p99_ms": 0.99, "p99_9_ms": 0.999}
_RESPONSE = {name: Metric("response", "quantile", share) for name, share in _SHARES.items()} | {
    "max_ms": Metric("response", "max"),
    "mean_ms": Metric("response", "mean"),
}

THRESHOLDS: dict[str, Metric] = {
    **_RESPONSE,
    "error_rate": Metric("", "error_rate"),
    "min_rate": Metric("", "rate"),
    **{f"service_{name}": metric._replace(clock="service") for name, metric in _RESPONSE.items()},
}
"""Latency limits are milliseconds, ``error_rate`` a share of all requests, ``min_rate`` complete answers a second
that came before the schedule's end."""

METRICS: tuple[str, ...] = tuple(THRESHOLDS)
