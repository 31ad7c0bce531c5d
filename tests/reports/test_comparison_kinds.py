"""Connections that stay, caches, searches and drills in a comparison: the same rows in every report."""

from __future__ import annotations

import msgspec
import pytest

from brinell.core.cache_judgement import Cache, CacheHits, CacheOperation, CacheStampede
from brinell.core.capacity_judgement import Capacity, CapacityLimit
from brinell.core.comparison import compare
from brinell.core.drill_judgement import Drill
from brinell.core.judgement import Distribution, WebSocket
from brinell.core.socket_judgement import Limit, SocketCourse, Sockets
from brinell.core.verdicts import Verdict
from brinell.reports import outline_compare
from brinell.reports.comparison import comparison
from brinell.reports.comparison_html import comparison_html
from brinell.reports.comparison_markdown import comparison_markdown
from brinell.reports.layout import cells

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


@pytest.fixture(scope="module")
def two(build):
    """Two runs: the second lost deliveries and hits, holds less, lets more in, and loses requests in its drill."""
    first = build.realistic()
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


def sections(a, b):
    return {one.title: one for one in outline_compare.sections(compare(a, b))}


def row(section, label):
    return next(one for one in section.rows if one.label == label)


def test_a_cache_has_its_hit_rate_and_loads_beside_its_times(two):
    found = sections(*two)["Cache: users"]
    assert row(found, "hit rate")[1:] == ("80 %", "60 %", "0.75", "-23.6 to -16.4 points", "lower", "worse")
    assert row(found, "loads for a cold key").says == "more"
    assert row(found, "read hit p95 ms").a == "0.1"
    assert row(found, "response p95 ms").says == "could be noise"


def test_a_broadcast_has_its_reach_and_speaks_of_deliveries(two):
    found = sections(*two)["WebSocket: chat"]
    assert row(found, "reach")[1:4] == ("1", "0.9", "0.90")
    assert (row(found, "reach").says, row(found, "reach").tone) == ("lower", "worse")
    labels = [one.label for one in found.rows]
    assert {"published a second", "delivery p99 ms", "first to last receiver p99 ms", "connect p95 ms"} <= set(labels)
    assert not [label for label in labels if label.startswith(("response", "errors"))]
    assert row(found, "connections not made").a == "3"


def test_a_limit_has_only_its_own_numbers(two):
    found = sections(*two)["WebSocket: full"]
    assert row(found, "accepted")[1:4] == ("100", "117", "1.17")
    assert [one for one in found.rows if "response" in one.label] == []


def test_a_search_is_compared_by_its_bracket(two):
    found = sections(*two)["Capacity: notes"]
    assert found.rows[0][3:] == ("0.62", "0.60 to 0.66", "lower", "worse")
    assert found.conditions == "Not the same load: tolerance 0.05 and 0.02."
    assert row(found, "held")[1:3] == ("800", "500")


def test_a_drill_has_its_numbers_side_by_side(two):
    found = sections(*two)["Drill: restart"]
    assert [(one.label, one.a, one.b) for one in found.rows] == [("lost", "0", "3"), ("exit s", "0.4", "0.4")]


def test_every_report_has_all_of_them(two):
    found = compare(*two)
    for text in (comparison(found, width=200), comparison_markdown(found), comparison_html(found, *two)):
        for title in sections(*two):
            assert title in text
        assert "points" in text
        assert "One search each" in text


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits(two, width):
    assert all(cells(line) <= width for line in comparison(compare(*two), width=width).splitlines())


def test_a_run_beside_itself_differs_in_nothing(two):
    found = sections(two[1], two[1])
    said = {one.says for section in found.values() for one in section.rows}
    assert said == {"", "could be noise"}
    assert not any(section.conditions for section in found.values())


def test_what_only_one_run_has_is_shown_without_an_answer(two):
    empty = msgspec.structs.replace(two[0], load=(), cache=(), websocket=(), capacity=(), drills=())
    found = sections(empty, two[0])
    assert {one.says for section in found.values() for one in section.rows} == {""}
    assert set(found) == set(sections(*two))
