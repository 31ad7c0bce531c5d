"""Both tiers against the simplest thing that could be right: a dictionary."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from clocks import FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from noticeboard.cache.disk import DiskTier
from noticeboard.cache.entry import Entry, Span
from noticeboard.cache.memory import OVERHEAD_BYTES, MemoryTier
from noticeboard.cache.spans import SpanIndex
from noticeboard.cache.two_tier import TwoTierCache

TTL_S = 10.0
CAPACITY = 5 * (OVERHEAD_BYTES + 4)
keys = st.sampled_from("abcdefgh")
note_ids = st.integers(0, 9)
spans = st.builds(lambda one, other: Span(min(one, other), max(one, other)), note_ids, note_ids)


@given(st.dictionaries(keys, spans), st.data())
def test_a_span_index_finds_what_a_search_finds(wanted, data):
    index = SpanIndex()
    for key, span in wanted.items():
        index.add(key, span)
    for key in data.draw(st.lists(st.sampled_from(sorted(wanted)), unique=True)) if wanted else ():
        index.remove(key, wanted.pop(key))
    for note_id in range(10):
        assert sorted(index.covering(note_id)) == sorted(key for key in wanted if wanted[key].covers(note_id))
    assert len(index) == len(wanted)


class MemoryModel(RuleBasedStateMachine):
    """What the memory tier holds is the newest of what a dictionary would hold, as far as it fits."""

    def __init__(self):
        super().__init__()
        self.clock = FakeClock()
        self.tier = MemoryTier(CAPACITY, self.clock)
        self.model = {}  # in order of use
        self.number = 0

    def forget(self, gone):
        for key in [key for key, held in self.model.items() if gone(*held)]:
            del self.model[key]

    @rule(key=keys, span=spans, size=st.sampled_from([4, 4, 4, 600, 5000]), lasts_s=st.integers(1, 20))
    def put(self, key, span, size, lasts_s):
        self.number += 1
        entry = Entry(self.number.to_bytes(4, "big").ljust(size, b"."), "", span)
        self.tier.put(key, entry, self.clock() + lasts_s)
        self.model.pop(key, None)
        if size + OVERHEAD_BYTES <= CAPACITY:
            self.model[key] = entry, self.clock() + lasts_s
            while sum(len(held.body) + OVERHEAD_BYTES for held, _ in self.model.values()) > CAPACITY:
                del self.model[next(iter(self.model))]

    @rule(key=keys)
    def get(self, key):
        held = self.model.pop(key, None)
        if held is not None and held[1] > self.clock():
            self.model[key] = held
            assert self.tier.get(key) is held[0]
        else:
            assert self.tier.get(key) is None

    @rule(note_id=note_ids)
    def invalidate(self, note_id):
        self.tier.invalidate(note_id)
        self.forget(lambda entry, _: entry.span.covers(note_id))

    @rule(seconds=st.integers(1, 8))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    @invariant()
    def sizes_agree(self):
        assert len(self.tier) == len(self.model)
        assert self.tier.size_bytes == sum(len(held.body) + OVERHEAD_BYTES for held, _ in self.model.values())
        assert self.tier.size_bytes <= CAPACITY


class TwoTierModel(RuleBasedStateMachine):
    """Notes change, processes restart, clocks go on: a read is never older than the last change before it."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="noticeboard-"))
        self.clock = FakeClock()
        self.contents = dict.fromkeys(range(10), 0)
        self.open()

    def open(self, fingerprint="same"):
        memory = MemoryTier(3 * (OVERHEAD_BYTES + 40), self.clock)
        disk = DiskTier(self.folder, 5 * 4096, clock=self.clock, wall=self.clock)
        self.loop.run_until_complete(disk.open(fingerprint, TTL_S))
        self.cache = TwoTierCache(memory, disk, ttl_s=TTL_S, clock=self.clock)

    def body(self, span):
        return repr([self.contents[note_id] for note_id in range(span.low, span.high + 1)]).encode()

    @rule(span=spans)
    def read(self, span):
        async def load():
            return Entry(self.body(span), "", span)

        hit = self.loop.run_until_complete(self.cache.get(f"{span.low}-{span.high}", span, load))
        assert hit.entry.body == self.body(span)
        assert hit.entry.span == span

    @rule(note_id=note_ids)
    def write(self, note_id):
        async def change():
            self.contents[note_id] += 1
            self.cache.invalidate(note_id)

        self.loop.run_until_complete(change())

    @rule(first=spans, note_id=note_ids)
    def write_during_a_load(self, first, note_id):
        async def overtaken():
            begun, let_go = asyncio.Event(), asyncio.Event()

            async def load():
                loaded = Entry(self.body(first), "", first)
                begun.set()
                await let_go.wait()
                return loaded

            reading = asyncio.create_task(self.cache.get(f"{first.low}-{first.high}", first, load))
            loading = asyncio.create_task(begun.wait())
            await asyncio.wait({reading, loading}, return_when=asyncio.FIRST_COMPLETED)
            self.contents[note_id] += 1
            self.cache.invalidate(note_id)
            let_go.set()
            loading.cancel()
            await reading

        self.loop.run_until_complete(overtaken())

    @rule(seconds=st.integers(1, 8))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    @rule(clean=st.booleans(), changed=st.booleans(), note_id=note_ids)
    def restart(self, clean, changed, note_id):
        self.loop.run_until_complete(self.cache.disk.close("same" if clean else None, 60.0))
        if changed:
            self.contents[note_id] += 1
        self.open("another" if changed else "same")

    @precondition(lambda self: len(self.cache.disk))
    @rule(data=st.data())
    def damage(self, data):
        async def settled():
            await self.cache.disk._worker.submit(lambda: None)

        self.loop.run_until_complete(settled())
        for path in sorted(self.folder.glob("*/*.entry")):
            if data.draw(st.booleans()):
                path.write_bytes(path.read_bytes()[: data.draw(st.integers(0, 30))])

    @invariant()
    def bounds_hold(self):
        assert self.cache.disk.size_bytes == 4096 * len(self.cache.disk) <= 5 * 4096

    def teardown(self):
        self.loop.run_until_complete(self.cache.disk.close(None, 60.0))
        self.loop.close()
        shutil.rmtree(self.folder)


MemoryModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TwoTierModel.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestMemoryModel = MemoryModel.TestCase
TestTwoTierModel = TwoTierModel.TestCase
