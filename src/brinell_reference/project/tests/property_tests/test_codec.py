from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from noticeboard.cache import codec
from noticeboard.cache.entry import MAX_ID, Entry, Span

ids = st.integers(0, MAX_ID)
entries = st.builds(Entry, st.binary(max_size=200), st.text(max_size=20), st.builds(Span, ids, ids))
keys = st.text(max_size=20)


@given(keys, entries)
def test_entries_come_back(key, entry):
    assert codec.decode(key, codec.encode(key, entry)) == entry


@given(keys, entries, st.data())
def test_any_flipped_bit_is_noticed(key, entry, data):
    content = bytearray(codec.encode(key, entry))
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    assert codec.decode(key, bytes(content)) is None


@given(keys, st.binary(max_size=100))
def test_any_other_bytes_are_no_entry(key, content):
    assert codec.decode(key, content) is None
