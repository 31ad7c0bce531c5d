"""Frames in any pieces, and from a process that says nonsense."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.load.calls.told import LONGEST_BYTES, Frames, Hello, Idle, Outcome, Sample

PRINTABLE = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
ROWS = st.lists(st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 4), min_size=1, max_size=20)
WORDS = st.one_of(
    st.just(Idle()),
    st.builds(Outcome, st.integers(0, 1000), st.text(PRINTABLE, max_size=20)),
    st.builds(Sample, *[st.integers(0, 2**62)] * 4, st.text(PRINTABLE, max_size=50)),
)


def frame(kind, content):
    return struct.pack("=cI", kind, len(content)) + content


def line(**fields):
    return frame(b"L", json.dumps(fields).encode())


def encoded(message):
    if isinstance(message, list):
        return frame(b"B", struct.pack(f"={4 * len(message)}q", *[number for row in message for number in row]))
    fields = {name: getattr(message, name) for name in message.__struct_fields__}
    return line(kind=type(message).__name__.lower(), **fields)


@given(st.lists(st.one_of(ROWS, WORDS), max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_what_was_sent_comes_out_in_any_pieces(messages, sizes):
    data = b"".join(map(encoded, messages))
    frames, found, at = Frames(), [], 0
    while at < len(data):
        size = sizes[at % len(sizes)]
        found += frames.feed(data[at : at + size])
        at += size
    plain = [[tuple(row) for row in one.tolist()] if isinstance(one, np.ndarray) else one for one in found]
    assert plain == messages


def test_kinds_and_keys_that_are_not_known_are_left_out():
    frames = Frames()
    data = line(kind="later", a=1) + line(kind="hello", python="3.8", pid=1, mode="sync", name="a:b", more=2)
    assert frames.feed(data) == [Hello("3.8", 1, "sync", "a:b")]


@pytest.mark.parametrize(
    "data",
    [
        frame(b"X", b""),
        frame(b"L", b"{"),
        frame(b"L", b"[1]"),
        frame(b"L", b'{"kind": "sample", "code": "x"}'),
        frame(b"L", b'{"kind": ["x"]}'),
        frame(b"B", b"123"),
        struct.pack("=cI", b"B", LONGEST_BYTES + 1),
    ],
)
def test_nonsense_is_an_error_and_never_a_number(data):
    with pytest.raises(ValueError, match=r"message|block"):
        Frames().feed(data)
