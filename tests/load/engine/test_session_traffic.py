"""Sessions through the engine, against real servers on loopback: what follows what, what is counted, what ends."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import threading
import zlib
from collections import Counter

import pytest

from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.session import Aborted, Pause, Send, Spent
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant

OPEN = Constant(100, 0.2)  # twenty sessions
LONG = Constant(100, 30)  # which ends with the sessions: nothing is cut off, however slow the machine


def get(path=b"/", *headers):
    return b"\r\n".join([b"GET " + path + b" HTTP/1.1", b"Host: x", *headers]) + b"\r\n\r\n"


class Scripted:
    """Sessions whose generator function is given; it gets the session's number and the operations made here."""

    def __init__(self, recorder, script, most=None, **fields):
        self.first, self.second = (ExchangeOperation(name, recorder, **fields) for name in ("first", "second"))
        self.script = script
        self.most = most
        self.begun = []

    def begin(self, user):
        if self.most is not None and len(self.begun) >= self.most:
            raise Spent
        self.begun.append(user)
        return self.script(self, user)


def scripted(script, **fields):
    return lambda recorder: Scripted(recorder, script, **fields)


def two_in_turn(sessions, _user):
    one = yield Send(sessions.first, get(b"/one"))
    assert one.status == 200
    two = yield Send(sessions.second, get(b"/two-" + one.body))
    assert two.body == b"/two-" + one.body


def counted(lab):
    """Answer with a number of its own to ``/one``, else with the path."""
    given = []

    async def handler(reader, writer):
        while True:
            head, _ = await lab.read_request(reader)
            path = head.split()[1]
            given.append(path)
            writer.write(lab.ok(b"%d" % len(given) if path == b"/one" else path))

    return handler, given


def operations(done):
    found = {}
    for one in done.slices:
        found[one.operation, one.outcome] = found.get((one.operation, one.outcome), 0) + one.count
    return found


def test_what_follows_is_made_of_what_was_answered(lab):
    handler, _ = counted(lab)
    done = lab.drive(lab.start(handler), LONG, sessions=scripted(two_in_turn, most=20))
    assert operations(done) == {("first", "ok"): 20, ("second", "ok"): 20}
    assert done.engine.scheduled == 40
    assert done.engine.unfinished == 0
    assert done.seconds[-1].sessions == (20, 20, 0)
    assert sum(one.scheduled for one in done.seconds) == sum(one.started for one in done.seconds) == 40


def test_think_time_lies_between_requests_and_in_no_response_time(lab):
    pairs = []

    def thinking(sessions, _user):
        first = yield Send(sessions.first, get())
        yield Pause(0.1)
        pairs.append((first, (yield Send(sessions.second, get()))))

    done = lab.drive(lab.start(lab.always(lab.ok())), Constant(50, 1.0), sessions=scripted(thinking))
    seen = operations(done)
    assert seen["first", "ok"] == 50
    assert 1 <= seen["second", "ok"] < 50  # those due after the end were not begun
    assert done.seconds[-1].sessions == (50, seen["second", "ok"], 0)
    for first, second in pairs:
        assert second.due_ns == first.ended_ns + 100_000_000
        assert second.due_ns <= second.started_ns <= second.ended_ns
    assert all(one.due_ns <= one.woken_ns <= one.started_ns <= one.ended_ns for one in done.exemplars)


def test_users_in_turn_begin_again_when_their_session_ended(lab):
    handler, given = counted(lab)
    done = lab.drive(lab.start(handler), Closed(1.0), sessions=scripted(two_in_turn), connections=3)
    seen = operations(done)
    assert set(done.outcomes) == {"ok"}
    begun, completed, aborted = done.seconds[-1].sessions
    assert begun >= completed > 3
    assert aborted == 0
    assert seen["first", "ok"] - seen["second", "ok"] == begun - completed <= 3
    assert sum(seen.values()) == len(given) == done.engine.scheduled


def test_requests_wait_for_a_connection_in_their_order_and_count_from_due(lab):
    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            await asyncio.sleep(0.02)
            writer.write(lab.ok())

    def one(sessions, _user):
        yield Send(sessions.first, get())

    done = lab.drive(lab.start(handler), OPEN, connections=1, sessions=scripted(one))
    assert done.outcomes == {"ok": 20}
    # Twenty in turn take 0.4 s, and the last was due after 0.19 s.
    assert done.response().max_ns >= 0.2e9 > done.service().quantiles_ns([0.0001])[0]


