"""Trying limits of real servers: some that keep theirs, and some that do not."""

from __future__ import annotations

import asyncio
import http

import pytest

from brinell.checks.websocket import websocket
from brinell.core.errors import Interrupted
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import LoadEnded
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec, WebSocketSpec
from brinell.core.socket_records import LimitFreed, LimitStock, LimitTried
from brinell.load.trial import LoadTrial
from brinell.load.websocket import limit as trial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES


class Places:
    """A server with so many places, and its way of saying that none is left."""

    def __init__(
        self, places, *, by_close=None, status=503, hang=False, forgets=False, evicts=False, clears=False, mute=False,
        forgets_cut=False, asks_s=0.0, keeps_s=0.0,
    ):  # fmt: skip
        self.forgets_cut, self.asks_s, self.keeps_s = forgets_cut, asks_s, keeps_s
        self.places, self.by_close, self.status = places, by_close, status
        self.clears, self.mute = clears, mute
        self.hang, self.forgets, self.evicts = hang, forgets, evicts
        self.taken = 0
        self.members = []
        self.let_in = set()

    async def request(self, connection, request):
        del request
        if self.by_close or self.evicts:
            return None
        if self.taken < self.places:
            if self.asks_s:
                await asyncio.sleep(self.asks_s)
            self._take(connection)
            return None
        if self.hang:
            await asyncio.sleep(1.0)  # longer than anybody waits
        if self.clears:
            await asyncio.gather(*(one.close(1012, "starting anew") for one in self.members))
        return connection.respond(http.HTTPStatus(self.status), "full\n")

    async def serve(self, connection):
        if connection not in self.let_in:
            if self.taken >= self.places and self.by_close:
                await connection.close(self.by_close, "no place left")
                return
            if self.taken >= self.places and self.evicts:
                await self.members.pop(0).close(1001, "somebody else came")
            self._take(connection)
        self.members.append(connection)
        try:
            if self.mute:  # a close is answered by the end of the connection
                connection.protocol.receive_data = lambda data: connection.transport.abort() if data else None
            await connection.wait_closed()
            await asyncio.sleep(self.keeps_s)
        finally:
            self.taken -= 0 if self.forgets or (self.forgets_cut and connection.close_code == 1006) else 1

    def _take(self, connection):
        """Count one: in one step with the look, unless ``asks_s`` is between them."""
        self.taken += 1
        self.let_in.add(connection)


@pytest.fixture
def attempt(circle, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "HOLD_S", 0.15)
    rooms = []

    def begin(server, limit=8, refusals=40, **fields):
        port = circle.start(server.serve, process_request=server.request)
        forgets = server.forgets or server.forgets_cut  # for whom it waits in vain
        does = WebSocketSpec(mode="limit", limit=limit, refusals=refusals, free_s=0.5 if forgets else 10.0)
        spec = LoadSpec(
            name="full", shape={"kind": "closed", "duration": 60.0}, driver="websocket", url=f"ws://127.0.0.1:{port}",
            connections=limit, timeout_s=fields.pop("timeout_s", 10.0), websocket=does,
        )  # fmt: skip
        room = FakeRoom(spec, tmp_path, **fields)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    begin.rooms = rooms
    yield begin
    for room in rooms:
        room.close()


def judged(room):
    part = websocket(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
    (entry,) = part.websocket
    return entry, {one.id.removeprefix("websocket.full."): one.verdict.value for one in part.findings}


def tried(room, part):
    return {one.outcome: one.count for one in room.records if isinstance(one, LimitTried) and one.part == part}


KEPT = [{"status": 503}, {"by_close": 1013}]
SLOW = [{"status": 429}, {"status": 403}, {"by_close": 1008}, {"by_close": 4008}]


@pytest.mark.parametrize("server", [*KEPT, *(pytest.param(one, marks=pytest.mark.prove) for one in SLOW)])
def test_a_limit_that_is_kept(attempt, server):
    room = attempt(Places(8, **server))
    entry, verdicts = judged(room)
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "pass"} == {}
    limit = entry.limit
    assert (limit.configured, limit.accepted, limit.rejected, limit.tried, limit.recovered) == (8, 8, 41, 41, True)
    assert 0 <= limit.freed_s <= 10.0
    assert [one.moment for one in room.records if isinstance(one, LimitStock)] == [
        "before", "filled", "half", "refused", "emptied",
    ]  # fmt: skip
    others = sum(sum(tried(room, part).values()) for part in ("free", "cut", "race"))
    assert entry.requests == entry.limit.tried + 8 + 8 + others
    assert entry.errors == {}
    assert {one.detail for one in limit.parts if one.part == "storm"} <= {"full", "no place left"}
    assert room.said[-1][0] == room.said[-1][1]


def test_no_limit_at_all(attempt):
    room = attempt(Places(1000))
    assert tried(room, "beyond") == {"accepted": 1}
    assert tried(room, "storm") == {}
    entry, verdicts = judged(room)
    assert (verdicts["limit_accepts"], verdicts["limit_refuses"]) == ("pass", "fail")
    assert entry.limit.rejected == 0


