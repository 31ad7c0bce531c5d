"""The metrics that a threshold can name. The same names serve ``thresholds = {...}``, ``--slo`` and reports."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """How a threshold's value is read. ``clock``: whose time it is; empty: nobody's. ``share`` is a quantile's.

    ``each``: every operation of the scenario is held to it by itself, the value is the worst one's.
    """

    clock: str  # response | service | delivery | skew | connect
    what: str  # quantile | max | mean | error_rate | rate | memory | reach | lost | duplicated | reordered | ...
    share: float | None = None
    each: bool = False

    @property
    def at_most(self) -> bool:
        """Whether the limit is an upper one."""
        return self.what not in {"rate", "reach", "hit_rate"}


_SHARES = {"p50_ms": 0.5, "p90_ms": 0.9, "p95_ms": 0.95, "p99_ms": 0.99, "p99_9_ms": 0.999}
_TAIL = ("p95_ms", "p99_ms")
_RESPONSE = {name: Metric("response", "quantile", share) for name, share in _SHARES.items()} | {
    "max_ms": Metric("response", "max"),
    "mean_ms": Metric("response", "mean"),
}

_PLAIN = {
    **_RESPONSE,
    "error_rate": Metric("", "error_rate"),
    "min_rate": Metric("", "rate"),
    **{f"service_{name}": metric._replace(clock="service") for name, metric in _RESPONSE.items()},
    "memory_growth_bytes": Metric("", "memory"),
}
_EACH = (*_SHARES, "mean_ms", "error_rate")  # the highest of all maxima is the maximum

THRESHOLDS: dict[str, Metric] = _PLAIN | {f"each_{name}": _PLAIN[name]._replace(each=True) for name in _EACH}
"""Latency limits are milliseconds, ``error_rate`` a share of all requests, ``min_rate`` complete answers a second
that came before the schedule's end, ``memory_growth_bytes`` by how much the subject's resident memory grew from the
first look at it during the load to the last. ``each_`` in front: of every operation.
"""

METRICS: tuple[str, ...] = tuple(THRESHOLDS)

SOCKET_THRESHOLDS: dict[str, Metric] = {
    "reach": Metric("", "reach"),
    "lost": Metric("", "lost"),
    "duplicated": Metric("", "duplicated"),
    "reordered": Metric("", "reordered"),
    **{f"delivery_{name}": metric._replace(clock="delivery") for name, metric in _RESPONSE.items()},
    **{f"{clock}_{name}": Metric(clock, "quantile", _SHARES[name]) for clock in ("skew", "connect") for name in _TAIL},
}
"""What WebSocket scenarios have besides: ``reach`` is a share at least, lost, duplicated and reordered are counts of
deliveries at most, all else is milliseconds.
"""

SOCKET_METRICS: tuple[str, ...] = (*_PLAIN, *SOCKET_THRESHOLDS)
"""The connections of a scenario do one thing, so that there is no ``each_``."""

CACHE_THRESHOLDS: dict[str, Metric] = {
    "hit_rate": Metric("", "hit_rate"),
    "stale_reads": Metric("", "stale"),
    "stampede_loads": Metric("", "loads"),
    "directory_bytes": Metric("", "directory"),
}
"""What caches have besides: ``hit_rate`` is a share at least; all else is at most: stale reads and loads of one cold
key are counts, ``directory_bytes`` what the cache's folder ever held.
"""

_SHARE = {"error_rate": 0.01, "each_error_rate": 0.01, "reach": 1, "hit_rate": 0.9}


def example_limit(name: str) -> float:
    """Return a limit that somebody could mean."""
    return _SHARE.get(name, 500)


def why_no_limit(name: str, limit: float) -> str | None:
    """Say why a number is no limit of that metric; None where it is one. ``hit_rate = 90`` could never be met, and
    ``error_rate = 5`` never be missed.
    """
    if not 0 <= limit <= 1e15:
        return "a limit is a number of 0 or more"
    if name in _SHARE and limit > 1:
        return f"a share lies between 0 and 1: {limit:g} % is {limit / 100:g}"
    return None


CACHE_METRICS: tuple[str, ...] = (*METRICS, *CACHE_THRESHOLDS)
ALL_METRICS: tuple[str, ...] = (*METRICS, *SOCKET_THRESHOLDS, *CACHE_THRESHOLDS)
