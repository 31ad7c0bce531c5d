"""The HTTP/2 server that does nothing, against another implementation's client: h2's."""

from __future__ import annotations

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.calibration.null_streams import GREETING, PREFACE, Streams

HEADERS = [(":method", "POST"), (":scheme", "https"), (":authority", "x"), (":path", "/")]


class Client:
    """One h2 connection whose bytes go to a conversation, in pieces of ``size``."""

    def __init__(self, size=1 << 20):
        self.streams = Streams(lambda _: True)
        self.size = size
        self.machine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.machine.initiate_connection()

    def ask(self, stream, body=b"", headers=HEADERS):
        self.machine.send_headers(stream, headers, end_stream=not body)
        while body:
            size = min(len(body), 16384, self.machine.local_flow_control_window(stream))
            assert size > 0
            self.machine.send_data(stream, body[:size], end_stream=size == len(body))
            body = body[size:]

    def talk(self):
        data, found = self.machine.data_to_send(), []
        for at in range(0, len(data), self.size):
            answer = self.streams.take(data[at : at + self.size])
            assert answer is not None
            found += self.machine.receive_data(answer)
        return found


def answered(events):
    statuses = {one.stream_id: dict(one.headers)[b":status"] for one in events if hasattr(one, "headers")}
    ended = [one.stream_id for one in events if isinstance(one, h2.events.StreamEnded)]
    assert set(statuses.values()) <= {b"200"}
    assert sorted(statuses) == sorted(ended)
    return ended


@given(sizes=st.lists(st.integers(0, 40_000), max_size=5), piece=st.integers(1, 70_000))
def test_every_whole_request_is_answered_once_however_it_comes(sizes, piece):
    client = Client(max(piece, sum(sizes) // 200))
    client.talk()
    for number, size in enumerate(sizes):
        client.ask(2 * number + 1, b"x" * size)
    assert answered(client.talk()) == [2 * number + 1 for number in range(len(sizes))]
    assert answered(client.talk()) == []


def test_a_request_that_is_not_whole_waits():
    client = Client()
    client.talk()
    client.machine.send_headers(1, HEADERS)
    client.machine.send_data(1, b"x")
    assert answered(client.talk()) == []
    client.machine.end_stream(1)
    assert answered(client.talk()) == [1]


def test_headers_that_go_on_are_one_request():
    client = Client(1000)
    client.talk()
    client.ask(1, headers=[*HEADERS, ("x-long", "y" * 40_000)])
    client.ask(3)
    assert answered(client.talk()) == [1, 3]


def test_settings_and_pings_are_answered():
    client = Client()
    client.machine.ping(b"12345678")
    kinds = [type(one) for one in client.talk()]
    assert h2.events.RemoteSettingsChanged in kinds
    assert h2.events.SettingsAcknowledged in kinds
    assert h2.events.PingAckReceived in kinds


def test_windows_never_shut():
    client = Client()
    client.talk()
    client.machine.send_headers(1, HEADERS)
    assert client.machine.local_flow_control_window(1) > 1 << 30
    stream = Client().streams
    stream.take(PREFACE)
    data = b"\x00\x40\x00\x00\x00\x00\x00\x00\x01" + bytes(16384)
    opened = sum(len(stream.take(data)) for _ in range(70_000))  # more than half of the window
    assert opened == 13


@pytest.mark.parametrize(
    "said", [b"GET / HTTP/1.1\r\n\r\n", PREFACE[:20] + b"XXXX", PREFACE + b"\xff" * 9, PREFACE + b"\0\0\0\7" + bytes(5)]
)
def test_strangers_are_sent_away(said):
    assert Streams(lambda _: True).take(said) is None


def test_its_greeting_is_answered():
    assert Streams(lambda _: True).take(GREETING)
