from __future__ import annotations

import pytest

from noticeboard.cache import codec
from noticeboard.cache.entry import MAX_ID, Entry, Span

ENTRY = Entry(b'{"body": 1}', '"tag"', Span(0, MAX_ID))


def test_an_entry_comes_back():
    assert codec.decode("key", codec.encode("key", ENTRY)) == ENTRY
    empty = Entry(b"", "", Span(1, 1))
    assert codec.decode("", codec.encode("", empty)) == empty


def test_an_entry_belongs_to_its_key():
    assert codec.decode("other", codec.encode("key", ENTRY)) is None


@pytest.mark.parametrize("position", [0, 3, 4, 19, 20, 23, 24, -1])
def test_any_changed_byte_is_noticed(position):
    damaged = bytearray(codec.encode("key", ENTRY))
    damaged[position] ^= 1
    assert codec.decode("key", bytes(damaged)) is None


def test_any_missing_or_additional_byte_is_noticed():
    content = codec.encode("key", ENTRY)
    for end in range(len(content)):
        assert codec.decode("key", content[:end]) is None
    assert codec.decode("key", content + b"x") is None


def test_the_format_stays_what_it_is():
    # Files outlive the version that wrote them. A format that has to change gets another magic number.
    assert codec.seal(b"content") == b"NBC1" + bytes.fromhex("c681ff421fbd7af6dc373a7ced20fbeb") + b"content"
    assert codec.encode("key", ENTRY)[20:] == b'\x00\x00\x00\x2a["key", "\\"tag\\"", 0, 9223372036854775806]{"body": 1}'
    assert codec.unseal(codec.seal(b"")) == b""
    assert codec.unseal(b"") is None
