from __future__ import annotations

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, ResponseReceived, StreamEnded
from h2.exceptions import DenialOfServiceError, H2Error, ProtocolError
from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.drivers.http2_machine import BlockDecoder, BlockEncoder, Machine
from brinell.load.drivers.http2_request import parts_of
from brinell.load.drivers.http_answer import LONGEST_HEAD

GET = parts_of(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"http").fields
names = st.sampled_from([b"x-a", b"x-b", b"cookie", b"accept"])
fields = st.lists(st.tuples(names, st.binary(min_size=1, max_size=900).map(bytes.hex).map(str.encode)), max_size=4)
requests = st.lists(fields, min_size=1, max_size=5)


@given(requests, st.lists(st.integers(0, 4), max_size=40), st.lists(st.sampled_from([0, 100, 4096, 9000]), max_size=3))
def test_what_the_encoder_repeats_means_what_it_says(requests, order, sizes):
    """Whatever comes in between, and whenever the peer changes the size of the table."""
    encoder, decoder = BlockEncoder(), Decoder(1 << 20)
    for turn, number in enumerate(order):
        if turn % 13 == 5 and sizes:
            size = sizes.pop()
            encoder.header_table_size = size
            decoder.max_allowed_table_size = max(size, 4096)
        key = number % len(requests)
        encoder.fields, encoder.key = requests[key], key
        assert [tuple(one) for one in decoder.decode(encoder.encode(()), raw=True)] == requests[key]


@given(requests, st.lists(st.integers(0, 4), max_size=40))
def test_what_the_decoder_remembers_is_what_it_would_read(requests, order):
    encoder, decoder = Encoder(), BlockDecoder()
    for number in order:
        headers = [(b":status", b"200"), *requests[number % len(requests)]]
        assert [tuple(one) for one in decoder.decode(encoder.encode(headers), raw=True)] == headers


def test_a_block_that_comes_again_is_encoded_once():
    encoder = BlockEncoder()
    encoder.fields, encoder.key = (*GET, (b"x-a", b"value")), "op"
    first, second, third = (encoder.encode(()) for _ in range(3))
    assert len(first) > len(second)
    assert second is third


def test_a_table_is_never_larger_than_ours_whatever_the_peer_would_allow():
    encoder = BlockEncoder()
    encoder.header_table_size = 2**32 - 1
    assert encoder.header_table_size == 4096


def talking():
    machine = Machine()
    machine.begin()
    server = H2Connection(H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(machine.data_to_send())
    machine.take(server.data_to_send())
    server.receive_data(machine.data_to_send())
    return machine, server


def test_streams_go_on_after_a_goodbye():
    machine, server = talking()
    machine.ask(1, GET, None, end=True)
    server.receive_data(machine.data_to_send())
    state = server.state_machine.state
    server.close_connection(ErrorCodes.NO_ERROR, last_stream_id=1)
    server.state_machine.state = state
    server.send_headers(1, [(":status", "200")], end_stream=True)
    kinds = [type(one) for one in machine.take(server.data_to_send())]
    assert kinds == [ConnectionTerminated, ResponseReceived, StreamEnded]


def frame(kind, stream=0, payload=b"", flags=0, length=None):
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


@pytest.mark.parametrize("cut", [1, 5, 9, 100])
def test_a_frame_that_says_it_is_16_mb_long_is_refused_by_its_head(cut):
    machine, _ = talking()
    data = frame(6, payload=bytes(8)) * 3 + frame(0, 1, length=2**24 - 1)
    with pytest.raises(ProtocolError, match="16777215"):
        take_all(machine, [data[at : at + cut] for at in range(0, len(data), cut)])


@pytest.mark.parametrize(
    "one",
    [frame(6, payload=bytes(8)), frame(4), frame(8, payload=b"\0\0\0\1"), frame(200, payload=b"x")],
    ids=["ping", "settings", "window", "unknown"],
)
def test_frames_that_bring_nothing_further_are_bounded(one):
    machine, _ = talking()
    with pytest.raises(ProtocolError, match="no end of an answer"):
        take_all(machine, [one * 1000] * 12)


def test_a_head_that_unpacks_to_more_than_a_head_may_be_is_refused():
    """The bomb of HPACK: one long value in the table, then one byte for each time it is said."""
    machine, _ = talking()
    machine.ask(1, GET, None, end=True)
    encoder = Encoder()
    block = encoder.encode([(b":status", b"200"), (b"x", b"y" * 4000)]) + b"\xbe" * (LONGEST_HEAD // 4000 + 2)
    with pytest.raises(DenialOfServiceError):
        machine.take(frame(1, 1, block, 4))


@pytest.mark.parametrize(
    "headers",
    [
        [(b":status", b"200"), (b"X-Upper", b"a")],
        [(b":status", b"200"), (b"connection", b"close")],
        [(b"server", b"a")],
        [(b":status", b"200"), (b"a", b"b\r\nc")],
        [(b":status", b"200"), (b":path", b"/")],
        [(b":status", b"200"), (b"x", b"1"), (b":status", b"200")],
    ],
)
def test_headers_that_nobody_may_send_are_refused(headers):
    machine, _ = talking()
    machine.ask(1, GET, None, end=True)
    block = Encoder().encode(headers)
    with pytest.raises(H2Error):
        take_all(machine, [frame(1, 1, block, 5)])


def take_all(machine, pieces):
    for piece in pieces:
        for event in machine.take(piece):
            if isinstance(event, ResponseReceived) and b":status" not in dict(event.headers):
                raise ProtocolError("no status: the link says so")
        machine.data_to_send()


def test_chunks_of_our_own_are_joined():
    made = parts_of(
        b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", b"https"
    )
    assert made.body == b"abcd"
    assert made.fields == ((b":method", b"POST"), (b":scheme", b"https"), (b":authority", b"h"), (b":path", b"/x"))
