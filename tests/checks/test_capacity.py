from __future__ import annotations

import pytest

from brinell.checks.capacity import capacity
from brinell.core.capacity_records import CapacityEnded, CapacityStarted, CapacityStep
from brinell.core.capacity_search import INVALID
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import StepFinished, StepStarted
from brinell.core.plan import CapacitySpec, LoadSpec, Plan, Step
from brinell.core.reason_words import FIXES
from brinell.core.sequential import BROKEN, HELD
from brinell.core.vitals_records import ProbeLook, ProcessLook, Stack, VitalsDetail

LIMITS = {"p95_ms": 200.0, "error_rate": 0.01}
SECOND_NS = 1_000_000_000


def step(number, level, verdict, why="", **more):
    start = number * 10 * SECOND_NS
    held = verdict == HELD
    fields = {
        "took_s": 6.0,
        "started_ns": start,
        "judged_ns": start + SECOND_NS,
        "ended_ns": start + 5 * SECOND_NS,
        "seconds": 4,
        "offered": level,
        "achieved": min(level, 1000.0),
        "requests": int(4 * level),
        "workers": 1,
        "connections": 256,
        "observed": {"p95_ms": 20.0 if held else 900.0},
        "p50_ns": 10_000_000,
        "p95_ns": 20_000_000 if held else 900_000_000,
        "mean_ns": 1e7 if level < 800 else 1e8,
        **more,
    }
    return CapacityStep(number=number, level=level, reason="because", verdict=verdict, why=why, **fields)


def proved(low=950.0, high=990.0):
    rows = [(250, HELD), (500, HELD), (1000, BROKEN), (low, HELD), (high, BROKEN), (high, BROKEN), (low, HELD)]
    rows.append((low, HELD))
    return [
        step(number, level, verdict, "falling behind" * (verdict == BROKEN))
        for number, (level, verdict) in enumerate(rows, 1)
    ]


def judged(steps, ended="found", *, at_least=None, quantity="rate", also=()):
    load = LoadSpec(name="notes", shape={}, url="http://127.0.0.1", thresholds=LIMITS)
    spec = CapacitySpec(name="notes", load=load, at_least=at_least, quantity=quantity)
    plan = Plan(name="shop", root="/x", steps=(Step("capacity:notes", "capacity", spec),))
    started = CapacityStarted(
        "notes", quantity, "http://127.0.0.1", LIMITS, ("p95_ms",), 50, 1e5, 0.05, 10, 300, at_least
    )
    records = [StepStarted("capacity:notes"), started, *also, *steps]
    records += [CapacityEnded(ended)] if ended is not None else []
    return capacity(MemoryEvidence(plan, [*records, StepFinished("capacity:notes")]))


def test_an_answer_that_was_proved_is_a_number_and_passes():
    part = judged(proved())
    (found,), (finding,) = part.capacity, part.findings
    assert (found.low, found.high, found.confirmed, found.ended) == (950, 990, True, "found")
    assert finding.title == "notes: holds 950/s and breaks at 990/s"
    assert (finding.verdict, finding.required) == ("pass", True)
    assert "p95_ms 200, error_rate 0.01 (default)" in finding.detail
    assert "What broke: falling behind" in finding.detail
    assert finding.evidence == ("capacity:notes#1", *(f"capacity:notes#{number}" for number in (5, 6, 7, 8, 9)))


def test_the_steps_stand_in_order_and_follow_one_another():
    (found,) = judged(proved()).capacity
    assert [one.number for one in found.steps] == list(range(1, 9))
    assert [one.at_s for one in found.steps] == [6.0 * number for number in range(8)]
    assert found.steps[2].p95_ms == 900.0
    assert found.took_s == 48.0


def test_the_knee_is_left_out_with_its_reason_where_there_is_none():
    part = judged(proved())
    assert part.capacity[0].knee == 500
    part = judged([step(1, 50, HELD), step(2, 100, BROKEN)], "budget")
    assert part.capacity[0].knee is None
    assert "did not bend" in part.not_measured["capacity.notes.knee"]


