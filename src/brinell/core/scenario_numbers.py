"""The numbers of scenarios that a comparison puts side by side, by name."""

from __future__ import annotations

from brinell.core.cache_judgement import Cache
from brinell.core.capacity_judgement import Capacity
from brinell.core.judgement import Distribution, Load, WebSocket
from brinell.core.socket_judgement import Limit

QUANTILES = ("p50", "p90", "p95", "p99", "p99_9", "max")
_LOAD = ("target_rate", "achieved_rate", "requests", "connections", "workers")
_DELIVERIES = ("reach", "expected", "lost", "duplicated", "reordered")

Named = dict[str, float | None]


def load_numbers(load: Load) -> Named:
    """Return those of any load; of connections that stay, also what only they have."""
    found: Named = {name: getattr(load, name) for name in _LOAD}
    found["errors"] = sum(load.errors.values())
    for clock, values in (("response", load.response_ms), ("service", load.service_ms)):
        found |= _quantiles(clock, values)
    return found | (_of_sockets(load) if isinstance(load, WebSocket) else {})


def limit_numbers(limit: Limit) -> Named:
    """Return those of a limit that was tried."""
    names = ("configured", "accepted", "rejected", "tried", "freed_s", "leaked_fds", "leaked_bytes")
    return {name: getattr(limit, name) for name in names}


def cache_numbers(cache: Cache) -> Named:
    """Return those of a cache beside those of its load. Operations have their response times: ``read hit p95_ms``."""
    found: Named = {"hit_rate": cache.hit_rate.value if cache.hit_rate else None}
    found["ideal_hit_rate"] = cache.hit_rate.ideal if cache.hit_rate else None
    found["stampede_loads"] = cache.stampede.mean_loads if cache.stampede else None
    found |= {"stale_reads": cache.stale_reads, "wrong_values": cache.wrong_values}
    found["loop_stall_ms"] = cache.loop_stall_ms
    for kind, growth in (("memory", cache.memory), ("directory", cache.directory)):
        found[f"{kind}_growth_bytes"] = growth.last_bytes - growth.first_bytes if growth else None
    for name, one in cache.operations.items():
        found |= {f"{name} p50_ms": one.p50_ms, f"{name} p95_ms": one.p95_ms, f"{name} p99_ms": one.p99_ms}
    return found


def capacity_numbers(capacity: Capacity) -> Named:
    """Return those of a search; its levels are of its quantity."""
    return {
        "held": capacity.low or None,
        "broke": capacity.high,
        "knee": capacity.knee,
        "steps": len(capacity.steps),
        "took_s": capacity.took_s,
    }


def _of_sockets(load: WebSocket) -> Named:
    found: Named = {name: getattr(load, name) for name in _DELIVERIES}
    for kind, values in (("skew", load.skew_ms), ("connect", load.connect_ms)):
        if values is not None:
            found |= _quantiles(kind, values)
    found |= {"opened": load.sockets.opened, "refused": sum(load.sockets.failed.values())}
    found["ended"] = sum(load.sockets.closes.values())
    return found


def _quantiles(kind: str, values: Distribution) -> Named:
    return {f"{kind}_{name}_ms": getattr(values, name) for name in QUANTILES}
