from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.cache_records import CachePrepared, StaleProbe, Stampede
from brinell.core.hit_rate import BATCH
from brinell.core.key_choice import MOST_BYTES, KeyChoice, Mix, Operations
from brinell.load.cache.gets import Gets
from brinell.load.cache.traffic import CacheTraffic, entries, filling, packed, words
from brinell.load.calls import told
from brinell.load.engine.connection import Connection
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.poller import poller
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.traffic import Means
from brinell_inside.cache import operations as inside
from brinell_inside.cache.users import ENTRY


def codes(*rows):
    """Codes of operations that returned: (kind, gets, hits)."""
    return np.array([kind << 16 | hits << 24 | gets << 32 for kind, gets, hits in rows], dtype=np.int64)


@given(st.integers(0, 5), st.integers(1, 100), st.integers(1, MOST_BYTES), st.integers(0, 2**32 - 1))
def test_an_operation_is_packed_as_the_other_side_reads_it(kind, length, size, key):
    one = Operations(*(np.array([value], dtype=np.int64) for value in (kind, key, size, length)))
    (number,) = packed(one).tolist()
    assert number == inside.word(kind, key, size, length) >= 0


def test_both_sides_agree_on_codes():
    assert (inside.KIND_AT, inside.HITS_AT, inside.GETS_AT, inside.LOADS_AT) == (16, 24, 32, 40)
    assert ENTRY.size == len(entries(np.array([5], dtype=np.int64)))
    assert ENTRY.unpack(entries(np.array([5], dtype=np.int64))) == (0, 5)


def test_gets_are_counted_in_order_and_in_whole_batches():
    seen = Gets()
    seen.add(codes(*[(0, 1, 1)] * 15))
    seen.add(codes(*[(0, 1, 0)] * 10, (1, 0, 0), (3, 10, 7)))
    record = seen.take(2, 9)
    assert (record.worker, record.second, record.gets, record.hits) == (2, 9, 35, 22)
    assert (record.batch, record.batches) == (BATCH, (15,))
    seen.add(codes(*[(0, 1, 0)] * 5))
    assert seen.take(2, 10).batches == (7,)  # what was left waits: five misses, seven hits, three misses, five more
    assert seen.take(2, 11) is None


def test_very_many_gets_make_longer_batches():
    seen = Gets()
    seen.add(codes(*[(3, 100, 60)] * 1000))
    record = seen.take(0, 0)
    assert record.batch == 160
    assert len(record.batches) <= 1000
    assert sum(record.batches) == 60_000


@given(st.lists(st.tuples(st.sampled_from([0, 1, 3]), st.integers(0, 100), st.integers(0, 100)), max_size=50))
def test_nothing_is_lost_between_seconds(rows):
    seen = Gets()
    gets = hits = batched = 0
    for kind, count, most in rows:
        found = min(most, count)
        seen.add(codes((kind, count, found)))
        gets, hits = gets + count, hits + found
        record = seen.take(0, 0)
        batched += sum(record.batches) if record else 0
    assert batched <= hits
    assert hits - batched < BATCH
    assert gets >= hits


class Caller:
    pid = 0
    backlog = 0

    def __init__(self):
        self.handed = []

    def hand_over(self, piece):
        self.handed.append(piece)
        self.backlog = len(self.handed) > 3

    def call(self, *entry):
        self.handed.append(entry)

    def push(self):
        pass


def traffic(*, closed=False):
    means = Means(poller(), Endpoint(0, ()), Recorder(0), Connection, iter(()).__next__)
    choice, mix = KeyChoice(keys=100), Mix(shares={"read": 1.0})
    return CacheTraffic(means, Caller(), "shop:cache", 4, words(choice, mix, 0, 1), closed=closed)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (1 << 32 | 1 << 24, "read hit"),
        (1 << 32, "read miss"),
        (1, "read"),  # timed out: nothing was found out
        (1 << 16, "update"),
        (3 << 16 | 5 << 32 | 2 << 24, "scan"),
        (4 << 16 | 1 << 32, "read-modify-write"),
        (5 << 16, "delete"),
    ],
)
def test_operations_are_recorded_by_what_they_found(code, name):
    assert traffic()._operation(code) == name


def test_scans_are_recorded_together_whatever_they_found():
    several = codes((3, 10, 7), (3, 10, 8), (0, 1, 1), (0, 1, 0), (4, 1, 1), (4, 1, 0))
    assert len(np.unique(traffic()._kinds(several))) == 4


def test_users_in_turn_find_operations_in_the_pipe():
    made = traffic(closed=True)
    made._keep_full()
    assert sum(len(piece) for piece in made._caller.handed) >= 4 * 4096
    assert all(len(piece) <= 4096 for piece in made._caller.handed)


def test_what_was_told_before_the_load_is_told_once():
    made = traffic()
    made.prepared(told.Filled("sync", 10, 9, 0.5, "no disk, password=hunter2hunter2"))
    made.prepared(told.Crowd(100, 3, 0, 7, ""))
    made.prepared(told.Probed("deleted", 20, 100, 1, "", "version 3"))
    made.prepared(told.Prepared(5))
    first = made.take(1, 0)
    assert [type(one) for one in first[:3]] == [CachePrepared, Stampede, StaleProbe]
    assert "hunter2" not in first[0].why
    assert first[1] == Stampede(1, 100, 3, 0, 7)
    assert not [one for one in made.take(1, 1) if isinstance(one, CachePrepared | Stampede | StaleProbe)]


def test_a_cache_is_filled_with_what_would_have_been_asked_for_last():
    pieces = list(filling(KeyChoice(keys=5000), Mix(shares={"read": 1.0}, least_bytes=64, most_bytes=64), 1000))
    rows = [row for piece in pieces for row in ENTRY.iter_unpack(piece)]
    assert rows[-1] == (0, -1)
    words_ = [word for _, word in rows[:-1]]
    assert len({word >> 31 for word in words_}) == len(words_) == 1000
    assert {word & 15 for word in words_} == {1}
    assert {word >> 11 & 0xFFFFF for word in words_} == {64}
    assert max(map(len, pieces)) <= 4096
