"""Whole engines against HTTP/2 servers: h2's own state machine on the other side, and nginx where it is."""

from __future__ import annotations

import asyncio
import getpass
import grp
import os
import shutil
import socket
import subprocess
import time
import zlib
from collections import Counter

import pytest
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, SettingsAcknowledged, StreamEnded, StreamReset
from h2.settings import SettingCodes

from brinell.core.errors import UsageError
from brinell.core.plan import RequestSpec
from brinell.load.drivers.http import Http
from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.session import Send
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant

MODELS = [Constant(rate=200, duration=0.4), Closed(duration=0.5)]
models = pytest.mark.parametrize("shape", MODELS, ids=["open", "closed"])
OPEN = Constant(rate=100, duration=0.3)


def drive(lab, handler, shape=OPEN, *requests, tls=None, **fields):
    """Return the outcome of an engine and how many sockets the server saw."""
    sockets = 0

    async def counting(reader, writer):
        nonlocal sockets
        sockets += 1
        await handler(reader, writer)

    server_tls, client_tls = tls or (None, None)
    if server_tls is not None:
        server_tls.set_alpn_protocols(["h2"])
    port = lab.start(counting, tls=server_tls)
    given = {"version": "2", "streams": 4, "connections": 8} | fields
    outcome = lab.drive(port, shape, *requests, tls=client_tls, **given)
    assert sum(outcome.outcomes.values()) == outcome.engine.scheduled
    # Nobody waited longer than the run was: a request of a closed model that was moved or queued has a beginning, too.
    assert max((one.max_response_ns for one in outcome.slices), default=0) < 60e9
    return outcome, sockets


@models
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_requests_share_sockets_and_all_are_counted(lab, shape, secure, server_tls, client_tls):
    outcome, sockets = drive(lab, lab.http2(), shape, tls=(server_tls, client_tls) if secure else None)
    assert set(outcome.outcomes) == {"ok"}
    assert 1 <= sockets <= 2


def test_what_is_sent_is_what_was_asked_for(lab):
    seen = []

    async def looking(machine, event, writer):
        if isinstance(event, RequestReceived):
            seen.append(tuple(event.headers))
        await lab.answer_hello(machine, event, writer)

    request = RequestSpec(method="POST", path="/a?b=c", json={"x": 1}, headers={"X-Token": "t", "Connection": "close"})
    outcome, _ = drive(lab, lab.http2(looking), OPEN, request)
    assert set(outcome.outcomes) == {"ok"}
    assert len(set(seen)) == 1  # the first is encoded, the later ones are repeated
    fields = dict(seen[0])
    assert [name for name, _ in seen[0]][:4] == [b":method", b":scheme", b":authority", b":path"]
    assert (fields[b":method"], fields[b":path"], fields[b":scheme"]) == (b"POST", b"/a?b=c", b"http")
    assert fields[b":authority"].startswith(b"127.0.0.1:")
    assert (fields[b"x-token"], fields[b"content-length"]) == (b"t", b"7")
    assert not {b"connection", b"host"} & set(fields)


def test_operations_and_their_header_blocks_are_not_mixed_up(lab):
    seen = Counter()

    async def looking(machine, event, writer):
        if isinstance(event, RequestReceived):
            fields = dict(event.headers)
            seen[fields[b":path"], fields[b"x-n"]] += 1
        await lab.answer_hello(machine, event, writer)

    # More than the table holds.
    requests = [RequestSpec(path=f"/{n}", headers={"X-N": str(n) * 300}) for n in range(20)]
    outcome, _ = drive(lab, lab.http2(looking), Closed(duration=0.4), *requests, connections=3)
    assert set(outcome.outcomes) == {"ok"}
    assert len(seen) > 10
    assert all(value == path[1:] * 300 for path, value in seen)


@models
def test_a_body_longer_than_every_window_arrives_whole(lab, shape):
    """1 MB against a window of 64 kB: the rest waits for the peer."""
    body = "0123456789" * 100_000
    sizes = Counter()
    got = set()

    async def counting(machine, event, writer):
        if isinstance(event, DataReceived):
            sizes[id(machine), event.stream_id] += len(event.data)
        if isinstance(event, StreamEnded):
            got.add(sizes.pop((id(machine), event.stream_id)))
        await lab.answer_hello(machine, event, writer)

    request = RequestSpec(method="POST", body=body)
    outcome, _ = drive(lab, lab.http2(counting), shape, request, connections=4, timeout_s=10.0)
    assert set(outcome.outcomes) == {"ok"}
    assert got == {len(body)}


