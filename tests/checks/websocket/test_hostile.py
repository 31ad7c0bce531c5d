"""What is said of bad manners, from records alone."""

from __future__ import annotations

import pytest

from brinell.checks.websocket import websocket
from brinell.core.evidence import MemoryEvidence
from brinell.core.histogram import Histogram
from brinell.core.load_records import LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepFinished, StepStarted
from brinell.core.plan import LoadSpec, Plan, Step, WebSocketSpec
from brinell.core.socket_manners import MANNERS, has_ended, is_tolerated
from brinell.core.socket_records import HostileTried, LimitStock

MS = 1_000_000


def connects(outcome, count):
    times = Histogram()
    for _ in range(count):
        times.record(MS)
    return LoadSlice(0, 0, "connect", outcome, count, times.sparse(), times.sparse(), MS, MS)


def story(changed=None, *, fds=(), last="", refused=0, quiet=("pong", "")):
    """What a subject gave that cuts all of them off, but for ``changed``: outcome and harm by case; to ``last``."""
    usual = dict.fromkeys(MANNERS, ("closed-1002", "")) | {"ping": ("pong", ""), "cut": ("cut-off", "")}
    cases = usual | (changed or {})
    names = list(MANNERS)
    names = names[: names.index(last) + 1] if last else names if quiet[0] == "pong" else []
    records = [
        StepStarted("load:bad"),
        LoadStarted("bad", "closed", "ws://127.0.0.1:1", 0, 300.0, None, 4, 1, 5.0, shape="closed", socket="hostile"),
        connects("ok", 70),
        *([connects("refused", refused)] if refused else []),
        HostileTried("quiet", quiet[0], MS, harm=quiet[1]),
        *(HostileTried(name, cases[name][0], MS, harm=cases[name][1], harmed="reset") for name in names),
        *(LimitStock(moment, 0, 2**25, count) for moment, count in zip(("before", "once", "twice"), fds, strict=False)),
        LoadEnded(70, 70, 0, 2.0),
        StepFinished("load:bad"),
    ]
    spec = LoadSpec(
        name="bad", shape={"kind": "closed", "duration": 300}, driver="websocket", url="ws://127.0.0.1:1",
        connections=4, websocket=WebSocketSpec(mode="hostile"),
    )  # fmt: skip
    part = websocket(MemoryEvidence(Plan(name="p", root=".", steps=(Step("load:bad", "load", spec),)), records))
    return {one.id.removeprefix("websocket.bad."): one for one in part.findings}, part


def test_nobody_was_harmed():
    found, part = story(fds=(9, 10))
    assert {name: one.verdict.value for name, one in found.items()} == {
        "ran": "pass", "hostile_serves": "pass", "hostile_leaks": "pass",
    }  # fmt: skip
    assert part.websocket[0].hostile.leaked_fds == 1
    assert "websocket.bad.hostile" not in part.not_measured
    assert "hostile_leaks" not in story()[0]
    assert "websocket.bad.hostile.leaked_fds" in story()[1].not_measured


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("stopped", "let nobody in any more"),
        ("ended", "ended connections of others"),
        ("mute", "did not answer others"),
    ],
)
def test_harm_is_told_once_however_many_attempts_it_made_fail(harm, words):
    found, _ = story({"unmasked": ("reset", harm)}, last="unmasked", refused=500)
    assert {name for name, one in found.items() if one.verdict.value == "fail"} == {"hostile_serves"}
    serves = found["hostile_serves"]
    assert serves.title.startswith("bad: after a frame without a mask, the subject")
    assert words in serves.title
    assert (serves.required, serves.severity.value) == (True, "P0")


def test_a_first_round_of_descriptors_accuses_nobody():
    assert "hostile_leaks" not in story(fds=(9, 40))[0]
    assert story(fds=(9, 40, 41))[0]["hostile_leaks"].verdict.value == "pass"
    leaks = story(fds=(9, 40, 71))[0]["hostile_leaks"]
    assert (leaks.verdict.value, leaks.required) == ("fail", True)
    assert leaks.title == "bad: bad clients left 31 descriptors open"


def test_tolerance_is_advice_and_a_silent_one_is_told_apart():
    found, part = story({"unmasked": ("went-on", ""), "interleaved": ("silent", ""), "huge": ("silent", "")})
    told = found["hostile_tolerates"]
    assert (told.required, told.title) == (False, "bad: 2 kinds of bad clients were not cut off")
    assert "a message inside another (5.4, 1002): neither ended nor answered any more" in told.detail
    assert "4 EiB" not in told.detail
    assert found["hostile_serves"].verdict.value == "pass"
    assert [one.case for one in part.websocket[0].hostile.cases if one.tolerated] == ["interleaved", "unmasked"]
    assert story({"ping": ("silent", "")})[0]["hostile_ping"].required is False


@pytest.mark.parametrize(
    ("told", "reason", "words"),
    [
        ({"changed": {"unmasked": ("reset", "banned")}, "last": "unmasked"}, "inconclusive", "refuses whoever comes"),
        ({"last": "unmasked"}, "inconclusive", "not tried: close-of-one-byte"),
        ({"changed": {"huge": ("not-made", "")}}, "inconclusive", "not tried: huge"),
        ({"quiet": ("closed-4001", "")}, "not-exercised", "with nobody misbehaving: closed-4001"),
        ({"quiet": ("not-made", "stopped")}, "not-exercised", "with nobody misbehaving: not-made"),
    ],
)
def test_what_could_not_be_seen_is_unknown(told, reason, words):
    serves = story(**told)[0]["hostile_serves"]
    assert (serves.verdict.value, serves.reason.value) == ("unknown", reason)
    assert words in serves.detail


def test_what_counts_as_an_end():
    for case, manner in MANNERS.items():
        assert not is_tolerated(case, "closed-1000") or case == "ping"
        assert not is_tolerated(case, "reset")
        assert is_tolerated(case, "went-on") == (bool(manner.code) or case == "ping")
    assert not is_tolerated("close-code", "passed-on")
    assert is_tolerated("not-utf8", "passed-on")
    assert (has_ended("closed-1005"), has_ended("reset"), has_ended("pong"), has_ended("cut-off")) == (1, 1, 0, 0)
