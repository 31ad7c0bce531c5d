"""Caches, connections that stay, searches and drills for tests of reports, made from few numbers."""

from __future__ import annotations

import msgspec

from brinell.core.cache_judgement import Cache, CacheHits, CacheOperation, CacheStampede
from brinell.core.capacity_judgement import Capacity, CapacityLevel, CapacityLimit
from brinell.core.drill_judgement import Drill
from brinell.core.judgement import Distribution, WebSocket
from brinell.core.socket_judgement import Limit, SocketCourse, Sockets
from brinell.core.verdicts import Verdict

TIMES = Distribution(p50=1.0, p90=2.0, p95=3.0, p99=4.0, p99_9=5.0, max=6.0)
HITS = CacheHits(value=0.8, low=0.78, high=0.82, ideal=0.9, lru=0.7, gets=9000, hits=7200)
READ = CacheOperation(requests=9, errors={}, p50_ms=0.02, p95_ms=0.1, p99_ms=1.5, max_ms=20.0)
SOCKETS = Sockets(
    opened=50, failed={"status-503": 3}, most_open=50, closes={"1006": 2}, own_closes={}, sent=10, received=20,
    sent_bytes=1, received_bytes=2, pings=0, pongs=0, ping_max_ms=None, peer_pings=0, strays=0, publishers=1, slow=0,
    memory_bytes=None,
)  # fmt: skip


def cache(scenario, **fields):
    said = {
        "scenario": scenario, "workload": "ycsb-b", "target": "shop:cache", "mode": "sync",
        "operations": {"read hit": READ}, "hit_rate": HITS, "stampede_loads": 1, "stale_reads": 0,
        "loop_stall_ms": None, "distribution": "zipfian", "keys": 1000, "capacity": 100, "rate": 1.0,
        "value_bytes": (100, 100), "prefilled": 100,
        "stampede": CacheStampede(keys=20, callers=100, most_loads=1, mean_loads=1.0, failed=0, longest_ms=1.0),
    }  # fmt: skip
    return Cache(**(said | fields))


def chat(load, *, lost, **fields):
    """A broadcast in which the last third of the seconds lost that share of its deliveries."""
    columns = len(load.timeline.t_s)
    reach = tuple(1.0 - lost * (at % 3 == 0) for at in range(columns))
    base = {field.name: getattr(load, field.name) for field in msgspec.structs.fields(load)}
    own = {
        "scenario": "chat", "mode": "broadcast", "reach": 1.0 - lost / 3, "delivery_ms": load.response_ms,
        "skew_ms": TIMES, "expected": 300_000, "received": int(300_000 * (1 - lost / 3)), "lost": int(1e5 * lost),
        "duplicated": 0, "reordered": 0, "connect_ms": TIMES, "sockets": SOCKETS,
        "sockets_course": SocketCourse(
            open=(50,) * columns, sent=(1.0,) * columns, received=(50.0,) * columns, closed=(0,) * columns,
            reach=reach,
        ),
    }  # fmt: skip
    return WebSocket(**{**base, **own, **fields})


def search(low, high, **fields):
    said = {
        "name": "notes", "quantity": "rate", "unit": "/s", "url": "", "low": low, "high": high, "confirmed": True,
        "knee": 700.0, "limited_by": None, "limited_by_reason": "", "at_least": None, "tolerance": 0.05,
        "thresholds": {"p95_ms": CapacityLimit(limit=200.0, stated=True)}, "ended": "found", "reason": "",
        "steps": (), "took_s": 50.0,
    }  # fmt: skip
    return Capacity(**(said | fields))


def limit(accepted):
    return Limit(
        configured=100, accepted=accepted, rejected=1000, recovered=True, tried=1001, freed_s=0.012, free_bound_s=5.0,
        leaked_fds=0, leaked_bytes=4096, parts=(), stock=(),
    )  # fmt: skip


def drill(lost):
    measured = {"lost": lost, "exit_s": 0.4, "clean": True, "kinds": {"a": 1}, "frozen_s": None}
    return Drill(drill="drain", name="restart", measured=measured, verdict=Verdict.PASS)


def two(first):
    """Two runs: the second lost deliveries and hits, holds less, lets more in, and loses requests in its drill."""
    load = msgspec.structs.replace(first.load[0], scenario="users")
    fallen = msgspec.structs.replace(HITS, value=0.6, low=0.57, high=0.63)
    crowd = CacheStampede(keys=20, callers=100, most_loads=100, mean_loads=95.0, failed=0, longest_ms=1.0)
    limited = chat(load, lost=0.0, scenario="full", mode="limit", limit=limit(100))
    before = {
        "load": (load,), "cache": (cache("users"),), "websocket": (chat(load, lost=0.0), limited),
        "capacity": (search(800, 840),), "drills": (drill(0),),
    }  # fmt: skip
    after = {
        "load": (load,),
        "cache": (cache("users", hit_rate=fallen, stampede=crowd, stampede_loads=100),),
        "websocket": (chat(load, lost=0.3), msgspec.structs.replace(limited, limit=limit(117))),
        "capacity": (search(500, 525, tolerance=0.02),),
        "drills": (drill(3),),
    }
    return tuple(msgspec.structs.replace(first, **fields) for fields in (before, after))


def steps(low):
    """Steps of a search that ended at ``low``: half of it, it, and what broke."""
    return tuple(
        CapacityLevel(
            number=number, level=level, verdict="held" if level <= low else "broken", why="", reason="", at_s=0.0,
            took_s=5.0, seconds=4, offered=level, achieved=level, requests=100, errors={}, observed={}, p50_ms=1.0,
            p95_ms=level / 10, p99_ms=level / 5, max_ms=level, workers=1, connections=64, decided=True, evidence="",
        )
        for number, level in enumerate((low / 2, low, low * 1.05), start=1)
    )  # fmt: skip
