from __future__ import annotations

import os
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from brinell.subject.wire_pipe import MOST_BYTES, LineReader


def reader(data: bytes, most_bytes: int = MOST_BYTES) -> tuple[LineReader, int]:
    read_end, write_end = os.pipe()
    os.write(write_end, data)
    return LineReader(read_end, most_bytes), write_end


def test_lines_come_whole_and_reading_never_blocks():
    lines, write_end = reader(b"one\ntw")
    assert lines.read() == [b"one"]
    assert lines.read() == []
    assert not lines.ended
    os.write(write_end, b"o\n\n")
    assert lines.read() == [b"two", b""]
    os.write(write_end, b"cut off")
    os.close(write_end)
    assert lines.read() == []
    assert lines.ended
    assert lines.dropped == 0
    assert lines.read() == []
    os.close(lines.fileno())


def test_a_line_that_is_too_long_is_dropped_and_counted_and_costs_no_memory():
    lines, write_end = reader(b"ok\n", most_bytes=10)
    for _ in range(3):
        os.write(write_end, b"x" * 8)
        lines.read()
        assert len(lines._rest) <= 10
    os.write(write_end, b"x\nnext\n" + b"y" * 10 + b"\n" + b"z" * 11 + b"\n")
    assert lines.read() == [b"next", b"y" * 10]
    assert lines.dropped == 2
    os.close(write_end)
    os.close(lines.fileno())


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8), st.integers(1, 60))
def test_any_bytes_in_any_pieces_give_the_lines_that_are_not_too_long(data, cuts, most):
    read_end, write_end = os.pipe()
    lines = LineReader(read_end, most)
    found: list[bytes] = []
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    try:
        for start, end in pairwise(edges):
            os.write(write_end, data[start:end])
            found += lines.read()
    finally:
        os.close(write_end)
    found += lines.read()
    os.close(read_end)
    complete = data.split(b"\n")[:-1]
    last = data.split(b"\n")[-1]
    assert found == [line for line in complete if len(line) <= most]
    assert lines.dropped == len([line for line in [*complete, last] if len(line) > most])
    assert lines.ended
