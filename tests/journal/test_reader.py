"""The evidence on disk and the one in memory behave alike."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.clock import FakeClock
from brinell.core.errors import UsageError
from brinell.core.evidence import MemoryEvidence, observation_id
from brinell.core.observation import (
    RUN,
    BaselineRead,
    Choice,
    Collected,
    Epoch,
    Frame,
    Phase,
    Raised,
    RunEnded,
    RunStarted,
    SeenTest,
    ServiceEnded,
    StepFinished,
    StepStarted,
    SuiteEnded,
    SuiteStarted,
)
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.core.verdicts import Exit, Verdict
from brinell.journal.reader import PLAN_FILE, read
from brinell.journal.store import FILE, Journal
from brinell.judge import judge
from brinell.publish import encode

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
def test_attempts_and_the_last_one_are_all_there_is(tmp_path_factory, plan):
    folder = tmp_path_factory.mktemp("run")
    (folder / PLAN_FILE).write_bytes(msgspec.json.encode(PLAN))
    with Journal.create(folder, FakeClock()) as journal:
        for source, record in records_of(plan):
            journal.emit(source, record)
    evidence = read(folder)
    for step in ("suite", "load:a"):
        mine = [record for source, record in records_of(plan) if source == step]
        told = [*evidence.attempts(source=step), *evidence.envelopes(source=step)]
        assert [envelope.data for envelope in told] == mine
        assert [one.data for one in evidence.attempts(Choice, source=step)] == [
            one.data for one in evidence.attempts(source=step) if isinstance(one.data, Choice)
        ]


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


@pytest.mark.parametrize("damage", [None, b"{", b'{"v":1}', b"\xff\xfe", b'{"name":"\xff"}'])
def test_a_folder_that_is_no_run_is_a_usage_error(tmp_path, damage):
    if damage is not None:
        (tmp_path / PLAN_FILE).write_bytes(damage)
    with pytest.raises(UsageError):
        read(tmp_path)


def test_the_id_of_a_run_is_the_name_of_its_folder_when_it_was_made(tmp_path, monkeypatch):
    (tmp_path / PLAN_FILE).write_bytes(msgspec.json.encode(PLAN))
    with Journal.create(tmp_path, FakeClock()) as journal:
        monkeypatch.chdir(tmp_path)
        assert read(Path()).run_id == tmp_path.name
        journal.emit(RUN, RunStarted("d", {}, run_id="20260101T000000Z-shop"))
    assert read(tmp_path).run_id == "20260101T000000Z-shop"


WHOLE = [
    StepStarted("suite"), SuiteStarted(("pytest",), "py", "asked", rootdir="/ü"), Collected(1, 0, 0.1),
    SeenTest("a::b", "failed", {"call": Phase("failed", 0.1)}, chain=(Raised("E", "ü", frames=(Frame("f", "g", 1),)),)),
    SuiteEnded(1, 0.5, None), StepFinished("suite"), ServiceEnded(False, -9, ("gone",)), RunEnded("complete"),
]  # fmt: skip
SUITE = Plan(name="p", root=".", steps=(Step("suite", "suite", SuiteSpec()),))


@given(st.data())
def test_no_damaged_byte_crashes_reading_or_judging(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("run")
    (folder / PLAN_FILE).write_bytes(msgspec.json.encode(SUITE))
    with Journal.create(folder, FakeClock()) as journal:
        journal.emit(RUN, RunStarted("d", {}, run_id="r"))
        for record in WHOLE:
            journal.emit("suite", record)
    whole = bytearray((folder / FILE).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    (folder / FILE).write_bytes(whole)
    try:
        evidence = read(folder)
    except UsageError:
        return  # a digit of the version was hit
    found = judge(evidence)
    assert found.verdict != Verdict.PASS
    assert not evidence.damaged or "journal.damaged" in {finding.id for finding in found.findings}
    encode(found)
    Journal.resume(folder, FakeClock()).close()
    read(folder)


@pytest.mark.parametrize(
    ("then", "now"), [('"kind":"seentest"', '"kind":"seemtest"'), ('"exit_code":2', '"exit_code":7')]
)
def test_a_record_of_no_kind_or_with_an_impossible_exit_code_is_damage(tmp_path, then, now):
    (tmp_path / PLAN_FILE).write_bytes(msgspec.json.encode(SUITE))
    with Journal.create(tmp_path, FakeClock()) as journal:
        journal.emit("suite", SeenTest("a::b", "passed", {}))
        journal.emit(RUN, RunEnded("failed", "why", Exit.USAGE))
    whole = (tmp_path / FILE).read_text()
    assert read(tmp_path).damaged == 0
    assert then in whole
    (tmp_path / FILE).write_text(whole.replace(then, now))
    evidence = read(tmp_path)
    assert evidence.damaged == 1
    assert "journal.damaged" in {finding.id for finding in judge(evidence).findings}


def test_a_line_nested_without_end_is_damage(tmp_path):
    (tmp_path / PLAN_FILE).write_bytes(msgspec.json.encode(SUITE))
    with Journal.create(tmp_path, FakeClock()) as journal:
        journal.emit(RUN, BaselineRead("", {"a": 1}))
    with (tmp_path / FILE).open("r+") as file:
        whole = file.read()
        file.write(whole.splitlines()[-1].replace('"a":1', '"a":' + "[" * 100_000 + "]" * 100_000) + "\n")
    assert (read(tmp_path).damaged, read(tmp_path).baseline) == (1, {"a": 1})
    Journal.resume(tmp_path, FakeClock()).close()
