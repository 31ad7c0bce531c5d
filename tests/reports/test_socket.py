from __future__ import annotations

import re

import msgspec
import pytest

from brinell.core import blessed
from brinell.core.comparison import compare
from brinell.core.judgement import Distribution, WebSocket
from brinell.core.socket_judgement import (
    Hostile,
    HostileCase,
    Limit,
    LimitPart,
    LimitStockNow,
    RoomCount,
    SocketCourse,
    Sockets,
)
from brinell.journal.baseline import holds_anything
from brinell.reports.comparison_html import comparison_html
from brinell.reports.html import html
from brinell.reports.load_figures import data_of
from brinell.reports.markdown import markdown
from brinell.reports.terminal import summary

TIMES = Distribution(p50=1.0, p90=2.0, p95=3.0, p99=4.0, p99_9=5.0, max=6.0, mean=1.5)
SOCKETS = Sockets(
    opened=2000, failed={"status-503": 3}, most_open=2000, closes={"1006": 2}, own_closes={}, sent=10, received=20_000,
    sent_bytes=1, received_bytes=2, pings=40, pongs=39, ping_max_ms=7.5, peer_pings=0, strays=0, publishers=2, slow=5,
    memory_bytes=900,
)  # fmt: skip


def room(number, lost=0):
    return RoomCount(
        room=number, published=10, expected=1000, received=1000 - lost, lost=lost, duplicated=0, reordered=0,
        reach=1 - lost / 1000, delivery_max_ms=48.25,
    )  # fmt: skip


def chat(load, **fields):
    base = {field.name: getattr(load, field.name) for field in msgspec.structs.fields(load)}
    columns = len(load.timeline.t_s) if load.timeline else 0
    course = SocketCourse(
        open=(2000,) * columns, sent=(10.0,) * columns, received=(20_000.0,) * columns, closed=(0,) * columns,
        reach=(0.9999,) * columns,
    )  # fmt: skip
    own = {
        "scenario": "chat", "mode": "broadcast", "reach": 0.99997, "delivery_ms": TIMES, "skew_ms": TIMES,
        "expected": 400_000, "received": 399_988, "lost": 12, "duplicated": 1, "reordered": 0, "connect_ms": TIMES,
        "sockets": SOCKETS, "rooms": (room(1, lost=12), room(0)), "room_count": 2, "sockets_course": course,
        "connections": 2000, "response_ms": TIMES,
    }  # fmt: skip
    return WebSocket(**{**base, **own, **fields})


FULL = Limit(
    configured=100, accepted=100, rejected=1000, recovered=True, tried=1001, freed_s=0.012, free_bound_s=5.0,
    leaked_fds=0, leaked_bytes=4096,
    parts=(
        LimitPart(part="fill", outcome="accepted", count=100, longest_ms=3.0, right=True),
        LimitPart(part="storm", outcome="status-503", count=1000, longest_ms=2.0, right=True, detail="<b>full</b>"),
        LimitPart(part="beyond", outcome="hang", count=1, longest_ms=5000.0, right=False),
    ),
    stock=(LimitStockNow(moment="filled", connections=100, rss_bytes=2**25, fds=120),),
)  # fmt: skip


@pytest.fixture
def judgement(build):
    def make(**fields):
        base = build.realistic()
        return msgspec.structs.replace(base, websocket=(chat(base.load[0], **fields),))

    return make


def limited(judgement):
    none = dict.fromkeys(("reach", "delivery_ms", "skew_ms", "expected", "received", "lost", "duplicated", "reordered"))
    return judgement(mode="limit", limit=FULL, rooms=(), room_count=0, **none)


def test_all_reports_say_the_same_of_a_broadcast(judgement):
    for text in (summary(judgement(), width=200), markdown(judgement()), html(judgement())):
        plain = " ".join(re.sub(r"<[^>]+>|\\", "", text).split())
        assert "roadcast to 2,000 connections in 2 rooms" in plain
        assert "399,988 of 400,000 deliveries, reach 0.99997" in plain
        assert "2,000 of 2,000 connections made, p95 3.00 ms; 2,000 open at most" in plain
        assert "the subject ended 2: 2 with 1006" in plain
        assert "5 read slowly" in plain
        assert "39 of 40 pings answered, 7.50 ms at most" in plain
        assert "12 did not come, 1 came twice" in plain