def test_an_answer_longer_than_every_window_arrives_whole(lab):
    size = 40_000_000

    async def generous(machine, event, _writer):
        if isinstance(event, StreamEnded):
            machine.send_headers(event.stream_id, [(":status", "200"), ("content-length", str(size))])
            left[machine] = (event.stream_id, size)
        if machine in left:
            stream, more = left[machine]
            while more and (window := min(machine.local_flow_control_window(stream), 16384, more)) > 0:
                machine.send_data(stream, bytes(window), end_stream=window == more)
                more -= window
            left[machine] = (stream, more)

    left = {}
    shape = Constant(rate=10, duration=0.1)
    outcome, _ = drive(lab, lab.http2(generous), shape, connections=1, timeout_s=20.0)
    assert outcome.outcomes == {"ok": 1}
    assert sum(one.bytes_in for one in outcome.slices) >= size


def test_never_more_streams_than_the_server_allows(lab):
    most = 0

    async def slow(machine, event, writer):
        nonlocal most
        if isinstance(event, RequestReceived):
            most = max(most, machine.open_inbound_streams)
            await asyncio.sleep(0.002)
        await lab.answer_hello(machine, event, writer)

    limited = lab.http2(slow, {SettingCodes.MAX_CONCURRENT_STREAMS: 2})
    outcome, sockets = drive(lab, limited, Closed(duration=0.4), streams=8)
    assert set(outcome.outcomes) == {"ok"}
    assert 1 <= most <= 2
    assert sockets == 4


def test_a_limit_that_comes_later_is_kept(lab):
    most = 0
    lowered = kept = False

    async def lowering(machine, event, writer):
        nonlocal most, lowered, kept
        if isinstance(event, StreamEnded) and not lowered:
            lowered = True
            machine.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 1})
        kept = kept or (lowered and isinstance(event, SettingsAcknowledged))
        if isinstance(event, RequestReceived) and kept:
            most = max(most, machine.open_inbound_streams)
        await lab.answer_hello(machine, event, writer)

    outcome, sockets = drive(lab, lab.http2(lowering), Closed(duration=0.6), streams=8)
    assert set(outcome.outcomes) == {"ok"}
    assert (most, sockets) == (1, 1)


def test_a_server_that_says_goodbye_finishes_what_it_began(lab):
    """As nginx does after ``keepalive_requests``: what is above the last stream is sent again, elsewhere."""
    answered = Counter()

    async def leaving(machine, event, writer):
        if not isinstance(event, StreamEnded):
            return
        answered[machine] += 1
        if answered[machine] == 10:
            goodbye(machine, event.stream_id)
        if answered[machine] <= 10:
            await lab.answer_hello(machine, event, writer)

    outcome, sockets = drive(lab, lab.http2(leaving), Closed(duration=0.5))
    assert set(outcome.outcomes) == {"ok"}
    assert sockets > 2


def goodbye(machine, last):
    """Say GOAWAY and go on, which h2 does not do by itself."""
    state = machine.state_machine.state
    machine.close_connection(ErrorCodes.NO_ERROR, last_stream_id=last)
    machine.state_machine.state = state


def test_a_closed_socket_under_resting_lanes_is_replaced(lab):
    """Users of a closed model come back to lanes whose socket went meanwhile."""

    async def leaving(machine, event, writer):
        await lab.answer_hello(machine, event, writer)
        if isinstance(event, StreamEnded) and event.stream_id > 20:
            goodbye(machine, event.stream_id)
            writer.write(machine.data_to_send())
            writer.transport.close()

    outcome, sockets = drive(lab, lab.http2(leaving), Closed(duration=0.4))
    assert set(outcome.outcomes) <= {"ok", "reset"}
    assert sockets > 2
    outcome, _ = drive(
        lab, lab.http2(settings={SettingCodes.MAX_CONCURRENT_STREAMS: 0}), Closed(duration=0.2), timeout_s=0.1
    )
    assert set(outcome.outcomes) == {"timeout"}
    assert "waiting for a stream" in outcome.details


