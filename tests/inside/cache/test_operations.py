from __future__ import annotations

import pytest

from brinell_inside.cache.operations import (
    DELETE,
    GET,
    HIT,
    INSERT,
    LOAD,
    MODIFY,
    READ,
    SCAN,
    UPDATE,
    Operations,
    word,
)  # fmt: skip
from brinell_inside.cache.stamps import StaleRead, Stamps, WrongValue
from brinell_inside.cache.subject import Side, Subject, plain

TABLE = {"key": "k:{key}", "loads": True, "loader_s": 0.0, "set_options": {}}


def made(held=None, **table):
    held = {} if held is None else held
    return held, Operations(Subject(held, {}), Side(None), Stamps("bytes"), {**TABLE, **table})


def do(operations, kind, key, **fields):
    return plain(operations.carry_out(word(kind, key, **fields)))


def test_a_miss_is_loaded_and_then_a_hit():
    held, operations = made()
    assert do(operations, READ, 3, size=250) == GET + LOAD
    assert list(held) == ["k:3"]
    assert len(held["k:3"]) == 250
    assert do(operations, READ, 3) == HIT


def test_a_miss_that_is_not_loaded_stays_one():
    held, operations = made(loads=False)
    assert do(operations, READ, 3) == GET
    assert not held


def test_writes_find_nothing_out():
    held, operations = made()
    assert do(operations, UPDATE, 1) == do(operations, INSERT, 2) == 0
    assert set(held) == {"k:1", "k:2"}
    assert do(operations, DELETE, 1) == 0
    assert do(operations, DELETE, 1) == 0  # of what is not there: KeyError of a mapping is no error
    assert set(held) == {"k:2"}


def test_read_modify_write_reads_first():
    held, operations = made()
    assert do(operations, MODIFY, 5) == GET
    before = held["k:5"]
    assert do(operations, MODIFY, 5) == HIT
    assert held["k:5"] != before


def test_a_scan_is_a_get_of_each():
    _, operations = made()
    do(operations, UPDATE, 11)
    assert do(operations, SCAN, 10, length=3) == HIT + 2 * (GET + LOAD)


def test_a_key_can_be_the_number_itself():
    held, operations = made(key="{key}")
    do(operations, UPDATE, 4)
    assert list(held) == [4]


def test_the_largest_numbers_fit():
    held, operations = made()
    do(operations, UPDATE, (1 << 32) - 1, size=(1 << 20) - 1, length=127)
    assert len(held[f"k:{(1 << 32) - 1}"]) == (1 << 20) - 1


class Forgetful(dict):
    """Deletes nothing."""

    def __delitem__(self, key):
        pass


def test_what_comes_back_is_a_stale_read():
    _, operations = made(Forgetful())
    do(operations, UPDATE, 1)
    do(operations, DELETE, 1)
    with pytest.raises(StaleRead):
        do(operations, READ, 1)


def test_mixed_up_keys_are_wrong_values():
    held, operations = made()
    do(operations, UPDATE, 1)
    held["k:2"] = held["k:1"]
    with pytest.raises(WrongValue):
        do(operations, READ, 2)


def test_options_go_with_every_set():
    class Box(dict):
        def set(self, key, value, ttl):
            self[key] = (ttl, value)

    box = Box()
    operations = Operations(Subject(box, {}), Side(None), Stamps("text"), {**TABLE, "set_options": {"ttl": 9}})
    do(operations, UPDATE, 1)
    assert box["k:1"][0] == 9