def test_a_check_is_an_outcome_with_what_was_wrong_and_its_bytes(lab):
    def checked(sessions, user):
        answer = yield Send(
            sessions.first, get(), lambda one: None if user % 2 else f"not {one.body.decode()} for {user}"
        )
        if answer.outcome != "ok":
            raise Aborted

    done = lab.drive(lab.start(lab.always(lab.ok(b"liked"))), OPEN, sessions=scripted(checked))
    assert done.outcomes == {"ok": 10, "check": 10}
    assert done.seconds[-1].sessions == (20, 10, 10)
    assert "not liked for 0" in done.details
    sizes = {}
    for one in done.slices:
        sizes[one.outcome] = sizes.get(one.outcome, 0) + one.bytes_in
    assert sizes == {"ok": 10 * len(lab.ok(b"liked")), "check": 10 * len(lab.ok(b"liked"))}


def test_a_check_that_breaks_is_told_and_breaks_nothing_else(lab):
    def checked(sessions, _user):
        yield Send(sessions.first, get(), lambda one: json.loads(one.body)["missing"])

    done = lab.drive(lab.start(lab.always(lab.ok(b"{}"))), OPEN, sessions=scripted(checked))
    assert done.outcomes == {"check": 20}
    assert "the check itself failed: KeyError: 'missing'" in done.details


def test_a_session_that_raises_ends_alone_and_is_told(lab):
    def broken(sessions, user):
        yield Send(sessions.first, get())
        if user == 3:
            raise ValueError("no such thing")

    done = lab.drive(lab.start(lab.always(lab.ok())), OPEN, sessions=scripted(broken))
    assert done.outcomes == {"ok": 20}
    assert done.seconds[-1].sessions == (20, 19, 1)
    assert "ValueError: no such thing" in done.details


def test_failures_are_told_to_the_session_which_may_go_on(lab):
    told = []

    def stubborn(sessions, _user):
        for _ in range(3):
            answer = yield Send(sessions.first, get())
            told.append((answer.status, answer.outcome))

    async def handler(reader, writer):
        await lab.read_request(reader)
        writer.close()

    done = lab.drive(lab.start(handler), Constant(20, 0.2), sessions=scripted(stubborn))
    assert set(done.outcomes) == {"reset"}
    assert set(told) == {(0, "reset")}
    assert done.outcomes["reset"] == done.engine.scheduled == len(told)


def test_a_dead_subject_is_not_hammered_by_users_in_turn(lab):
    def one(sessions, _user):
        answer = yield Send(sessions.first, get())
        if answer.outcome != "ok":
            raise Aborted

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        done = lab.drive(probe.getsockname()[1], Closed(0.5), connections=4, sessions=scripted(one))
    assert set(done.outcomes) == {"refused"}
    assert done.outcomes["refused"] <= 40


def test_sessions_without_a_request_do_not_spin(lab):
    def idle(_sessions, _user):
        return
        yield

    done = lab.drive(lab.start(lab.always(lab.ok())), Closed(0.3), connections=2, sessions=scripted(idle))
    assert done.outcomes == {}
    begun, completed, _ = done.seconds[-1].sessions
    assert 2 < begun == completed < 100


def test_when_nothing_is_left_to_begin_the_run_ends_with_the_last_session(lab):
    handler, _ = counted(lab)
    for shape in (Constant(100, 30), Closed(30)):
        done = lab.drive(lab.start(handler), shape, sessions=scripted(two_in_turn, most=7))
        assert operations(done) == {("first", "ok"): 7, ("second", "ok"): 7}
        assert done.seconds[-1].sessions == (7, 7, 0)
        assert done.engine._traffic.spent


def test_a_server_that_never_answers_is_a_timeout_and_the_session_hears_it(lab):
    heard = []

    def one(sessions, _user):
        answer = yield Send(sessions.first, get())
        heard.append(answer.outcome)

    async def handler(reader, _writer):
        await reader.read()

    done = lab.drive(lab.start(handler), Constant(50, 0.2), connections=10, timeout_s=0.3, sessions=scripted(one))
    assert done.outcomes == {"timeout": 10}
    assert heard == ["timeout"] * 10
    assert done.seconds[-1].sessions == (10, 10, 0)