def test_an_answer_without_a_body_may_say_how_long_it_would_be(lab):
    async def unchanged(machine, event, _writer):
        if isinstance(event, RequestReceived):
            machine.send_headers(event.stream_id, [(":status", "304"), ("content-length", "5")], end_stream=True)

    outcome, _ = drive(lab, lab.http2(unchanged))
    assert set(outcome.outcomes) == {"ok"}

    async def empty(machine, event, _writer):
        if isinstance(event, RequestReceived):
            machine.send_headers(event.stream_id, [(":status", "200"), ("content-length", "5")], end_stream=True)

    outcome, _ = drive(lab, lab.http2(empty))
    assert set(outcome.outcomes) == {"short-body"}
    assert "announces 5 bytes" in outcome.details


def test_a_stream_that_is_refused_is_sent_once_more_and_then_counted(lab):
    asked = 0

    async def refusing(machine, event, _writer):
        nonlocal asked
        if isinstance(event, StreamEnded):
            asked += 1
            machine.reset_stream(event.stream_id, ErrorCodes.REFUSED_STREAM)

    outcome, _ = drive(lab, lab.http2(refusing), Constant(rate=50, duration=0.2))
    assert outcome.outcomes == {"reset": 10}
    assert asked == 20
    assert "REFUSED_STREAM" in outcome.details or "refused" in outcome.details


def test_a_stream_that_is_reset_fails_alone(lab):
    async def moody(machine, event, writer):
        if isinstance(event, StreamEnded) and event.stream_id % 4 == 1:
            machine.reset_stream(event.stream_id, ErrorCodes.INTERNAL_ERROR)
        else:
            await lab.answer_hello(machine, event, writer)

    outcome, sockets = drive(lab, lab.http2(moody), OPEN)
    assert set(outcome.outcomes) == {"ok", "reset"}
    assert "INTERNAL_ERROR" in outcome.details
    assert sockets <= 2


def test_a_reset_inside_the_answer_is_a_short_body(lab):
    async def cutting(machine, event, _writer):
        if isinstance(event, StreamEnded):
            machine.send_headers(event.stream_id, [(":status", "200")])
            machine.send_data(event.stream_id, b"half")
            machine.reset_stream(event.stream_id, ErrorCodes.INTERNAL_ERROR)

    outcome, _ = drive(lab, lab.http2(cutting), OPEN)
    assert set(outcome.outcomes) == {"short-body"}


@models
def test_a_request_that_takes_too_long_is_cancelled_and_its_neighbours_are_not(lab, shape):
    cancelled = []

    async def stuck(machine, event, writer):
        if isinstance(event, StreamReset):
            cancelled.append(event.error_code)
        if isinstance(event, StreamEnded) and event.stream_id == 1:
            return
        await lab.answer_hello(machine, event, writer)

    outcome, sockets = drive(lab, lab.http2(stuck), shape, timeout_s=0.8)
    assert set(outcome.outcomes) <= {"ok", "timeout", "unfinished"}
    assert outcome.outcomes["ok"] > outcome.outcomes["timeout"] > 0
    assert set(cancelled) <= {ErrorCodes.CANCEL}  # none where the socket went with its only lane
    assert sockets <= 2


def test_statuses_heads_and_expectations(lab):
    async def missing(machine, event, _writer):
        if isinstance(event, RequestReceived):
            machine.send_headers(event.stream_id, [(":status", "103"), ("link", "</a>")])
            machine.send_headers(event.stream_id, [(":status", "404"), ("content-length", "9")], end_stream=True)

    for request, expected in [
        (RequestSpec(method="HEAD"), "status-404"),
        (RequestSpec(method="HEAD", expect=(404,)), "ok"),
    ]:
        outcome, _ = drive(lab, lab.http2(missing), OPEN, request)
        assert set(outcome.outcomes) == {expected}


def test_a_server_of_http_1_is_told_apart(lab, server_tls, client_tls):
    hello = lab.always(lab.ok())
    outcome, _ = drive(lab, hello, OPEN)
    assert set(outcome.outcomes) <= {"protocol", "reset"}
    port = lab.start(hello, tls=server_tls)  # no ALPN
    outcome = lab.drive(port, OPEN, tls=client_tls, version="2", streams=4)
    assert set(outcome.outcomes) == {"protocol"}
    assert "ALPN" in outcome.details


