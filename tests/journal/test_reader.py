"""The evidence on disk and the one in memory behave alike."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.clock import FakeClock
from brinell.core.errors import UsageError
from brinell.core.evidence import MemoryEvidence, observation_id
from brinell.core.observation import RUN, Choice, Collected, Epoch, StepFinished, StepStarted
from brinell.core.plan import Plan
from brinell.journal.reader import PLAN_FILE, read
from brinell.journal.store import Journal

PLAN = Plan(name="p", root=".", steps=())

attempts = st.lists(
    st.tuples(st.sampled_from(["suite", "load:a", "load:b"]), st.lists(st.text(max_size=5), max_size=3), st.booleans()),
    max_size=8,
)


def records_of(plan):
    for step, texts, finished in plan:
        yield step, StepStarted(step)
        for text in texts:
            yield step, Choice(text, "r")
        yield step, Collected(len(texts), 0, 0.5)
        if finished:
            yield step, StepFinished(step)


@given(attempts)
def test_both_kinds_of_evidence_stream_the_same_records(tmp_path_factory, plan):
    folder = tmp_path_factory.mktemp("run")
    (folder / PLAN_FILE).write_bytes(msgspec.json.encode(PLAN))
    with Journal.create(folder, FakeClock()) as journal:
        for source, record in records_of(plan):
            journal.emit(source, record)
    disk, memory = read(folder), MemoryEvidence(PLAN, [record for _, record in records_of(plan)])
    for kinds in ((), (Choice,), (Choice, Collected), (StepStarted,)):
        for source in (None, "suite", "load:a"):
            on_disk = [e.data for e in disk.envelopes(*kinds, source=source) if not isinstance(e.data, Epoch)]
            assert on_disk == [e.data for e in memory.envelopes(*kinds, source=source)]


def test_an_observation_is_cited_by_source_and_sequence_number(tmp_path):
    (tmp_path / PLAN_FILE).write_bytes(msgspec.json.encode(PLAN))
    with Journal.create(tmp_path, FakeClock()) as journal:
        envelope = journal.emit(RUN, Choice("a", "b"))
    assert observation_id(envelope) == "run#1"


@pytest.mark.parametrize("damage", [None, b"{", b'{"v":1}', b"\xff\xfe"])
def test_a_folder_that_is_no_run_is_a_usage_error(tmp_path, damage):
    if damage is not None:
        (tmp_path / PLAN_FILE).write_bytes(damage)
    with pytest.raises(UsageError):
        read(tmp_path)
