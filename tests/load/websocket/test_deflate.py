from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from brinell.load.websocket import frames
from brinell.load.websocket.deflate import Deflate, Offer, agreed

terms = st.builds(Offer, st.booleans(), st.booleans(), st.integers(9, 15), st.integers(9, 15))
MOST = 1 << 20


def theirs(terms):
    """Return the server's side of it: another implementation."""
    return PerMessageDeflate(not terms.client_takeover, not terms.server_takeover, terms.client_bits, terms.server_bits)


@given(terms, st.lists(st.binary(max_size=2000) | st.text(max_size=300).map(str.encode), max_size=6))
def test_another_implementation_understands_both_directions(agreement, messages):
    ours, server = Deflate(agreement), theirs(agreement)
    for message in messages:
        packed = Frame(Opcode.BINARY, ours.pack(message), rsv1=True)
        assert bytes(server.decode(packed).data) == message
        back = server.encode(Frame(Opcode.BINARY, message))
        assert ours.inflate(bytes(back.data), MOST) == message


def test_a_context_that_is_taken_over_makes_the_second_message_smaller():
    message = b"".join(bytes((number * 7 % 251,)) for number in range(500))
    kept, fresh = Deflate(Offer()), Deflate(Offer(client_takeover=False))
    assert len(kept.pack(message)) > 3 * len(kept.pack(message))
    assert fresh.pack(message) == fresh.pack(message)
    assert not kept.repeats
    assert Deflate(Offer(server_takeover=False)).repeats


def test_a_bomb_is_refused_before_it_is_unpacked():
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(b"\0" * (64 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < 100_000
    with pytest.raises(frames.FrameError, match="unpacks to more than 1048576") as caught:
        Deflate(Offer()).inflate(bomb[:-4], MOST)
    assert caught.value.code == frames.TOO_BIG


def test_what_does_not_unpack_is_invalid_data():
    with pytest.raises(frames.FrameError, match="does not unpack") as caught:
        Deflate(Offer()).inflate(b"\xff\xff\xff\xff\xff", MOST)
    assert caught.value.code == frames.INVALID_DATA


def packed_head(opcode, size, *, fin=True):
    """Return the head of a frame whose message is compressed."""
    head = frames.server_head(opcode, size)
    return bytes((head[0] & (0xFF if fin else 0x7F) | 0x40,)) + head[1:]


def test_the_reader_unpacks_what_is_marked_and_nothing_else():
    packed = Deflate(Offer()).pack(b"hello hello hello")
    reader = frames.Reader(MOST, Deflate(Offer()).inflate)
    wire = packed_head(frames.TEXT, len(packed)) + packed + frames.server_head(frames.TEXT, 5) + b"plain"
    assert reader.read(wire) == [(frames.TEXT, b"hello hello hello"), (frames.TEXT, b"plain")]


def test_only_the_first_fragment_is_marked():
    packed = Deflate(Offer()).pack(b"hello hello hello")
    first, rest = packed[:4], packed[4:]
    begun = packed_head(frames.TEXT, 4, fin=False) + first
    reader = frames.Reader(MOST, Deflate(Offer()).inflate)
    assert reader.read(begun) == []
    assert reader.read(bytes((0x80, len(rest))) + rest) == [(frames.TEXT, b"hello hello hello")]
    reader = frames.Reader(MOST, Deflate(Offer()).inflate)
    assert reader.read(begun + bytes((0xC0, len(rest))) + rest) == []
    assert reader.error is not None
    assert reader.error.code == frames.PROTOCOL


SAID = {
    "": None,
    "permessage-deflate": Offer(),
    "permessage-deflate; server_no_context_takeover": Offer(server_takeover=False),
    "permessage-deflate; client_no_context_takeover;server_max_window_bits=10": Offer(True, False, 10, 15),
    'permessage-deflate; client_max_window_bits="12"': Offer(client_bits=12),
}


@pytest.mark.parametrize(("said", "result"), SAID.items())
def test_what_a_server_may_make_of_the_offer(said, result):
    assert agreed(Offer(), said) == result


REFUSED = [
    "x-webkit-deflate-frame",
    "permessage-deflate, permessage-deflate",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits=16",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; mystery=1",
]


@pytest.mark.parametrize("said", REFUSED)
def test_what_a_server_may_not(said):
    with pytest.raises(ValueError, match=r"the server|between"):
        agreed(Offer(), said)


def test_nothing_was_offered_and_limits_are_kept_to():
    with pytest.raises(ValueError, match="not offered"):
        agreed(None, "permessage-deflate")
    with pytest.raises(ValueError, match="asked not to"):
        agreed(Offer(server_takeover=False), "permessage-deflate")
    with pytest.raises(ValueError, match="server_max_window_bits"):
        agreed(Offer(server_bits=10), "permessage-deflate")
    assert "client_max_window_bits" in Offer().header
    assert Offer(False, False, 10, 12).header == (
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=10; client_max_window_bits=12"
    )