def test_a_closed_port_and_a_server_that_hangs_up(lab):
    outcome = lab.drive(1, OPEN, version="2", streams=4)
    assert set(outcome.outcomes) == {"refused"}

    async def closing(_reader, _writer):
        return

    outcome, _ = drive(lab, closing, OPEN)
    assert set(outcome.outcomes) == {"reset"}


def test_the_versions_there_are():
    assert type(Http().speaking("1.1")) is Http
    with pytest.raises(UsageError, match=r"1\.1 and 2"):
        Http().speaking("3")


NGINX = """
daemon off;
user {user};
pid "{folder}/pid";
error_log "{folder}/error.log";
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path "{folder}"; proxy_temp_path "{folder}"; fastcgi_temp_path "{folder}";
  uwsgi_temp_path "{folder}"; scgi_temp_path "{folder}";
  server {{
    listen 127.0.0.1:{plain} http2;
    listen 127.0.0.1:{secure} ssl http2;
    ssl_certificate "{cert}";
    ssl_certificate_key "{key}";
    keepalive_requests 40;
    location / {{ return 200 "hello"; }}
    location /file {{ alias "{folder}/file"; }}
  }}
}}
"""


@pytest.fixture
def nginx(tmp_path, certificate, spare_port):
    program = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")  # whose path has that differs
    if program is None:
        pytest.skip("not here: nginx")
    plain, secure = spare_port(), spare_port()
    key, cert = certificate
    (tmp_path / "file").write_bytes(b"x" * 300_000)
    text = NGINX.format(
        user=f"{getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}",
        folder=tmp_path,
        plain=plain,
        secure=secure,
        key=key,
        cert=cert,
    )
    (tmp_path / "conf").write_text(text)
    command = [program, "-p", str(tmp_path), "-c", str(tmp_path / "conf"), "-e", str(tmp_path / "error.log")]
    with subprocess.Popen(command) as server:
        yield plain, secure
        server.terminate()


@models
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_nginx_is_asked_without_a_failure(lab, shape, secure, nginx, client_tls):
    """Also over its goodbyes: it says GOAWAY after every forty requests of a connection."""
    port = nginx[secure]
    _wait_for(port)
    requests = RequestSpec(), RequestSpec(path="/file", weight=0.1), RequestSpec(method="HEAD", path="/file")
    tls = client_tls if secure else None
    outcome = lab.drive(port, shape, *requests, version="2", streams=4, connections=8, tls=tls)
    assert set(outcome.outcomes) == {"ok"}
    assert sum(outcome.outcomes.values()) == outcome.engine.scheduled > 60


def _wait_for(port):
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not listen")


# --- sessions ---------------------------------------------------------------------------------------------------------


class InTurn:
    """Sessions of two requests, the second made of the first's answer."""

    def __init__(self, recorder):
        self.first, self.second = (ExchangeOperation(name, recorder) for name in ("first", "second"))
        self.seen = []

    def begin(self, _user):
        one = yield Send(self.first, b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
        told = dict(one.headers)
        assert (one.status, one.body, told[b"x-is"]) == (200, b"/one", b"this")
        head = b"POST %s-two HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % one.body
        two = yield Send(self.second, head + b"2\r\nab\r\n0\r\n\r\n")
        assert two.body == b"/one-two ab" * 50


@models
def test_sessions_read_answers_of_http_2(lab, shape):
    asked = {}

    async def echoing(machine, event, _writer):
        key = machine, getattr(event, "stream_id", 0)
        if isinstance(event, RequestReceived):
            asked[key] = dict(event.headers)[b":path"], b""
        if isinstance(event, DataReceived):
            asked[key] = asked[key][0], asked[key][1] + event.data
        if isinstance(event, StreamEnded):
            path, body = asked.pop(key)
            headers = [(":status", "200"), ("X-Is", "this")]
            answer = path
            if body:
                answer = zlib.compress((path + b" " + body) * 50)
                headers.append(("content-encoding", "deflate"))
            machine.send_headers(event.stream_id, headers)
            machine.send_data(event.stream_id, answer, end_stream=True)

    outcome, sockets = drive(lab, lab.http2(echoing), shape, sessions=InTurn)
    begun, completed, aborted = outcome.seconds[-1].sessions
    assert set(outcome.outcomes) == {"ok"}
    assert (aborted, outcome.details.count("Error")) == (0, 0)
    assert begun >= completed > 0
    assert sockets <= 2
