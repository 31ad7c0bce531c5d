from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell_inside.cache.stamps import StaleRead, Stamps, WrongValue


def test_a_value_says_whose_it_is_and_is_as_long_as_asked():
    for form, kind in (("bytes", bytes), ("text", str)):
        stamps = Stamps(form)
        value = stamps.begin(7, 300)
        assert isinstance(value, kind)
        assert len(value) == 300
        stamps.check(7, value, 0)
        with pytest.raises(WrongValue, match="key 7 was read under key 8"):
            stamps.check(8, value, 0)


def test_a_value_is_never_shorter_than_its_stamp():
    stamps = Stamps("bytes")
    value = stamps.begin(123456, 1)
    stamps.check(123456, value, 0)


@pytest.mark.parametrize("foreign", [b"", b"hello", "x" * 200, b"1.2|", b"1.aa.2.3|", bytearray(90)])
def test_what_nobody_wrote_is_wrong(foreign):
    with pytest.raises(WrongValue):
        Stamps("bytes").check(1, foreign, 0)


def test_what_was_deleted_must_not_be_read_by_who_begins_afterwards():
    stamps = Stamps("bytes")
    old = stamps.begin(1, 50)
    stamps.acknowledged(1)
    before = stamps.floor(1)
    stamps.deleted(1, stamps.deleting(1))
    stamps.check(1, old, before)  # it began before the delete was acknowledged
    with pytest.raises(StaleRead, match="deleted before the read began"):
        stamps.check(1, old, stamps.floor(1))
    new = stamps.begin(1, 50)
    stamps.check(1, new, stamps.floor(1))


def test_nothing_is_said_where_a_set_was_under_way():
    stamps = Stamps("bytes")
    pending = stamps.begin(1, 50)  # never acknowledged: it may come through after the delete
    stamps.deleted(1, stamps.deleting(1))
    stamps.check(1, pending, stamps.floor(1))


def test_a_set_that_began_during_the_delete_may_be_read():
    stamps = Stamps("bytes")
    floor = stamps.deleting(1)
    during = stamps.begin(1, 50)
    stamps.acknowledged(1)
    stamps.deleted(1, floor)
    stamps.check(1, during, stamps.floor(1))


def test_what_was_replaced_must_not_be_read_either():
    stamps = Stamps("bytes")
    values = []
    for _ in range(2):
        values.append(stamps.begin(1, 50))
        stamps.acknowledged(1)
    stamps.check(1, values[1], stamps.floor(1))
    with pytest.raises(StaleRead, match="replaced before the read began"):
        stamps.check(1, values[0], stamps.floor(1))


def test_which_of_two_sets_at_once_came_last_nobody_knows():
    stamps = Stamps("bytes")
    first, second = stamps.begin(1, 50), stamps.begin(1, 50)
    stamps.acknowledged(1)
    stamps.acknowledged(1)
    for value in (first, second):
        stamps.check(1, value, stamps.floor(1))


def test_what_is_remembered_does_not_grow_with_the_keys():
    stamps = Stamps("bytes")
    for key in range(50_000):
        stamps.begin(key, 20)
        stamps.acknowledged(key)
        stamps.deleted(key, stamps.deleting(key))
    assert len(stamps._floors) == 1 << 14
    assert not stamps._setting
    assert stamps.floor(49_999) > 0
    assert stamps.floor(1) == 0


def test_values_of_another_process_are_only_compared_by_their_key():
    mine, others = Stamps("bytes"), Stamps("bytes")
    old = others.begin(1, 50)
    for _ in range(5):
        mine.begin(2, 50)
        mine.acknowledged(2)
    mine.deleted(1, mine.deleting(1))
    mine.check(1, old, mine.floor(1))
    with pytest.raises(WrongValue):
        mine.check(3, old, 0)


@given(st.lists(st.tuples(st.sampled_from(["set", "delete", "read"]), st.integers(0, 3)), max_size=60))
def test_a_cache_that_does_as_it_is_told_is_never_accused(steps):
    stamps, held = Stamps("bytes"), {}
    for kind, key in steps:
        if kind == "set":
            held[key] = stamps.begin(key, 30)
            stamps.acknowledged(key)
        elif kind == "delete":
            floor = stamps.deleting(key)
            held.pop(key, None)
            stamps.deleted(key, floor)
        elif key in held:
            stamps.check(key, held[key], stamps.floor(key))


@given(st.lists(st.tuples(st.sampled_from(["set", "delete", "read"]), st.integers(0, 3)), max_size=60))
def test_a_cache_that_never_deletes_is_accused_of_just_what_it_gives_back(steps):
    stamps, held, gone = Stamps("bytes"), {}, set()
    for kind, key in steps:
        if kind == "set":
            held[key] = stamps.begin(key, 30)
            stamps.acknowledged(key)
            gone.discard(key)
        elif kind == "delete":
            stamps.deleted(key, stamps.deleting(key))
            gone.add(key)
        elif key in held and key in gone:
            with pytest.raises(StaleRead):
                stamps.check(key, held[key], stamps.floor(key))
        elif key in held:
            stamps.check(key, held[key], stamps.floor(key))