@pytest.mark.parametrize(
    ("wanted", "verdict"), [(950, "pass"), (949, "pass"), (990, "fail"), (2000, "fail"), (970, "unknown")]
)
def test_what_is_asked_for_is_a_requirement(wanted, verdict):
    part = judged(proved(), at_least=wanted)
    finding = part.findings[1]
    assert (finding.id, finding.verdict) == ("capacity.notes.at_least", verdict)
    assert f"at least {wanted:,}/s" in finding.title
    assert part.findings[0].verdict == "pass"


@pytest.mark.parametrize("ended", ["budget", "steps", "gone", None])
def test_a_search_that_was_cut_short_proves_nothing_and_tells_what_is_known(ended):
    part = judged(proved()[:5], ended, at_least=100)
    assert part.capacity[0].low == 950
    assert [(finding.verdict, finding.reason) for finding in part.findings] == [("unknown", "inconclusive")] * 2
    assert "was not confirmed" in part.findings[0].detail


def test_a_search_whose_time_was_up_says_how_much_more_it_takes():
    told = judged(proved()[:3], "budget").capacity[0].reason
    assert told.startswith("the time was used up; about 7 more steps would take ")
    assert judged([step(1, 50, HELD)], "budget").capacity[0].reason == "the time was used up"


def test_a_search_that_was_cut_short_after_enough_was_proved_passes_what_was_asked_for():
    steps = [*proved()[:4], step(5, 950, HELD), step(6, 950, HELD)]
    part = judged(steps, "budget", at_least=900)
    assert [finding.verdict for finding in part.findings] == ["unknown", "pass"]


def test_where_the_generator_was_the_limit_the_answer_is_a_lower_bound():
    steps = [step(1, 500, HELD), step(2, 1000, INVALID, "Worker 0 had no idle moment"), step(3, 1000, INVALID, "late")]
    steps += [step(4, 500, HELD), step(5, 500, HELD)]
    part = judged(steps, "generator", at_least=800)
    (found,) = part.capacity
    assert (found.low, found.high) == (500, None)
    assert part.findings[0].title == "notes: holds at least 500/s"
    assert [(finding.verdict, finding.reason) for finding in part.findings] == [("unknown", "invalid")] * 2
    assert part.not_measured["capacity.notes.high"] == "the generator was the limit"
    assert found.limited_by.kind == "generator"


def test_a_subject_that_holds_nothing_fails():
    part = judged([step(1, 50, BROKEN), step(2, 1, BROKEN), step(3, 1, BROKEN)], "nothing")
    assert (part.findings[0].verdict, part.findings[0].title) == ("fail", "notes: not even 1/s held")


def test_a_search_without_a_finished_step_was_not_exercised():
    part = judged([], None)
    assert (part.findings[0].verdict, part.findings[0].reason) == ("unknown", "not-exercised")
    assert part.capacity == ()


def test_without_a_search_there_is_nothing_to_say():
    part = capacity(MemoryEvidence(Plan(name="shop", root="/x", steps=()), []))
    assert part.capacity is None
    assert part.findings == ()


def test_connections_are_told_as_such():
    part = judged(proved(95, 99), quantity="connections")
    assert part.findings[0].title == "notes: holds 95 connections and breaks at 99 connections"