def test_the_room_with_the_lowest_reach_comes_first(judgement):
    page = html(judgement())
    assert page.index("0.988") < page.index('<td class="n">1</td>', page.index("lowest reach first"))
    assert '<td class="n">48.2</td>' in page
    assert "Rooms" not in html(judgement(rooms=(room(0),), room_count=1))


def test_charts_stand_on_the_time_axis_of_the_load(judgement):
    page, one = html(judgement()), judgement().websocket[0]
    for words in (
        "Publishes a second",
        "Delivery time",
        "Connections",
        "Messages a second, on all connections",
        "Reach",
    ):
        assert words in page
    data = data_of(one)
    assert len(data["columns"]["open"]) == len(data["columns"]["reach"]) == len(data["t"])
    assert {"sent_rate", "received_rate"} <= set(data["columns"])
    figures = [int(number) for number in re.findall(r'class="course" data-load="(\d+)"', page)]
    assert figures == list(range(len(judgement().load) + 1))


def test_other_loads_keep_their_words(build):
    page = html(build.realistic())
    assert "Requests a second" in page
    assert (
        "websocket" not in page.replace("no trial of this version measures it", "").lower() or "#websocket" not in page
    )


def test_a_limit_is_told_part_by_part(judgement):
    one = limited(judgement)
    said = " ".join(summary(one, width=200).split())
    assert "100 of 100 connections accepted, 1,000 of 1,001 beyond refused" in said
    assert "1 one more: hang" in said
    assert "as many fit again afterwards" in said
    parts = (*FULL.parts, LimitPart(part="race", outcome="accepted", count=9, longest_ms=3.0, right=True))
    raced = msgspec.structs.replace(FULL, parts=parts, raced=9, race_places=5)
    told = " ".join(summary(judgement(mode="limit", limit=raced, rooms=(), room_count=0), width=200).split())
    assert "9 let in at once to 5 free places" in told
    assert "at once, more than fit" in markdown(judgement(mode="limit", limit=raced, rooms=(), room_count=0))
    page = html(one)
    assert "What the subject held" in page
    assert "<b>full</b>" not in page
    assert "&lt;b&gt;full&lt;/b&gt;" in page
    assert "32.0 MiB" in page
    assert "| full | 100 | 32.0 MiB | 120 |" in markdown(one)


def test_bad_manners_are_told_case_by_case(judgement):
    cases = (
        HostileCase(case="quiet", outcome="pong", took_ms=1.0, tolerated=False),
        HostileCase(case="unmasked", outcome="went-on", took_ms=1000.0, tolerated=True),
        HostileCase(case="huge", outcome="reset", took_ms=2.0, tolerated=False, harm="ended", harmed="reset <b>x</b>"),
    )
    stock = (LimitStockNow(moment="once", connections=0, rss_bytes=2**25, fds=12),)
    tried = Hostile(cases=cases, whole=False, leaked_fds=1, stock=stock)
    one = judgement(mode="hostile", hostile=tried, rooms=(), room_count=0)
    said = " ".join(summary(one, width=200).split())
    assert "2 of 17 kinds of bad clients tried, a connection each; 1 of them were cut off" in said
    assert "1 harmed others" in said
    assert "1 a frame without a mask: it went on" in said
    assert "| after all of it | 0 | 32.0 MiB | 12 |" in markdown(one)
    page = html(one)
    assert "others: reset &lt;b&gt;x&lt;/b&gt;" in page
    assert "kinds of bad clients harmed others" in page
    assert "chat" not in compare(one, one).load_changes
    assert not holds_anything(msgspec.structs.replace(one, load=(), suite=None, cache=(), capacity=()))
    assert blessed.known((), one.websocket, (), ())["websocket"] == {}
    assert "<b>x</b>" not in page


def test_a_scenario_that_told_nothing_is_shown(judgement):
    one = judgement(timeline=None, series=None, curve=None, sockets_course=None, requests=0)
    for text in (summary(one), markdown(one), html(one)):
        assert "chat" in text


def test_two_runs_can_be_put_side_by_side(judgement):
    one = judgement()
    found = compare(one, judgement(response_ms=msgspec.structs.replace(TIMES, p99=8.0)))
    assert found.load["chat"]["response_p99_ms"].b == 8.0
    assert "chat" in found.load_changes
    assert "WebSocket: chat" in comparison_html(found, one, one)
    assert "chat" not in compare(limited(judgement), one).load_changes