def test_what_never_got_a_connection_is_unfinished_not_forgotten(lab):
    def one(sessions, _user):
        yield Send(sessions.first, get())

    async def handler(reader, _writer):
        await reader.read()

    done = lab.drive(lab.start(handler), OPEN, connections=1, timeout_s=0.3, sessions=scripted(one))
    assert sum(done.outcomes.values()) == done.engine.scheduled == 20
    assert done.engine.unfinished == done.outcomes["unfinished"] >= 17


def test_a_stop_ends_it_at_once(lab):
    def forever(sessions, _user):
        while True:
            yield Send(sessions.first, get())
            yield Pause(0.01)

    again = threading.Event()

    async def counting(reader, writer):
        await lab.read_request(reader)
        writer.write(lab.ok())
        await lab.read_request(reader)  # so the first answer was taken
        again.set()
        writer.write(lab.ok())
        await lab.always(lab.ok())(reader, writer)

    def stop(engine):
        again.wait(60)
        engine.stop()

    done = lab.drive(lab.start(counting), Closed(60), sessions=scripted(forever), during=stop)
    assert set(done.outcomes) == {"ok"}


def test_another_place_has_connections_of_its_own_within_the_same_bound(lab):
    here, there = lab.start(lab.always(lab.ok(b"here"))), lab.start(lab.always(lab.ok(b"there")))
    place = Endpoint(socket.AF_INET, ("127.0.0.1", there))
    bodies = []

    def both(sessions, _user):
        bodies.append((yield Send(sessions.first, get())).body)
        bodies.append((yield Send(sessions.second, get(), None, place)).body)

    done = lab.drive(here, LONG, connections=1, sessions=scripted(both, most=20))
    assert operations(done) == {("first", "ok"): 20, ("second", "ok"): 20}
    assert (bodies.count(b"here"), bodies.count(b"there")) == (20, 20)
    assert max(one.open_connections for one in done.seconds) <= 1


def test_over_tls_it_is_the_same(lab, server_tls, client_tls):
    async def handler(reader, writer):
        while True:
            head, _ = await lab.read_request(reader)
            writer.write(lab.ok(head.split()[1] + b"y" * 200_000))
            await writer.drain()

    def two(sessions, _user):
        one = yield Send(sessions.first, get(b"/one"))
        assert one.body[:4] == b"/one"
        two = yield Send(sessions.second, get(b"/two"))
        assert len(two.body) == 200_004

    done = lab.drive(
        lab.start(handler, tls=server_tls), LONG, tls=client_tls, sessions=scripted(two, most=20), timeout_s=10
    )
    assert operations(done) == {("first", "ok"): 20, ("second", "ok"): 20}
    assert done.seconds[-1].sessions == (20, 20, 0)


def test_a_long_request_is_sent_whole(lab):
    got = []

    async def handler(reader, writer):
        while True:
            _, body = await lab.read_request(reader)
            got.append(body)
            writer.write(lab.ok())

    content = bytes(range(256)) * 20_000

    def put(sessions, _user):
        yield Send(
            sessions.first, b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)
        )

    done = lab.drive(lab.start(handler), Constant(10, 0.3), sessions=scripted(put), timeout_s=10)
    assert done.outcomes == {"ok": 3}
    assert got == [content] * 3


def moody(lab, source):
    """A server that answers well, late, badly, or not at all, as chance has it."""
    whims = {
        0: b"",
        1: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        2: lab.ok(b"late"),
        3: lab.ok(b"no", status=b"503 No"),
        4: lab.ok(b"bye", b"Connection: close"),
        5: b"nonsense\r\n\r\n",
    }

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            whim = source.randrange(8)
            if whim == 2:
                await asyncio.sleep(source.choice([0.05, 0.4]))
            writer.write(whims.get(whim, lab.ok(b"fine")))
            await writer.drain()
            if whim in {0, 1, 4}:
                return

    return handler