def test_the_reason_is_what_was_full_when_it_broke_and_not_before():
    def looks(number, cores):
        start = number * 10 * SECOND_NS
        return [
            VitalsDetail(start + at * SECOND_NS // 2, (ProcessLook(7, "uvicorn", cores * at / 2, listens=True),))
            for at in range(10)
        ]

    calm = [look for number in (1, 2) for look in looks(number, 0.3)]
    part = judged(proved(), also=[*calm, *looks(3, 0.99), *looks(5, 0.99), *looks(6, 0.99)])
    (found,) = part.capacity
    assert found.limited_by is not None
    assert (found.limited_by.kind, found.limited_by.pid) == ("core", 7)
    assert "capacity.notes.limited_by" not in part.not_measured
    part = judged(proved(), also=[look for number in range(1, 8) for look in looks(number, 0.99)])
    assert part.capacity[0].limited_by is None  # it was as full at half of the load
    assert part.not_measured["capacity.notes.limited_by"]


def test_the_same_records_give_the_same_part():
    assert judged(proved()) == judged(proved())


def test_of_a_subject_that_was_gone_it_is_not_said_that_it_broke():
    part = judged([step(1, 500, HELD), step(2, 1000, BROKEN, "no answers")], "gone")
    assert part.findings[0].title == "notes: held 500/s before the subject was gone, at 1,000/s"
    assert (
        judged([step(1, 500, BROKEN)], "gone")
        .findings[0]
        .title.endswith("held nothing before the subject was gone, at 500/s")
    )


def test_a_subject_that_remembers_an_overload_has_both_of_its_levels_told():
    steps = [step(1, 800, HELD), step(2, 900, HELD), step(3, 1600, BROKEN), step(4, 900, BROKEN), step(5, 800, HELD)]
    steps += [step(6, 1600, BROKEN), step(7, 900, BROKEN), step(8, 800, HELD), step(9, 800, HELD)]
    part = judged(steps, "found")
    (found,) = part.capacity
    assert (found.low, found.high, found.from_below, found.confirmed) == (800, 900, 900, True)
    assert "900/s held only as long as nothing had broken just before" in part.findings[0].detail


def test_connections_that_were_refused_are_a_reason_and_stand_beside_one():
    why = "80 of 100 connections were open (20 status-503)"
    steps = [step(1, 50, HELD), step(2, 100, BROKEN, why), step(3, 100, BROKEN, why), step(4, 50, HELD)]
    part = judged(steps, quantity="connections")
    found = part.capacity[0].limited_by
    assert found is not None
    assert found.kind == "connections"
    assert found.title == "connections refused or closed: 80 of 100 were open (20 status-503)"
    assert "capacity.notes.limited_by" not in part.not_measured
    looks = [
        VitalsDetail(second * SECOND_NS, processes=(ProcessLook(7, "uvicorn", cpu_s=0.99 * second, listens=True),))
        for second in range(20, 27)
    ]
    found = judged(steps, quantity="connections", also=looks).capacity[0].limited_by
    assert found.kind == "core"
    assert any("20 status-503" in line for line in found.also)
    slow = [step(1, 50, HELD), step(2, 100, BROKEN, "80 of 100 connections were open"), step(3, 50, HELD)]
    assert judged(slow, quantity="connections").capacity[0].limited_by is None


def refusing(outcomes, *, why="error_rate", **more):
    """A search in which 100 broke by errors."""
    failed = {"outcomes": outcomes, "requests": 400, **more}
    steps = [step(1, 50, HELD), step(2, 100, BROKEN, why, **failed), step(3, 100, BROKEN, why, **failed)]
    return judged([*steps, step(4, 50, HELD), step(5, 50, HELD)], quantity="connections")


@pytest.mark.parametrize(
    ("outcomes", "how", "detail"),
    [
        ({"refused": 40}, "refused, for 10 % of the requests", "40 of 400 failed: 40 refused"),
        ({"reset": 38, "refused": 2}, "reset or refused, for 10 %", "40 of 400 failed: 38 reset, 2 refused"),
        ({"closed-1013": 30, "timeout": 10}, "closed, for 7.5 %", "30 closed, 10 timed out"),
    ],
)
def test_requests_whose_connections_were_refused_or_reset_say_so(outcomes, how, detail):
    part = refusing(outcomes)
    (found,) = part.capacity
    assert found.limited_by is not None
    assert (found.limited_by.kind, found.limited_by.fix) == ("connections", FIXES["connections"])
    assert found.limited_by.title.startswith(f"connections {how}")
    assert detail in found.steps[1].detail
    assert found.steps[0].detail == ""
    assert f"What broke: error_rate ({found.steps[1].detail})" in part.findings[0].detail


@pytest.mark.parametrize(
    ("outcomes", "title"),
    [
        ({"status-429": 80}, "the subject refuses requests: it answers 20 % with 429 Too Many Requests"),
        (
            {"status-503": 40, "timeout": 1},
            "the subject refuses requests: it answers 10 % with 503 Service Unavailable",
        ),
        ({"status-500": 40}, "the subject fails requests: it answers 10 % with 500 Internal Server Error"),
        ({"status-503": 1}, "the subject refuses requests: it answers 0.25 % with 503 Service Unavailable"),
        ({"status-599": 40}, "the subject fails requests: it answers 10 % with 599"),
    ],
)
def test_requests_that_are_answered_with_a_refusal_say_so(outcomes, title):
    found = refusing(outcomes).capacity[0].limited_by
    assert (found.kind, found.title) == ("errors", title)


def test_what_a_level_broke_by_is_not_what_some_requests_failed_with():
    part = refusing({"refused": 40}, why="p95_ms")
    assert part.capacity[0].limited_by is None
    assert part.capacity[0].steps[1].detail == ""
    assert refusing({"timeout": 40}).capacity[0].limited_by is None
    assert refusing({}).capacity[0].limited_by is None


IDLE = "subscribe (./app.py:9);Listener.next (site-packages/bus/client.py:40);wait (python/asyncio/locks.py:213)"


def idle(number, tasks):
    """A step's looks at clients that wait to be told something."""
    start = number * 10 * SECOND_NS
    stack = Stack("task", IDLE, tasks)
    return [
        ProbeLook(start + at * SECOND_NS, 7, SECOND_NS, looks=9, busy=1, stack_looks=1, stacks=(stack,))
        for at in range(6)
    ]


@pytest.mark.parametrize("of", ["messages", "publishes"])
def test_clients_that_stay_and_wait_to_be_told_something_are_no_dependency(of):
    def search(why, tasks=100, **more):
        steps = [step(1, 50, HELD, of=of), step(2, 100, BROKEN, why, of=of, **more), step(3, 50, HELD, of=of)]
        return judged(steps, quantity="connections", also=[*idle(1, 50), *idle(2, tasks)]).capacity[0].limited_by

    assert search("p95_ms") is None
    assert search("80 of 100 connections were open (20 refused)").kind == "connections"
    assert search("p95_ms", 400).kind == "dependency"  # more than there are clients


def test_where_nothing_held_nobody_knows_what_clients_that_stay_wait_for():
    steps = [step(2, 100, BROKEN, "p95_ms", of="messages"), step(3, 100, BROKEN, "p95_ms", of="messages")]
    assert judged(steps, "nothing", quantity="connections", also=idle(2, 100)).capacity[0].limited_by is None


def test_what_broke_on_a_crowded_machine_says_so():
    def looks(number, busy):
        start = number * 10 * SECOND_NS
        return [
            VitalsDetail(
                start + at * SECOND_NS,
                processes=(ProcessLook(7, "uvicorn", 0.3 * at, listens=True),),
                busy_s=(busy * at, busy * at),
                running=7,
            )
            for at in range(6)
        ]

    also = [look for number in (1, 2, 4) for look in looks(number, 1.0)]
    steps = [step(1, 50, HELD), step(2, 100, BROKEN, "falling behind", generator_cores=0.25), step(3, 50, HELD)]
    part = judged(steps, also=also)
    told = (
        "this machine was crowded: 7.0 tasks wanted its 2 cores, of which the subject had 0.3, the load generator 0.2"
    )
    assert part.capacity[0].steps[1].detail.startswith(told)
    assert part.capacity[0].steps[0].detail == ""  # it held
    assert "falling behind (this machine was crowded" in part.findings[0].detail
    assert judged(steps, also=looks(2, 0.5)).capacity[0].steps[1].detail == ""
