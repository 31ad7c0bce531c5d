"""One link and its lanes without a socket: whatever bytes come, every request ends in one word."""

from __future__ import annotations

from types import SimpleNamespace

from hpack import Encoder
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.drivers.http2_lane import Lane
from brinell.load.drivers.http2_link import Link, Pool
from brinell.load.drivers.http2_request import Http2Operation
from brinell.load.engine.connection import IDLE
from brinell.load.engine.recorder import Recorder
from brinell.load.wire import WireOperation


class Host:
    """An engine that only remembers, and never opens anything again."""

    def __init__(self):
        self.poller = SimpleNamespace(handlers={}, change=lambda *_: None)
        self.tls = None
        self.patient, self.urgent = False, set()
        self.told = []

    def answered(self, lane, _ended_ns, outcome, *, keep):
        assert keep
        assert lane.operation is not IDLE
        self.told.append((lane, outcome))
        lane.operation = IDLE

    def failed(self, lane, _ended_ns, outcome, detail):
        assert isinstance(detail, str)
        if lane.operation is not IDLE:
            self.told.append((lane, outcome))
        lane.operation = IDLE


class Elsewhere(Pool):
    """A pool that remembers which lanes were to go to another socket."""

    def __init__(self):
        super().__init__(Lane, 10)
        self.moved = []

    def place(self, lane):
        self.moved.append(lane)


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


blocks = st.lists(
    st.tuples(st.sampled_from([b":status", b"x", b"content-length"]), st.sampled_from([b"200", b"103", b"0", b"9"])),
    max_size=3,
).map(lambda pairs: Encoder().encode([(name, value, True) for name, value in pairs]))
payloads = st.one_of(
    st.binary(max_size=24), blocks, st.just(bytes(8)), st.integers(0, 2**31).map(lambda n: n.to_bytes(4, "big"))
)
frames = st.builds(frame, st.integers(0, 11), st.integers(0, 255), st.sampled_from([0, 1, 1, 3, 5, 2, 99]), payloads)
sane = st.sampled_from(
    [
        frame(1, 5, 1, Encoder().encode([(b":status", b"200", True)])),
        frame(1, 4, 3, Encoder().encode([(b":status", b"404", True)])),
        frame(0, 1, 3, b"hello"),
        frame(0, 0, 5, b"early"),
        frame(3, 0, 1, bytes(4)),
        frame(3, 0, 3, b"\0\0\0\x07"),
        frame(4, 0, 0, b"\0\x03\0\0\0\x01"),
        frame(7, 0, 0, (3).to_bytes(4, "big") + bytes(4)),
        frame(8, 0, 0, b"\0\0\x10\0"),
    ]
)


@given(
    st.lists(st.one_of(sane, sane, sane, frames), max_size=12),
    st.lists(st.integers(0, 10_000), max_size=6),
    st.sampled_from([b"", b"x" * 200_000]),
    st.booleans(),
)
def test_whatever_comes_every_request_ends_once(pieces, places, body, greeted):
    host, pool = Host(), Elsewhere()
    link = Link(host, pool)
    link.fd = 99
    link.send = len
    link.sock = SimpleNamespace(close=lambda: None)
    operation = Http2Operation(WireOperation("op", 1.0, b"POST / HTTP/1.1\r\nHost: h\r\n\r\n" + body), Recorder(0))
    lanes = [Lane(host, pool) for _ in range(3)]
    for lane in lanes:
        lane.operation, lane.attempt = operation, 1
        link.take(lane)
    link._established()
    whole = (frame(4, 0, 0, b"") if greeted else b"") + b"".join(pieces)
    edges = sorted({place % (len(whole) + 1) for place in places})
    for start, end in zip([0, *edges], [*edges, len(whole)], strict=True):
        link.recv = lambda _, data=whole[start:end]: data
        if link.fd >= 0 and end > start:
            link.on_ready(1)
    if link.fd >= 0:
        link.recv = lambda _: b""
        link.on_ready(1)
    ended = [lane for lane, _ in host.told]
    assert len(ended) == len(set(map(id, ended)))
    assert {id(one) for one in lanes} == {id(one) for one in (*ended, *pool.moved)}
    assert len(ended) + len(pool.moved) == len(lanes)
    assert (link.lanes, link.asked, link.uploads, list(link.queue)) == ([], {}, {}, [])
    assert link.fd == -1
    assert {outcome for _, outcome in host.told} <= {"ok", "status-404", "reset", "short-body", "protocol"}


def test_a_request_that_is_due_at_its_send_keeps_its_beginning_when_its_socket_is_gone():
    pool = Elsewhere()
    lane = Lane(Host(), pool)
    operation = Http2Operation(WireOperation("op", 1.0, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"), Recorder(0))
    lane.begin(operation, 0, 0, 5)
    assert pool.moved == [lane]
    assert lane.intended == 5
    assert lane.attempted > 0
