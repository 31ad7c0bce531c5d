from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brinell.load.websocket.stamps import SIZE, Stamp, Stamps

numbers = st.integers(0, 2**32 - 1)


fields = st.tuples(st.integers(0, 2**16 - 1), numbers, st.integers(0, 2**62), numbers)


@given(numbers, fields, st.binary())
def test_a_stamp_is_found_wherever_it_is(run, written_down, around):
    stamps = Stamps(run)
    written = stamps.write(*written_down)
    assert len(written) == SIZE
    assert written.isalnum()
    assert stamps.find(b"\xff" + written + around) == Stamp(*written_down)


def test_other_runs_and_torn_stamps_are_none():
    written = Stamps(1).write(2, 3, 4)
    assert Stamps(2).find(written) is None
    assert Stamps(1).find(written[:-1]) is None
    assert Stamps(1).find(b"") is None
    assert Stamps(1).find(written[:-1] + b"G") is None
    assert Stamps(1).find(written[:-1] + b"_") is None


def test_being_later_than_can_be_told_is_told_as_much_as_can_be():
    assert Stamps(1).find(Stamps(1).write(0, 0, 0, 10**12)).late_ns == 2**32 - 1
    assert Stamps(1).find(Stamps(1).write(0, 0, 0, -5)).late_ns == 0


@given(st.binary(max_size=100))
def test_anything_can_be_searched(payload):
    assert Stamps(1).find(payload) is None or b"bn00000001" in payload


def test_a_payload_may_hold_the_stamps_of_several_messages():
    stamps = Stamps(7)
    first, second = stamps.write(0, 1, 10), stamps.write(0, 2, 20)
    assert stamps.more(first) == stamps.more(b"nothing") == stamps.more(first + b"," + first) == []
    assert [one.number for one in stamps.more(b"[%b,%b,%b,%b]" % (first, second, first, first[:-1]))] == [2]
