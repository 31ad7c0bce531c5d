"""Framing, against the ``websockets`` library's own state machine in both directions, however the bytes are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from brinell.load.websocket import frames
from brinell.load.websocket.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Reader

LIMIT = 200_000
payloads = st.binary(max_size=300) | st.integers(0, 70_000).map(lambda size: b"x" * size)
texts = st.text(max_size=60).map(str.encode)
control = st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125))


@st.composite
def messages(draw):
    """Return messages, and the bytes a server sends for them: in fragments, with control frames in between."""
    found, wire = [], bytearray()
    for _ in range(draw(st.integers(1, 5))):
        opcode = draw(st.sampled_from([TEXT, BINARY]))
        payload = draw(texts if opcode == TEXT else payloads)
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
        pieces = [payload[low:high] for low, high in itertools.pairwise([0, *cuts, len(payload)])]
        between = []
        for at, piece in enumerate(pieces):
            last = at == len(pieces) - 1
            wire += server_frame(CONTINUATION if at else opcode, piece, fin=last)
            if not last and draw(st.booleans()):
                one = draw(control)
                between.append(one)
                wire += server_frame(*one)
        found += [*between, (opcode, payload)]
    return found, bytes(wire)


def server_frame(opcode, payload, *, fin=True, rsv1=False):
    return Frame(Opcode(opcode), payload, fin=fin, rsv1=rsv1).serialize(mask=False)


def read_in_pieces(data, cuts, limit=LIMIT):
    reader = Reader(limit)
    found = []
    for low, high in itertools.pairwise([0, *sorted(cuts), len(data)]):
        found += reader.read(data[low:high])
    return found, reader


@given(
    st.sampled_from([TEXT, BINARY]), payloads, st.binary(max_size=60), payloads, st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_mould_makes_the_frames_that_are_made_one_by_one(opcode, before, new, behind, key):
    made = frames.mould(opcode, before, len(new), behind)(new, key)
    payload = before + new + behind
    assert made == (frames.server_head(opcode, len(payload)) + payload, frames.frame(opcode, payload, key))


@given(messages(), st.data())
def test_any_split_gives_the_same_messages(made, data):
    expected, wire = made
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=8))
    found, reader = read_in_pieces(wire, cuts)
    assert found == expected
    assert reader.idle
    assert reader.error is None


@given(st.binary(max_size=80), st.data())
def test_any_split_of_anything_comes_to_the_same(wire, data):
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=8))
    (whole, one), (pieces, other) = read_in_pieces(wire, [], 50), read_in_pieces(wire, cuts, 50)
    assert whole == pieces
    assert (one.idle, one.closed) == (other.idle, other.closed)
    assert str(one.error) == str(other.error)


@given(messages())
def test_byte_by_byte_is_a_split_too(made):
    expected, wire = made
    short = wire[:600]
    whole, _ = read_in_pieces(short, [])
    single, _ = read_in_pieces(short, range(len(short)))
    assert single == whole
    assert whole == expected[: len(whole)]


@given(st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), payloads, st.integers(0, 2**32 - 1)), max_size=4))
def test_another_implementation_reads_what_is_sent(sent):
    server = Protocol(Side.SERVER, state=OPEN, max_size=None)
    for opcode, payload, key in sent:
        server.receive_data(frames.frame(opcode, b"text" if opcode == TEXT else payload, key))
    received = [(int(one.opcode), bytes(one.data)) for one in server.events_received()]
    assert received == [(opcode, b"text" if opcode == TEXT else payload) for opcode, payload, _ in sent]
    assert server.parser_exc is None


@given(st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), payloads), max_size=4))
def test_what_another_implementation_sends_is_read(sent):
    server = Protocol(Side.SERVER, state=OPEN, max_size=None)
    for opcode, payload in sent:
        if opcode == TEXT:
            server.send_text(b"text")
        else:
            server.send_binary(payload)
    server.send_ping(b"are you there")
    server.send_close(1001, "going")
    reader = Reader(LIMIT)
    found = [one for data in server.data_to_send() for one in reader.read(data)]
    *expected, ping, close = found
    assert expected == [(opcode, b"text" if opcode == TEXT else payload) for opcode, payload in sent]
    assert ping == (PING, b"are you there")
    assert frames.close_words(close[1]) == (1001, "going")


@given(st.binary(max_size=5000), st.integers(0, 2**32 - 1))
def test_a_mask_is_its_own_inverse(payload, key):
    masked = frames.frame(BINARY, payload, key)[-len(payload) :] if payload else b""
    again = frames.frame(BINARY, masked, key)[-len(payload) :] if payload else b""
    assert again == payload


def test_keys_do_not_repeat_within_a_block():
    found = list(itertools.islice(frames.keys(), 5000))
    assert len(set(found)) > 4990
    assert all(0 <= one < 2**32 for one in found)


THREE_PIECES = b"".join(server_frame(CONTINUATION if at else TEXT, b"x" * 400, fin=False) for at in range(3))
WRONG = {
    "masked": (bytes((0x81, 0x81)) + b"kkkkx", frames.PROTOCOL, "masked"),
    "reserved-bits": (bytes((0xB1, 1)) + b"x", frames.PROTOCOL, "reserved bits"),
    "compressed-unasked": (bytes((0xC1, 1)) + b"x", frames.PROTOCOL, "reserved bits"),
    "reserved-opcode": (bytes((0x83, 0)), frames.PROTOCOL, "opcode 3"),
    "reserved-control": (bytes((0x8B, 0)), frames.PROTOCOL, "opcode 11"),
    "long-ping": (bytes((0x89, 126, 0, 126)), frames.PROTOCOL, "control frame"),
    "ping-in-fragments": (bytes((0x09, 0)), frames.PROTOCOL, "fragments"),
    "continuation-of-nothing": (bytes((0x80, 0)), frames.PROTOCOL, "continuation"),
    "message-in-message": (bytes((0x01, 1)) + b"a" + bytes((0x81, 1)) + b"b", frames.PROTOCOL, "inside another"),
    "2**63": (bytes((0x82, 127)) + (1 << 63).to_bytes(8, "big"), frames.PROTOCOL, "64 bits"),
    "2**62": (bytes((0x82, 127)) + (1 << 62).to_bytes(8, "big"), frames.TOO_BIG, "more than 1000"),
    "too-long": (bytes((0x82, 126)) + (1001).to_bytes(2, "big"), frames.TOO_BIG, "more than 1000"),
    "fragments-too-long": (THREE_PIECES, frames.TOO_BIG, "more than 1000"),
    "not-utf8": (server_frame(TEXT, b"ok\xff"), frames.INVALID_DATA, "UTF-8"),
    "surrogate": (server_frame(TEXT, b"\xed\xa0\x80"), frames.INVALID_DATA, "UTF-8"),
    "cut-character": (server_frame(TEXT, "ä".encode()[:1]), frames.INVALID_DATA, "UTF-8"),
    "close-of-one-byte": (server_frame(CLOSE, b"\x03"), frames.PROTOCOL, "one byte"),
    "close-1006": (server_frame(CLOSE, (1006).to_bytes(2, "big")), frames.PROTOCOL, "1006"),
    "close-0": (server_frame(CLOSE, b"\0\0"), frames.PROTOCOL, "no close code"),
    "close-reason": (server_frame(CLOSE, b"\x03\xe8\xff"), frames.INVALID_DATA, "UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("wire", "code", "words"), WRONG.values(), ids=WRONG)
def test_what_may_not_be_ends_with_its_code(wire, code, words):
    reader = Reader(1000)
    assert reader.read(server_frame(TEXT, b"before") + wire)[0] == (TEXT, b"before")
    assert reader.error is not None
    assert reader.error.code == code
    assert words in str(reader.error)
    assert reader.read(server_frame(TEXT, b"after")) == []


def test_a_character_may_be_cut_between_fragments():
    first, second = "ä".encode()[:1], "ä".encode()[1:]
    reader = Reader(100)
    assert reader.read(server_frame(TEXT, first, fin=False)) == []
    assert reader.read(server_frame(CONTINUATION, second)) == [(TEXT, "ä".encode())]


def test_nothing_is_read_after_a_close():
    reader = Reader(100)
    found = reader.read(server_frame(CLOSE, (4000).to_bytes(2, "big") + b"why") + server_frame(TEXT, b"late"))
    assert [opcode for opcode, _ in found] == [CLOSE]
    assert frames.close_words(found[0][1]) == (4000, "why")
    assert reader.closed


def test_a_refused_length_keeps_nothing():
    before = frames.Held.total
    reader = Reader(1 << 40)
    reader.read(bytes((0x82, 127)) + (1 << 30).to_bytes(8, "big") + b"x" * 1000)
    assert frames.Held.total == before + 1010
    reader.drop()
    assert frames.Held.total == before


def test_all_connections_together_keep_so_much_and_no_more(monkeypatch):
    monkeypatch.setattr(frames, "MOST_HELD", frames.Held.total + 5000)
    readers = [Reader(LIMIT) for _ in range(10)]
    for one in readers:
        one.read(server_frame(BINARY, b"x" * 1000, fin=False))
    errors = [one.error for one in readers]
    assert errors[:4] == [None] * 4
    assert errors[-1] is None or errors[-1].code == frames.TOO_BIG
    assert any(error is not None and error.code == frames.TOO_BIG for error in errors)
    for one in readers:
        one.drop()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_what_a_server_puts_before_a_payload(size):
    payload = b"x" * size
    whole = server_frame(BINARY, payload)
    assert frames.server_head(BINARY, size) + payload == whole
    assert frames.is_single(whole)
    assert not frames.is_single(whole + b"\x81")
    assert not frames.is_single(whole[:-1])
    assert not frames.is_single(server_frame(BINARY, payload, fin=False))
    assert not frames.is_single(server_frame(PONG, b""))


def test_a_reason_is_cut_between_characters():
    payload = frames.close_payload(1000, "ä" * 100)
    assert len(payload) <= 125
    assert frames.close_words(payload) == (1000, "ä" * 61)
    assert frames.close_payload(frames.NO_STATUS) == b""
    assert frames.close_words(b"") == (frames.NO_STATUS, "")


def test_the_bound_of_all_readers_together_holds_while_a_frame_grows(monkeypatch):
    monkeypatch.setattr(frames, "MOST_HELD", frames.Held.total + 5000)
    before, reader = frames.Held.total, frames.Reader(1 << 20)
    assert reader.read(b"\x82\x7f" + (1 << 19).to_bytes(8, "big") + bytes(3000)) == []
    assert reader.read(bytes(3000)) == []
    assert reader.error is not None
    assert reader.error.code == frames.TOO_BIG
    assert frames.Held.total == before