@pytest.mark.parametrize("shape", [Constant(300, 0.8), Closed(0.8)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_happens_every_request_has_one_outcome_and_its_session_is_told(lab, shape, seed):
    source = random.Random(seed)  # noqa: S311 - whims of a server, no secret
    told = []

    def wander(sessions, _user):
        for _ in range(source.randrange(4)):
            answer = yield Send(sessions.first, get(), lambda one: "late" if one.body == b"late" else None)
            told.append(answer.outcome)
            if source.random() < 0.2:
                raise Aborted
            if source.random() < 0.5:
                yield Pause(source.random() * 0.02)
        if source.random() < 0.05:
            raise ValueError("broken")

    done = lab.drive(lab.start(moody(lab, source)), shape, connections=6, timeout_s=0.3, sessions=scripted(wander))
    outcomes = done.outcomes
    assert sum(outcomes.values()) == done.engine.scheduled
    assert outcomes.get("unfinished", 0) == done.engine.unfinished
    assert Counter(told) == Counter({name: count for name, count in outcomes.items() if name != "unfinished"})
    begun, completed, aborted = done.seconds[-1].sessions
    assert 0 < completed + aborted <= begun
    traffic = done.engine._traffic
    assert traffic.in_flight == traffic.waiting == 0
    assert not traffic.open


# --- what is handed over --------------------------------------------------------------------------------------------


def heard_from(lab, answer, **fields):
    """Return what a session was told of this answer, once."""
    answers = []

    def one(sessions, _user):
        answers.append((yield Send(sessions.first, get())))

    done = lab.drive(lab.start(lab.always(answer)), Constant(10, 0.1), sessions=scripted(one, **fields))
    assert done.engine.scheduled == 1
    return answers[0]


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nT: x\r\n\r\n"


@pytest.mark.parametrize("answer", [CHUNKED, b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nabcde"])
def test_status_headers_and_body_are_handed_over(lab, answer):
    told = heard_from(lab, answer)
    assert (told.status, told.body, told.outcome) == (200, b"abcde", "ok")
    assert (b"A", b"b") in told.headers
    assert 0 < told.due_ns <= told.started_ns <= told.ended_ns


def test_an_answer_that_comes_byte_by_byte_is_the_same(lab):
    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            for place in range(len(CHUNKED)):
                writer.write(CHUNKED[place : place + 1])
                await asyncio.sleep(0)

    answers = []

    def one(sessions, _user):
        answers.append((yield Send(sessions.first, get())))

    lab.drive(lab.start(handler), Constant(10, 0.3), sessions=scripted(one))
    assert [(told.status, told.body) for told in answers] == [(200, b"abcde")] * 3
    assert all((b"A", b"b") in told.headers for told in answers)


@pytest.mark.parametrize("chunked", [False, True])
def test_of_a_long_body_only_the_beginning_is_kept(lab, chunked):
    body = bytes(range(256)) * 2000
    framed = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    told = heard_from(lab, framed if chunked else lab.ok(body), keep_bytes=1000)
    assert told.body == body[:1000]
    assert told.detail == "only the first 1000 of 512000 bytes are kept"


def test_nothing_is_kept_where_nobody_reads(lab):
    told = heard_from(lab, lab.ok(b"x" * 5000), keep_bytes=0)
    assert (told.status, told.body, told.detail) == (200, b"", "")


def gzipped(body):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzipped(b"hello"), b"gzip"),
        (zlib.compress(b"hello"), b"deflate"),
        (zlib.compress(b"hello")[2:-4], b"Deflate"),
        (gzipped(zlib.compress(b"hello")), b"deflate, gzip"),
    ],
)
def test_what_is_packed_is_unpacked(lab, packed, encoding):
    assert heard_from(lab, lab.ok(packed, b"Content-Encoding: " + encoding)).body == b"hello"


def test_a_bomb_unpacks_to_no_more_than_is_kept(lab):
    told = heard_from(lab, lab.ok(gzipped(b"\0" * 50_000_000), b"Content-Encoding: gzip"))
    assert len(told.body) == 1 << 20
    assert "what the body unpacks to" in told.detail


def test_what_cannot_be_unpacked_is_left_and_said(lab):
    told = heard_from(lab, lab.ok(b"plain", b"Content-Encoding: gzip"))
    assert (told.body, told.outcome) == (b"plain", "ok")
    assert "not valid gzip" in told.detail
    assert "'br' is not known" in heard_from(lab, lab.ok(b"plain", b"Content-Encoding: br")).detail
