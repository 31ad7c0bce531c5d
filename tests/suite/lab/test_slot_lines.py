from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.suite.lab.job import Job, Ran, Result
from brinell.suite.lab.slot_lines import Assembly, Begin, End, Finished, Kills, RanLine, decode

KINDS = ["begin", "ran", "changed", "restored", "fixture", "factors", "files", "stopped", "error", "finished", "end"]
FIELDS = [
    "i", "o", "s", "p", "t", "m", "changes", "refused", "source", "unsupported", "changed", "why", "where", "text",
    "job", "how", "status", "seconds", "name", "root",
]  # fmt: skip
TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(["passed", "failed", "\ud800", "\x1b[31m", "a\nb"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
LIKELY = {
    "i": st.integers(-1, 3), "o": st.sampled_from(["passed", "failed", "xpassed", "won"]), "job": st.integers(0, 2),
    "changes": st.lists(st.dictionaries(st.sampled_from(["name", "root", "restorable"]), VALUES), max_size=3),
    "refused": st.lists(TEXT, max_size=3), "unsupported": st.dictionaries(TEXT, TEXT, max_size=3),
    "changed": st.lists(st.tuples(TEXT, TEXT), max_size=3), "s": st.floats(0, 1), "m": TEXT, "text": TEXT,
}  # fmt: skip


@st.composite
def lines(draw):
    kind = draw(st.sampled_from(KINDS) | TEXT)
    names = draw(st.lists(st.sampled_from(FIELDS), max_size=5, unique=True))
    record = {"kind": kind, **{name: draw(LIKELY.get(name, VALUES) | VALUES) for name in names}}
    raw = json.dumps(record, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    return raw if draw(st.booleans()) else raw[: draw(st.integers(0, len(raw)))]


JOB = Job((0, ("mark",), 1))


@given(st.lists(lines() | st.binary(max_size=40), max_size=12), st.sampled_from(["exit", "signal", "deadline", "fork"]))
def test_whatever_is_said_gives_a_result_that_can_be_kept(said, how):
    assembly = Assembly(JOB)
    for raw in said:
        line = decode(raw)
        if line is not None:
            assembly.take(line)
    result = assembly.end(how, 1, 0.5)
    assert {ran.test for ran in result.ran} <= {0, 1}
    assert {test for test, _ in result.changes} <= {0, 1, None}
    assert result.how in ("finished", "left", "signal", "deadline", "fork")
    assert msgspec.json.decode(msgspec.json.encode(result.ran), type=tuple[Ran, ...]) == result.ran
    for part in (result.changes, result.refused, result.unsupported, result.files, result.trouble, result.fixture):
        msgspec.json.encode(part)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xff", b"{", b"[]", b"null", b'{"kind":"no such"}', b'{"kind":"begin"}', b'{"kind":"begin","i":"1"}',
        b'{"kind":"error","text":"\xff"}', b'{"kind":"error","text":"\\ud800"}', b'{"kind":"begin","i":1e400}',
        b'{"kind":"begin","i":' + b"9" * 5000 + b"}", b"[" * 100_000,
        b'{"kind":"changed","changes":[{"name":' + b"[" * 5000,
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_line(raw):
    assert decode(raw) is None


@given(st.integers(0, 1), st.sampled_from(["passed", "failed", "error", "skipped", "xfailed", "xpassed"]))
def test_a_line_of_our_own_is_read(test, outcome):
    raw = json.dumps({"kind": "ran", "i": test, "o": outcome, "s": 0.25}).encode()
    assembly = Assembly(JOB)
    assembly.take(decode(raw))
    (ran,) = assembly.end("exit", 0, 1.0).ran
    assert ran == Ran(test, outcome, 0.25)
    assert ran.failed == (outcome in ("failed", "error"))
    assert decode(b'{"kind":"end","job":3,"how":"signal","status":-9,"seconds":0.5}') == End(3, "signal", -9, 0.5)


@pytest.mark.parametrize(
    ("how", "finished", "word"),
    [
        ("exit", True, "finished"), ("exit", False, "left"), ("signal", True, "signal"), ("signal", False, "signal"),
        ("deadline", False, "deadline"), ("killed", False, "killed"), ("fork", False, "fork"), ("lost", False, "lost"),
    ],
)  # fmt: skip
def test_words_for_the_end(how, finished, word):
    assembly = Assembly(JOB)
    if finished:
        assembly.take(Finished(1))
    result = assembly.end(how, 0, 1.0)
    assert result == Result(JOB, word, 0, 1.0)
    assert result.complete == (word == "finished")


@pytest.mark.parametrize(
    ("how", "outcome", "kind"),
    [
        ("exit", "failed", "left the process"), ("signal", "failed", "killed by a signal"),
        ("deadline", "failed", "ran into its deadline"), ("killed", "passed", "killed"),
    ],
)  # fmt: skip
def test_a_test_that_never_ended_died(how, outcome, kind):
    assembly = Assembly(JOB)
    for line in (Begin(0), RanLine(0, "passed"), Begin(1)):
        assembly.take(line)
    result = assembly.end(how, 3, 1.0)
    assert [ran.test for ran in result.ran] == [0, 1]
    last = result.last()
    assert (last.outcome, last.kind, last.died, last.failed) == (outcome, kind, True, True)
    assert result.failures() == {1}


def test_what_ran_while_a_kill_took_effect_does_not_count():
    assembly = Assembly(JOB)
    for line in (Begin(0), RanLine(0, "passed"), Begin(1), Kills(), RanLine(1, "passed"), Begin(0)):
        assembly.take(line)
    assert assembly.killer == 1
    assert [(ran.test, ran.died) for ran in assembly.end("signal", -9, 0.1).ran] == [(0, False), (1, True)]


def test_a_signal_that_kills_nobody_is_no_death():
    assembly = Assembly(JOB)
    for line in (Begin(0), Kills(), RanLine(0, "passed"), Finished(1)):
        assembly.take(line)
    assert assembly.end("exit", 0, 0.1).ran == (Ran(0, "passed"),)


@pytest.mark.parametrize("how", ["fork", "lost"])
def test_where_no_process_was_nobody_died(how):
    assembly = Assembly(JOB)
    assembly.take(Begin(0))
    assert assembly.end(how, None, 0.0).ran == ()


def test_of_tests_that_are_not_the_jobs_nothing_is_kept():
    assembly = Assembly(JOB)
    for line in (Begin(7), RanLine(-1, "failed"), decode(b'{"kind":"changed","i":9,"changes":[]}')):
        assembly.take(line)
    assert assembly.end("signal", -9, 0.0) == Result(JOB, "signal", -9, 0.0)


def test_a_flood_of_trouble_is_bounded():
    assembly = Assembly(JOB)
    for _ in range(1000):
        assembly.take(decode(b'{"kind":"error","text":"' + b"x" * 10_000 + b'"}'))
    trouble = assembly.end("exit", 0, 0.0).trouble
    assert sum(map(len, trouble)) <= 20 * 4000