def test_fewer_places_than_said(attempt):
    room = attempt(Places(5))
    assert tried(room, "fill") == {"accepted": 5, "status-503": 3}
    assert not [one for one in room.records if isinstance(one, LimitFreed)]
    assert judged(room)[1]["limit_accepts"] == "fail"


@pytest.mark.parametrize(
    ("server", "outcome"),
    [({"status": 500}, "status-500"), ({"by_close": 1000}, "closed-1000"), ({"hang": True}, "hang")],
)
def test_refusing_in_another_way(attempt, server, outcome):
    room = attempt(Places(4, **server), limit=4, timeout_s=0.3)
    assert tried(room, "beyond") == {outcome: 1}
    entry, verdicts = judged(room)
    assert verdicts["limit_refuses"] == "fail"
    assert entry.limit.rejected == 0


def test_a_place_that_is_never_free_again(attempt):
    room = attempt(Places(4, forgets=True), limit=4)
    (freed,) = [one for one in room.records if isinstance(one, LimitFreed)]
    assert freed.freed_s is None
    assert freed.attempts > 1
    entry, verdicts = judged(room)
    assert (verdicts["limit_frees"], verdicts["limit_recovers"]) == ("fail", "fail")
    assert entry.limit.recovered is False


def test_who_sends_another_one_away_has_no_limit(attempt):
    room = attempt(Places(4, evicts=True), limit=4)
    assert tried(room, "beyond") == {"accepted": 1}
    assert tried(room, "kept") == {"closed-1001": 1}
    verdicts = judged(room)[1]
    assert (verdicts["limit_accepts"], verdicts["limit_refuses"]) == ("fail", "fail")


def test_a_stop_keeps_what_was_tried(attempt):
    with pytest.raises(Interrupted):
        attempt(Places(8), interrupt_when=lambda room: bool(tried(room, "beyond")))
    (room,) = attempt.rooms
    assert tried(room, "fill") == {"accepted": 8}
    (ended,) = [one for one in room.records if isinstance(one, LoadEnded)]
    assert ended.interrupted
    entry, verdicts = judged(room)
    assert entry.limit.recovered is None
    assert (verdicts["limit_accepts"], verdicts["limit_recovers"]) == ("pass", "unknown")


def test_a_server_that_sends_everybody_away_in_the_end(attempt):
    """Nobody is left who could free a place."""
    room = attempt(Places(4, clears=True), limit=4)
    entry, verdicts = judged(room)
    assert tried(room, "kept")["closed-1012"] >= 4
    assert (verdicts["limit_accepts"], verdicts["limit_frees"]) == ("fail", "unknown")
    assert entry.limit.accepted == 4


def test_who_answers_a_close_by_hanging_up_ended_nothing(attempt):
    room = attempt(Places(4, mute=True), limit=4)
    assert tried(room, "kept") == {}
    assert {name: verdict for name, verdict in judged(room)[1].items() if verdict == "fail"} == {}


def test_a_stop_in_the_middle_of_a_part_keeps_what_came_of_it(attempt):
    def late(room):
        return any("storm" in text for _, _, text in room.said)

    with pytest.raises(Interrupted):
        attempt(Places(4), limit=4, refusals=100_000, interrupt_when=late)
    (room,) = attempt.rooms
    assert 0 < tried(room, "storm")["status-503"] < 100_000
    entry, verdicts = judged(room)
    assert entry.limit.rejected == entry.limit.tried > 1
    assert (verdicts["limit_refuses"], verdicts["limit_leaks"]) == ("pass", "unknown")


def test_a_stop_before_it_is_full_accuses_nobody(attempt):
    with pytest.raises(Interrupted):
        attempt(Places(8), interrupt_when=lambda room: room.ticks > 3)
    (room,) = attempt.rooms
    assert {verdict for name, verdict in judged(room)[1].items() if name.startswith("limit_")} == {"unknown"}


def test_it_takes_no_longer_than_it_may(attempt, monkeypatch):
    monkeypatch.setattr(trial._LimitTrial, "_late", lambda self: self._tried >= 5)
    room = attempt(Places(8))
    assert 5 <= sum(tried(room, "fill").values()) <= 8
    assert not tried(room, "beyond")


@pytest.mark.prove
def test_a_place_that_only_a_close_frees(attempt):
    entry, verdicts = judged(attempt(Places(4, forgets_cut=True), limit=4))
    assert (verdicts["limit_frees"], verdicts["limit_frees_cut"]) == ("pass", "fail")
    assert entry.limit.cut_freed_s is None


def test_more_come_at_once_than_there_are_places(attempt):
    slow = attempt(Places(4, asks_s=0.2), limit=4, timeout_s=3.0)
    entry, verdicts = judged(slow)
    assert verdicts["limit_refuses"] == "pass"
    assert verdicts["limit_races"] == "fail"
    assert entry.limit.raced > entry.limit.race_places == 4


@pytest.mark.prove
def test_a_place_may_be_kept_for_a_while(attempt):
    verdicts = judged(attempt(Places(4, keeps_s=0.2), limit=4))[1]
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "pass"} == {}
