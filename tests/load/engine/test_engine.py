"""The engine against real servers on loopback, well-behaved and not."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time

import pytest

from brinell.core.plan import RequestSpec
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant

OPEN = Constant(200, 0.2)  # forty requests


def test_every_request_of_an_open_schedule_is_answered_once(lab):
    port = lab.start(lab.always(lab.ok()))
    done = lab.drive(port, OPEN)
    assert done.outcomes == {"ok": 40}
    assert (done.engine.scheduled, done.engine.unfinished) == (40, 0)
    assert done.response().count == done.service().count == 40
    assert sum(one.scheduled for one in done.seconds) == sum(one.started for one in done.seconds) == 40
    assert sum(sum(one.lag[1]) for one in done.seconds) == 40


def test_a_response_holds_the_lag_and_the_service(lab):
    done = lab.drive(lab.start(lab.always(lab.ok())), OPEN)
    assert done.response().max_ns >= done.service().max_ns
    for one in done.exemplars:
        assert one.due_ns <= one.woken_ns <= one.started_ns <= one.ended_ns


def test_connections_are_opened_when_needed_and_kept(lab):
    met = []

    async def handler(reader, writer):
        met.append(1)
        await lab.always(lab.ok())(reader, writer)

    done = lab.drive(lab.start(handler), Constant(100, 1.0), connections=95)
    assert done.outcomes == {"ok": 100}
    assert 1 <= len(met) < 95


def test_due_requests_wait_for_a_connection_and_count_from_due(lab):
    pause = 0.03

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            await asyncio.sleep(pause)
            writer.write(lab.ok())

    # Two connections can serve at most 67 a second: of 40 requests in 0.2 s the last waits half a second.
    done = lab.drive(lab.start(handler), OPEN, connections=2)
    assert done.outcomes == {"ok": 40}
    assert done.response().max_ns > 19 * pause * 1e9 - 0.2e9
    assert done.service().quantiles_ns([0.5])[0] < done.response().quantiles_ns([0.5])[0]


def test_a_server_that_stops_for_a_while_is_seen_by_every_request_due_meanwhile(lab):
    stalls, met = [], 0

    async def handler(reader, writer):
        nonlocal met
        while True:
            await lab.read_request(reader)
            met += not stalls
            if not stalls and time.monotonic() > begin + 0.2:
                stalls.append(time.monotonic_ns())
                time.sleep(0.5)  # noqa: ASYNC251 - the whole server stands still
                stalls.append(time.monotonic_ns())
            writer.write(lab.ok())

    port = lab.start(handler)
    begin = time.monotonic()
    done = lab.drive(port, Constant(200, 1.0), connections=2)
    stall_ns = stalls[1] - stalls[0]
    assert done.outcomes == {"ok": 200}
    assert done.response().max_ns >= stall_ns
    # With two connections a closed view sees the stall twice; by the schedule it hits every request due in it.
    hit = sum(1 for share in range(1, 200) if done.response().quantiles_ns([share / 200])[0] > 10_000_000)
    assert hit >= 0.8 * min(stall_ns / 1e9 * 200, 200 - met)


def test_a_closed_model_keeps_every_connection_busy_until_the_end(lab):
    here, most = [0], [0]

    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            here[0] += 1
            most[0] = max(most[0], here[0])
            await asyncio.sleep(0.01)
            here[0] -= 1
            writer.write(lab.ok())

    done = lab.drive(lab.start(handler), Closed(0.3), connections=5)
    assert set(done.outcomes) == {"ok"}
    assert most[0] == 5
    assert sum(sum(one.lag[1]) for one in done.seconds) > 0  # the loop's own appointments
    assert done.engine.scheduled == done.outcomes["ok"]


def test_weighted_requests_are_told_apart(lab):
    async def handler(reader, writer):
        while True:
            head, body = await lab.read_request(reader)
            writer.write(lab.ok(body, status=b"201 Created" if head.startswith(b"POST") else b"404 Not Found"))

    done = lab.drive(
        lab.start(handler),
        Constant(400, 0.5),
        RequestSpec(path="/a", name="read", expect=(404,)),
        RequestSpec(path="/b", name="write", method="POST", json={"x": 1}, weight=3),
        RequestSpec(path="/c", name="strict", method="POST", expect=(200,)),
    )
    counts = {(one.operation, one.outcome) for one in done.slices}
    assert counts == {("read", "ok"), ("write", "ok"), ("strict", "status-201")}


@pytest.mark.parametrize("size", [0, 1, 100_000, 3_000_000])
def test_bodies_of_any_size_go_out_and_come_back(lab, size):
    async def handler(reader, writer):
        while True:
            _, body = await lab.read_request(reader)
            writer.write(lab.ok(body))
            await writer.drain()

    done = lab.drive(lab.start(handler), Constant(20, 0.2), RequestSpec(method="POST", body="x" * size))
    assert done.outcomes == {"ok": 4}
    assert sum(one.bytes_in for one in done.slices) >= 4 * size


# --- servers that misbehave -----------------------------------------------------------------------------------------


def after_request(lab, *parts, delay=0.0, reset=False):
    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(delay)
            if reset:
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return

    return handler


def test_a_refused_port(lab):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        done = lab.drive(port, OPEN)
    assert done.outcomes == {"refused": 40}
    assert done.service().count == 0  # nothing was ever sent
    assert all(one.started_ns == 0 for one in done.exemplars)


def test_a_refused_port_is_not_hammered_by_a_closed_model(lab):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        done = lab.drive(probe.getsockname()[1], Closed(0.5), connections=4)
    # Pauses of 10, 20, 40, ... ms: six or seven tries for each of four users.
    assert set(done.outcomes) == {"refused"}
    assert done.outcomes["refused"] <= 40


def test_a_server_that_accepts_and_closes(lab):
    async def handler(_reader, writer):
        writer.close()

    assert lab.drive(lab.start(handler), OPEN).outcomes == {"reset": 40}


def test_a_reset_instead_of_an_answer(lab):
    assert lab.drive(lab.start(after_request(lab, reset=True)), OPEN).outcomes == {"reset": 40}


def test_an_end_inside_the_body(lab):
    done = lab.drive(lab.start(after_request(lab, lab.ok(b"0123456789")[:-3])), OPEN)
    assert done.outcomes == {"short-body": 40}


def test_an_end_inside_the_head(lab):
    assert lab.drive(lab.start(after_request(lab, b"HTTP/1.1 200 OK\r\nContent")), OPEN).outcomes == {"short-body": 40}


def test_garbage(lab):
    done = lab.drive(lab.start(after_request(lab, b"\x16\x03\x01 hello there\r\n\r\n")), OPEN)
    assert done.outcomes == {"protocol": 40}
    assert "not an HTTP/1 answer" in done.details


def test_a_body_longer_than_announced(lab):
    assert lab.drive(lab.start(after_request(lab, lab.ok(b"ab") + b"cd")), OPEN).outcomes == {"protocol": 40}


def test_a_server_that_never_answers_is_a_timeout_at_the_limit(lab):
    async def handler(reader, _writer):
        await reader.read()

    done = lab.drive(lab.start(handler), Constant(100, 0.1), connections=10, timeout_s=0.3)
    assert done.outcomes == {"timeout": 10}
    assert "waiting for the first byte" in done.details
    low, *_ = done.response().quantiles_ns([0.0001])
    assert low >= 0.3e9 * 0.999


def test_a_timeout_in_the_middle_of_an_answer_says_where(lab):
    async def handler(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await reader.read()

    done = lab.drive(lab.start(handler), Constant(50, 0.1), timeout_s=0.3, connections=5)
    assert done.outcomes == {"timeout": 5}
    assert "inside the answer" in done.details


def test_requests_that_never_got_a_connection_are_unfinished_not_forgotten(lab):
    async def handler(reader, _writer):
        await reader.read()

    # One connection, stuck twice until its time-outs; the other eighteen wait in vain.
    done = lab.drive(lab.start(handler), Constant(100, 0.2), connections=1, timeout_s=0.3)
    assert sum(done.outcomes.values()) == done.engine.scheduled == 20
    assert done.engine.unfinished == done.outcomes["unfinished"] >= 17
    assert done.response().quantiles_ns([0.0001])[0] >= 0.3e9 * 0.999


def test_a_slow_drip_is_read_to_its_end(lab):
    async def handler(reader, writer):
        while True:
            await lab.read_request(reader)
            answer = lab.ok(b"0123456789")
            for place in range(len(answer)):
                writer.write(answer[place : place + 1])
                await asyncio.sleep(0.001)

    assert lab.drive(lab.start(handler), Constant(20, 0.2)).outcomes == {"ok": 4}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 70\r\n\r\n",
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
        ),
        b"HTTP/1.1 200 OK\r\nX-Huge: " + b"a" * 60_000 + b"\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
    ],
)
def test_every_framing_that_keeps_the_connection(lab, answer):
    met = []

    async def handler(reader, writer):
        met.append(1)
        await lab.always(answer)(reader, writer)

    done = lab.drive(lab.start(handler), OPEN, connections=2)
    assert done.outcomes == {"ok": 40}
    assert len(met) <= 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    ],
)
def test_a_connection_that_ends_with_its_answer_is_replaced(lab, answer):
    met = []

    async def handler(reader, writer):
        met.append(1)
        await after_request(lab, answer)(reader, writer)

    port = lab.start(handler)
    assert lab.drive(port, OPEN).outcomes == {"ok": 40}
    assert len(met) == 40
    closed = lab.drive(port, Closed(0.2))
    assert set(closed.outcomes) == {"ok"}


def test_head_has_no_body(lab):
    done = lab.drive(
        lab.start(lab.always(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")), OPEN, RequestSpec(method="HEAD")
    )
    assert done.outcomes == {"ok": 40}


def test_an_early_refusal_of_a_long_body_is_an_answer(lab):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(lab.ok(b"", b"Connection: close", status=b"413 Content Too Large"))
        await writer.drain()
        await asyncio.sleep(30)  # whoever closes with bytes unread resets, and the answer may be lost

    done = lab.drive(lab.start(handler), Constant(10, 0.3), RequestSpec(method="POST", body="x" * 20_000_000))
    assert done.outcomes == {"status-413": 3}


def test_an_idle_connection_closed_by_the_server_is_no_error(lab):
    async def handler(reader, writer):
        await lab.read_request(reader)
        writer.write(lab.ok())
        await writer.drain()
        await asyncio.sleep(0.02)

    # A second for an end that the server sends after 20 ms: whoever sends into a closing connection is reset.
    assert lab.drive(lab.start(handler), Constant(1, 2.0)).outcomes == {"ok": 2}


def test_a_server_that_comes_back_is_used_again(lab):
    turned_away = itertools.count()

    async def handler(reader, writer):
        if next(turned_away) < 10:
            return
        await lab.always(lab.ok())(reader, writer)

    done = lab.drive(lab.start(handler), Constant(100, 0.6))
    assert done.outcomes == {"ok": 50, "reset": 10}


def test_a_stop_ends_the_run_and_records_nothing_that_was_cut_off(lab):
    async def handler(reader, _writer):
        await reader.read()

    done = lab.drive(
        lab.start(handler), Constant(100, 60), connections=5, timeout_s=30, during=lambda e: (time.sleep(0.3), e.stop())
    )
    assert done.outcomes == {}
    assert done.engine.unfinished == done.engine.scheduled < 6000


# --- TLS ------------------------------------------------------------------------------------------------------------


def test_tls_with_bodies_larger_than_a_record(lab, server_tls, client_tls):
    async def handler(reader, writer):
        while True:
            _, body = await lab.read_request(reader)
            writer.write(lab.ok(body + b"y" * 200_000))
            await writer.drain()

    port = lab.start(handler, tls=server_tls)
    done = lab.drive(port, Constant(50, 0.2), RequestSpec(method="POST", body="x" * 500_000), tls=client_tls)
    assert done.outcomes == {"ok": 10}


def test_tls_in_a_closed_model(lab, server_tls, client_tls):
    done = lab.drive(lab.start(lab.always(lab.ok()), tls=server_tls), Closed(0.2), tls=client_tls)
    assert set(done.outcomes) == {"ok"}


def test_a_certificate_for_another_name_is_a_tls_error(lab, server_tls, client_tls):
    port = lab.start(lab.always(lab.ok()), tls=server_tls)
    done = lab.drive(port, Constant(50, 0.1), tls=client_tls, tls_name="elsewhere.test")
    assert done.outcomes == {"tls": 5}
    assert "elsewhere.test" in done.details


def test_plain_http_on_the_other_side_is_a_tls_error(lab, client_tls):
    done = lab.drive(
        lab.start(after_request(lab, b"HTTP/1.1 400 Bad\r\n\r\n")),
        Constant(50, 0.1),
        tls=client_tls,
        timeout_s=0.3,
        connections=5,
    )
    assert set(done.outcomes) <= {"tls", "timeout"}


def test_a_server_that_closes_in_the_handshake_is_a_tls_error(lab, client_tls):
    async def handler(reader, _writer):
        await reader.read(1)

    assert lab.drive(lab.start(handler), Constant(50, 0.1), tls=client_tls).outcomes == {"tls": 5}


def test_a_handshake_that_never_ends_is_a_timeout_in_the_handshake(lab, client_tls):
    async def handler(reader, _writer):
        await reader.read()
        await asyncio.sleep(5)

    done = lab.drive(lab.start(handler), Constant(50, 0.1), tls=client_tls, timeout_s=0.3, connections=5)
    assert done.outcomes == {"timeout": 5}
    assert "TLS handshake" in done.details


def test_a_loop_that_begins_late_still_begins_everything(lab):
    port = lab.start(lab.always(lab.ok()))
    done = lab.drive(port, Constant(100, 0.2), late_s=0.5)
    assert done.outcomes == {"ok": 20}
    assert done.response().quantiles_ns([0.01])[0] > 0.2e9  # and the delay is in every response time


def test_what_comes_after_the_end_is_in_no_rate(lab):
    """One connection at 50 answers a second, asked for 200: it works off its backlog for a while after the end."""

    async def slow(reader, writer):
        while True:
            await lab.read_request(reader)
            await asyncio.sleep(0.02)
            writer.write(lab.ok())

    outcome = lab.drive(lab.start(slow), Constant(rate=200, duration=0.5), connections=1)
    sent, completed = outcome.engine.in_span
    answered = outcome.outcomes["ok"]
    assert 0 < completed <= sent <= completed + 1  # the one connection carries one at a time
    assert completed <= 25
    assert answered > completed
    assert outcome.engine.scheduled == 100


def test_a_request_that_was_never_sent_is_not_in_the_rate_of_the_sent(lab):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        engine = lab.drive(nobody.getsockname()[1], Constant(rate=100, duration=0.2)).engine
    assert engine.scheduled == 20
    assert engine.in_span == (0, 0)


def test_a_stop_ends_what_counts_for_the_rates(lab):
    asked = 0

    async def counting(reader, writer):
        nonlocal asked
        while True:
            await lab.read_request(reader)
            asked += 1
            writer.write(lab.ok())

    def stop(engine):
        while asked < 10:  # of four connections: some have had their answers
            time.sleep(0.01)
        engine.stop()

    outcome = lab.drive(lab.start(counting), Constant(rate=200, duration=30), during=stop)
    sent, completed = outcome.engine.in_span
    assert 0 < completed <= sent <= outcome.engine.scheduled < 6000


@pytest.mark.parametrize("shape", [Constant(rate=200, duration=0.4), Closed(duration=0.2)], ids=["open", "closed"])
def test_an_exemplar_tells_the_status_of_its_own_answer(lab, shape):
    """Two kinds of request over one connection: what one was answered is not what the other was."""

    async def two(reader, writer):
        while True:
            head, _ = await lab.read_request(reader)
            writer.write(lab.ok(status=b"503 Busy" if b" /busy " in head else b"200 OK"))

    requests = [RequestSpec(path="/fine"), RequestSpec(path="/busy")]
    done = lab.drive(lab.start(two), shape, *requests, connections=1)
    told = {(one.operation, one.detail) for one in done.exemplars}
    assert told == {("GET /fine", "status 200"), ("GET /busy", "status 503")}
