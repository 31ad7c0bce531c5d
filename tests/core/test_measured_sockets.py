"""What only connections that stay have in a comparison: reach and handshakes, each with what their seconds say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from brinell.core.histogram import Histogram
from brinell.core.judgement import Distribution, Generator, SubjectVitals, WebSocket
from brinell.core.load_comparison import load_change
from brinell.core.load_records import LoadSlice
from brinell.core.socket_judgement import SocketCourse, Sockets
from brinell.core.timeline import Course

SOCKETS = Sockets(
    opened=2000, failed={}, most_open=2000, closes={}, own_closes={}, sent=0, received=0, sent_bytes=0,
    received_bytes=0, pings=0, pongs=0, ping_max_ms=None, peer_pings=0, strays=0, publishers=1, slow=0,
    memory_bytes=None,
)  # fmt: skip


def timed(generator, *, seconds, a_second, median_ms):
    course, whole = Course(0), Histogram()
    for second in range(seconds):
        made = Histogram()
        for value in generator.lognormal(math.log(median_ms), 0.5, a_second):
            made.record(int(value * 1e6))
        whole.add(made)
        sparse = made.sparse()
        course.add(LoadSlice(0, second, "x", "ok", made.count, sparse, sparse, made.max_ns, made.max_ns))
    p50, p90, p95, p99, p99_9 = (ns / 1e6 for ns in whole.quantiles_ns([0.5, 0.9, 0.95, 0.99, 0.999]))
    found = Distribution(p50=p50, p90=p90, p95=p95, p99=p99, p99_9=p99_9, max=whole.max_ns / 1e6)
    return found, course.timeline()


def broadcast(seed, *, seconds=40, losing=0.0, connecting_s=20, connect_ms=2.0):
    """Fifty messages a second; in every fifth second that share of the deliveries is lost."""
    generator = np.random.default_rng(seed)
    found, timeline = timed(generator, seconds=seconds, a_second=50, median_ms=5.0)
    connect, made = timed(generator, seconds=connecting_s, a_second=100, median_ms=connect_ms)
    reach = tuple(1.0 - losing * generator.uniform(0.5, 1.5) * (second % 5 == 0) for second in range(seconds))
    whole = sum(reach) / seconds
    nothing = (None,) * seconds
    return WebSocket(
        scenario="chat", model="open", url="", target_rate=50.0, achieved_rate=50.0, requests=50 * seconds, errors={},
        response_ms=found, response_ok_ms=found, service_ms=found, histogram="",
        generator=Generator(valid=True, reason="", cpu=0.1, schedule_lag_ms=found), connections=100, workers=1,
        subject=SubjectVitals(cpu=None, rss=None, fds=None, threads=None), timeout_s=5.0, span_s=float(seconds),
        timeline=timeline, mode="broadcast", reach=whole, delivery_ms=found, skew_ms=None, expected=5000 * seconds,
        received=int(5000 * seconds * whole), lost=0, duplicated=0, reordered=0, connect_ms=connect, sockets=SOCKETS,
        sockets_course=SocketCourse(open=nothing, sent=nothing, received=nothing, closed=nothing, reach=reach),
        connect_heat=made.heat,
    )  # fmt: skip


def answers(a, b):
    return {name: change.answer for name, change in load_change(a, b).changes.items()}


def test_the_same_room_is_seldom_called_different_and_one_that_loses_is():
    alarms = found = 0
    for pair in range(25):
        a, b, losing = (broadcast(3 * pair + side, losing=share) for side, share in enumerate((0.02, 0.02, 0.2)))
        alarms += answers(a, b)["reach"] != "could be noise"
        found += answers(a, losing)["reach"] == "lower"
    assert alarms <= 3
    assert found >= 22


def test_handshakes_are_compared_by_the_seconds_in_which_they_ended():
    a, b, slow = broadcast(1), broadcast(2), broadcast(3, connect_ms=6.0)
    assert answers(a, b)["connect_p95_ms"] == "could be noise"
    assert answers(a, slow)["connect_p95_ms"] == "higher"
    assert answers(a, slow)["response_p95_ms"] == "could be noise"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"connecting_s": 2}, "handshakes took 2 seconds, and it takes 10"),
        ({"connecting_s": 12}, "it takes 2,000 handshakes, not 1,200"),
    ],
)
def test_too_few_handshakes_tell_nothing(fields, why):
    found = load_change(broadcast(1), broadcast(2, **fields)).changes["connect_p99_ms"]
    assert (found.answer, found.why) == ("cannot tell", why)
    assert found.ratio is not None


def test_percentiles_of_deliveries_need_deliveries_not_publishes():
    short = broadcast(1, seconds=12)  # 600 publishes, 60,000 deliveries
    assert answers(short, short)["response_p99_ms"] == "could be noise"
