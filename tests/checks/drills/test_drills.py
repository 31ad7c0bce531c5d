"""Records of drills to entries and findings: every rule, with the records that break it and those that do not."""

from __future__ import annotations

import msgspec
import pytest

from brinell.checks.drills import JUDGES, drills
from brinell.core.drill_records import (
    DrillEnded,
    DrillMark,
    DrillStarted,
    Race,
    ServiceLife,
    SlowClients,
    StartTried,
)
from brinell.core.evidence import MemoryEvidence
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepFinished, StepStarted, Vitals
from brinell.core.plan import DrillSpec, LoadSpec, Plan, Step
from brinell.core.verdicts import Reason, Verdict
from brinell.rosters.drills import DRILLS

S = 1_000_000_000
T0 = 100 * S


def plan(kind, rate=100.0, **options):
    whole = msgspec.json.decode(msgspec.json.encode(msgspec.convert(options, DRILLS[kind])))
    load = LoadSpec(name="x", shape={"kind": "constant", "rate": rate, "duration": 1.0})
    return Plan("p", "/p", (Step("drill:x", "drill", DrillSpec("x", kind, load, rate, whole)),))


def judge(kind, *records, rate=100.0, **options):
    part = drills(MemoryEvidence(plan(kind, rate, **options), [StepStarted("drill:x"), *records]))
    (drill,), (finding,) = part.drills, part.findings
    assert (finding.verdict, finding.reason, finding.required) == (drill.verdict, drill.reason, True)
    return drill, part


def failed(drill):
    return {rule.rule for rule in drill.rules if rule.verdict == "fail" and rule.required}


def started(kind):
    return DrillStarted(kind, T0)


def load_started(span_s=20.0, rate=100.0):
    return LoadStarted("x", "open", "http://127.0.0.1:1", T0, span_s, rate, 10, 1, 5.0)


def load_ended(span_s=20.0):
    return LoadEnded(2000, 2000, 0, span_s, planned=2000)


def slices(second, milliseconds=10.0, **outcomes):
    found = [GeneratorSecond(0, second, sum(outcomes.values()), sum(outcomes.values()), 0.01, ((), ()), 0)]
    for outcome, count in outcomes.items():
        histogram = Histogram()
        histogram.record(int(milliseconds * 1e6), count)
        name = outcome.replace("_", "-")
        found.append(LoadSlice(0, second, "GET /", name, count, histogram.sparse(), ((), ()), histogram.max_ns, 0))
    return found


def test_every_drill_has_its_rules():
    assert list(JUDGES) == list(DRILLS)


@pytest.mark.parametrize("kind", DRILLS)
def test_a_drill_that_never_began_is_not_exercised(kind):
    part = drills(MemoryEvidence(plan(kind), []))
    assert [(one.verdict, one.reason) for one in part.drills] == [(Verdict.UNKNOWN, Reason.NOT_EXERCISED)]


def test_why_a_drill_never_began_is_said():
    ended = StepFinished("drill:x", "failed", "the service ended early\nmore")
    part = drills(MemoryEvidence(plan("drain"), [StepStarted("drill:x"), ended]))
    assert part.findings[0].title == "x: it never began: the service ended early"


@pytest.mark.parametrize("kind", DRILLS)
def test_a_drill_that_was_cut_off_is_inconclusive(kind):
    drill, _ = judge(kind, started(kind))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


@pytest.mark.parametrize("kind", DRILLS)
def test_a_drill_that_ended_with_nothing_is_no_pass(kind):
    drill, _ = judge(kind, started(kind), DrillEnded(T0 + S, {}))
    assert drill.verdict is Verdict.UNKNOWN


# --- drain ----------------------------------------------------------------------------------------------------------

GONE = {
    "signal_ns": T0 + 3 * S + 1_000_000, "in_flight": 10, "in_flight_answered": 10, "in_flight_5xx": 0,
    "in_flight_reset": 0, "in_flight_waits": 0, "sockets_why": "",
    "in_flight_announced": 10, "idle": 10, "idle_closed": 10, "idle_reset": 0, "idle_open": 0,
    "idle_closed_s": 0.1, "port_closed_s": 0.05, "exit_s": 0.4, "exit_status": 0, "overdue": False, "left": [],
    "short": "", "sockets": 0, "socket_codes": {}, "sockets_open": 0, "sockets_refused": 0,
}  # fmt: skip


def drained(*after, before=None, lost=0, interrupted=False, options=None, **seen):
    records = [started("drain"), load_started()]
    for second in range(3):
        records += slices(second, **(before or {"ok": 100}))
    records += [one for each in after for one in each]
    records += [load_ended(5.0), DrillEnded(T0 + 5 * S, {**GONE, **seen}, interrupted)]
    return judge("drain", *records, lost=lost, **(options or {}))


def test_a_drain_in_order():
    drill, part = drained(slices(3, ok=30, refused=70), slices(4, refused=100))
    assert (drill.verdict, failed(drill)) == (Verdict.PASS, set())
    assert drill.measured["requests_before"] == 300
    assert (drill.measured["answered_after"], drill.measured["lost"], drill.measured["refused"]) == (30, 0, 170)
    assert part.not_measured == {}


@pytest.mark.parametrize("kind", ["reset", "short_body", "timeout", "protocol", "status_502"])
def test_what_was_sent_and_not_answered_is_lost(kind):
    drill, _ = drained(slices(3, ok=30, **{kind: 2}))
    assert (failed(drill), drill.measured["lost"]) == ({"lost"}, 2)
    assert drained(slices(3, ok=30, **{kind: 2}), lost=2)[0].verdict is Verdict.PASS


def test_what_is_no_loss():
    assert drained(slices(3, ok=30, status_404=2, unfinished=5))[0].verdict is Verdict.PASS
    drill, _ = drained(slices(3, ok=30, status_500=2), before={"ok": 200, "status_500": 1})
    assert drill.verdict is Verdict.PASS  # it said so before, too


def test_requests_in_flight_are_counted_one_by_one():
    drill, _ = drained(slices(3, ok=30), in_flight_answered=7)
    assert (failed(drill), drill.measured["lost"]) == ({"lost"}, 3)
    assert failed(drained(slices(3, ok=30), in_flight_5xx=1)[0]) == {"lost"}


@pytest.mark.parametrize(
    ("seen", "rules"),
    [
        ({"overdue": True, "exit_status": -9}, {"exit"}),
        ({"exit_status": 1}, {"status"}),
        ({"exit_status": -11}, {"status"}),
        ({"left": ["python (pid 7)"]}, {"left"}),
        ({"idle_reset": 3, "idle_closed": 7}, {"idle"}),
        ({"exit_status": -15}, set()),
        ({"exit_status": 143}, set()),
        ({"idle": 0, "idle_closed": 0, "idle_closed_s": None}, set()),
    ],
)
def test_how_it_goes(seen, rules):
    assert failed(drained(slices(3, ok=30), **seen)[0]) == rules


@pytest.mark.parametrize(
    ("codes", "still_open", "rules"),
    [
        ({"1001": 5}, 0, set()),
        ({"1012": 4, "1000": 1}, 0, set()),
        ({"1001": 4, "1006": 1}, 0, {"sockets"}),
        ({"1001": 4}, 1, {"sockets"}),
    ],
)
def test_websockets_end_with_a_close_frame(codes, still_open, rules):
    seen = {"sockets": 5, "socket_codes": codes, "sockets_open": still_open}
    drill, _ = drained(slices(3, ok=30), options={"sockets": 5}, **seen)
    assert failed(drill) == rules
    none, _ = drained(slices(3, ok=30), options={"sockets": 5}, sockets_why="status-404")
    assert none.reason is Reason.NOT_EXERCISED
    assert "only 0 of 5 WebSockets at /ws were open at the signal: status-404" in none.rules[0].says


def test_what_makes_a_drain_worthless():
    broken, _ = drained(slices(3, ok=30), before={"ok": 50, "timeout": 50})
    assert (broken.verdict, broken.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    short, _ = drained(slices(3, ok=30, own_fault=3))
    assert (short.verdict, short.reason) == (Verdict.UNKNOWN, Reason.INVALID)
    never, _ = drained(signal_ns=0)
    assert (never.verdict, never.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_an_interrupted_drill_passes_nothing_and_keeps_what_failed():
    waiting, _ = drained(slices(3, ok=30), interrupted=True, in_flight_answered=6, in_flight_waits=4)
    assert (failed(waiting), waiting.reason) == (set(), Reason.INCONCLUSIVE)
    assert failed(drained(slices(3, ok=30), interrupted=True, in_flight_answered=6, in_flight_waits=3)[0]) == {"lost"}
    assert drained(slices(3, ok=30), interrupted=True)[0].reason is Reason.INCONCLUSIVE
    assert drained(slices(3, ok=30, reset=1), interrupted=True)[0].verdict is Verdict.FAIL


def test_instants_are_on_the_clock_of_the_load():
    drill, _ = judge(
        "drain", started("drain"), load_started(), DrillMark("signal", T0 + 3 * S), DrillEnded(T0 + 4 * S, GONE)
    )
    assert [(one.at_s, one.what) for one in drill.instants] == [(3.0, "signal")]


# --- lifecycle ------------------------------------------------------------------------------------------------------


def lives(*changed, times=8, tried=()):
    found = []
    for number in range(1, times + 1):
        kill = number % 2 == 0
        found.append(ServiceLife(number, "kill" if kill else "stop", T0, 8000, 0.2, "", 0.1, -9 if kill else 0))
    for number, more in changed:
        found[number - 1] = msgspec.structs.replace(found[number - 1], **more)
    usual = [
        StartTried("stale-pid", T0, 8000, "ready", 0.3, files=("app.pid",)),
        StartTried("second", T0, 8000, "ended", 0.5, 1),
        StartTried("at-once", T0, 8000, "ready", 0.3),
        StartTried("at-once-other", T0, 8000, "ended", 0.5, 1),
        StartTried("taken", T0, 8000, "ended", 0.5, 1),
    ]
    told = {one.what: one for one in (*usual, *tried)}
    told["taken"] = msgspec.structs.replace(told["taken"], tail=told["taken"].tail or ("port 8000 is in use",))
    return judge("lifecycle", started("lifecycle"), *found, *told.values(), DrillEnded(T0 + S, {}), times=times)


def test_lives_in_order():
    drill, part = lives()
    assert (drill.verdict, failed(drill), part.not_measured) == (Verdict.PASS, set(), {})
    assert drill.measured["ready_s"] == {"p50": 0.2, "p95": 0.2, "max": 0.2}
    assert [rule for rule in drill.rules if rule.verdict is not Verdict.PASS] == []


NEVER = {"ready_s": None, "exit_s": None, "said": "service.lock is there"}


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        (((3, NEVER),), {"start"}),
        (((1, {"overdue": True}),), {"stop"}),
        (((1, {"exit_status": 1}),), {"status"}),
        (((2, {"exit_status": 1}),), set()),  # that one was killed
        (((5, {"left": ("sleep (pid 9)",)}),), {"orphans"}),
        (((5, {"left": ("sleep (pid 9)",), "held": True}),), {"orphans", "port"}),
        (((4, {"left": ("sleep (pid 9)",)}),), set()),
        (((1, {"files_left": 9, "files": ("db",)}),), set()),  # the first one's are there to stay
        (((3, {"files_left": 1, "files": ("a",)}), (5, {"files_left": 1, "files": ("b",)})), {"files"}),
        (((3, {"files_left": 1, "files": ("a",)}),), set()),
        (tuple((n, {"files_left": 1, "files": ("a",)}) for n in (2, 4, 6, 8)), set()),
    ],
)
def test_what_a_life_may_not(changed, rules):
    assert failed(lives(*changed)[0]) == rules


def test_a_start_after_a_kill_is_told_from_another():
    drill, _ = lives((3, NEVER), (4, NEVER))
    assert (drill.measured["failed_starts"], drill.measured["failed_starts_after_kill"]) == (2, 2)
    drill, _ = lives((4, NEVER))
    assert drill.measured["failed_starts_after_kill"] == 0
    assert "SIGKILL" not in next(rule.says for rule in drill.rules if rule.rule == "start")


@pytest.mark.parametrize(
    ("tried", "rules"),
    [
        (StartTried("second", T0, 8000, "hung", 10.0), {"second-start"}),
        (StartTried("second", T0, 8000, "ended", 0.5, 0), {"second-start"}),
        (StartTried("second", T0, 8000, "ended", 0.5, 1, first_alive=False), {"second-start"}),
        (StartTried("second", T0, 8000, "ready", 0.5), set()),
        (StartTried("taken", T0, 8000, "hung", 10.0), {"port-taken"}),
        (StartTried("taken", T0, 8000, "ended", 0.5, 0), {"port-taken"}),
        (StartTried("taken", T0, 8000, "ready", 0.5), set()),
        (StartTried("taken", T0, 8000, "ended", 0.5, 1, tail=("boom",)), set()),
        (StartTried("at-once-other", T0, 8000, "ready", 0.5), set()),
        (StartTried("at-once-other", T0, 8000, "hung", 9.0), {"at-once"}),
        (StartTried("at-once-other", T0, 8000, "ended", 0.5, 0), {"at-once"}),
        (StartTried("at-once", T0, 8000, "ended", 0.5, 1), {"at-once"}),
        (StartTried("at-once", T0, 8000, "ready", 0.5, first_alive=False), {"at-once"}),
        (StartTried("stale-pid", T0, 8000, "ended", 0.5, 1, files=("app.pid",)), set()),
        (StartTried("stale-pid", T0, 8000, "ready", 0.5, first_alive=False, files=("app.pid",)), {"stale-pid"}),
    ],
)
def test_difficult_starts(tried, rules):
    drill, _ = lives(tried=(tried,))
    assert failed(drill) == rules
    advised = [rule.rule for rule in drill.rules if rule.verdict == "fail" and not rule.required]
    refuses = tried.what == "stale-pid" and tried.state == "ended"
    assert advised == (["port-taken-said"] if tried.tail == ("boom",) else ["stale-pid"] if refuses else [])


def test_the_files_that_a_kill_left_are_named():
    drill, _ = lives((2, {"files_left": 1, "files": ("run/app.lock",)}), (3, NEVER))
    assert "what it left then (run/app.lock)" in next(rule.says for rule in drill.rules if rule.rule == "start")


def test_without_a_known_port_the_difficult_starts_are_not_measured():
    life = ServiceLife(1, "stop", T0, 8000, 0.2, "", 0.1, 0)
    no_file = DrillMark("not-tried", T0, "stale-pid: it leaves no pid file")
    mark = DrillMark("not-tried", T0, "the command names no port")
    _, part = judge("lifecycle", started("lifecycle"), life, no_file, mark, DrillEnded(T0 + S, {}))
    assert part.not_measured == {
        "drills.x.stale_pid": "it leaves no pid file",
        **dict.fromkeys((f"drills.x.{key}" for key in ("second_start", "port_taken", "at_once", "at_once_other")),
                        "the command names no port"),
    }  # fmt: skip


# --- race -----------------------------------------------------------------------------------------------------------


def raced(*rounds, **options):
    return judge("race", started("race"), *rounds, DrillEnded(T0 + S, {"rounds": len(rounds)}), **options)


def a_round(number, *statuses, ahead_ns=1000, **more):
    return Race(number, f"r{number}", T0, 50_000, ahead_ns, statuses, **more)


def test_clean_rounds_say_what_they_prove():
    drill, part = raced(*(a_round(n, 201, 409) for n in range(50)), expect={"created": 1}, together=2)
    assert drill.verdict is Verdict.PASS
    assert drill.measured["would_be_seen"] == pytest.approx(0.0582, abs=1e-4)
    assert "5.8 %" in drill.rules[0].says
    assert part.not_measured == {}


def test_a_broken_round_is_told_with_its_answers():
    rounds = [a_round(n, 201, 409) for n in range(49)]
    rounds.append(a_round(49, 201, 201, told=("POST /orders", "2 x 201 {}")))
    drill, part = raced(*rounds, expect={"created": 1}, together=2)
    assert (drill.verdict, drill.measured["rounds_broken"]) == (Verdict.FAIL, 1)
    assert drill.examples == ("POST /orders", "2 x 201 {}")
    assert drill.measured["probability"]["low"] < 0.02 < drill.measured["probability"]["high"]
    assert "2 x 201 {}" in part.findings[0].detail
    assert set(part.not_measured) == {"drills.x.would_be_seen"}


def test_5xx_in_a_race_is_broken_without_any_invariant():
    assert raced(a_round(0, 200, 500))[0].verdict is Verdict.FAIL


def test_requests_that_did_not_meet_are_no_race():
    drill, _ = raced(*(a_round(n, 201, 409, ahead_ns=-5) for n in range(10)), expect={"created": 1}, together=2)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_a_rule_that_was_broken_is_broken_however_the_requests_met():
    drill, _ = raced(*(a_round(n, 201, 201, ahead_ns=-5) for n in range(10)), expect={"created": 1}, together=2)
    assert drill.verdict is Verdict.FAIL


def test_a_race_that_ran_out_of_descriptors_is_invalid_unless_it_was_broken_before():
    limit = DrillMark("own-limit", T0, "Too many open files")
    drill, _ = judge("race", started("race"), a_round(0, 200, 200), limit, DrillEnded(T0 + S, {}))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INVALID)
    drill, _ = judge("race", started("race"), a_round(0, 200, 500), limit, DrillEnded(T0 + S, {}))
    assert drill.verdict is Verdict.FAIL


def test_requests_that_all_were_refused_raced_for_nothing():
    drill, _ = raced(*(a_round(n, 404, 404) for n in range(10)))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_a_finding_does_not_say_its_title_again():
    _, part = raced(a_round(0, 415, 415))
    (found,) = part.findings
    _, _, told = found.title.partition(": ")
    assert "no request succeeded" in told
    assert told not in found.detail


def test_where_every_request_was_refused_a_missing_creation_is_no_race():
    drill, _ = raced(*(a_round(n, 404, 404) for n in range(4)), expect={"created": 1}, together=2)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "8 x 404" in drill.rules[0].says
    assert raced(*(a_round(n, 404, 404) for n in range(4)), expect={"404": 2}, together=2)[0].verdict is Verdict.PASS
    assert raced(*(a_round(n, 409, 409) for n in range(4)), expect={"409": 1}, together=2)[0].verdict is Verdict.FAIL
    assert raced(a_round(0, 404, 500), expect={"created": 1}, together=2)[0].verdict is Verdict.FAIL


def test_a_service_that_lets_in_fewer_at_once_is_no_race():
    rounds = [a_round(n, 201, 0, unready=1, failures=("open",)) for n in range(4)]
    drill, _ = raced(*rounds, expect={"created": 1, "ok": 1}, together=2)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "the service lets in 1" in drill.rules[0].says
    assert raced(a_round(0, 201, 201, 0, unready=1), expect={"created": 1}, together=3)[0].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("waiting", "verdict"), [(9, Verdict.UNKNOWN), (8, Verdict.PASS), (0, Verdict.PASS), (None, "pass")]
)
def test_a_service_that_accepts_one_connection_at_a_time_races_with_nobody(waiting, verdict):
    drill, _ = raced(*(a_round(n, 201, *[409] * 9, waiting=waiting) for n in range(4)), expect={"created": 1})
    assert drill.verdict == verdict
    assert drill.measured["accepted"] == 10 - (waiting or 0)
    assert (drill.reason is Reason.NOT_EXERCISED) == (waiting == 9)


@pytest.mark.parametrize(
    ("options", "more", "broken"),
    [
        ({"at_most": {"created": 1}}, {}, True),
        ({"at_most": {"created": 2}}, {}, False),
        ({"unique": "$.id"}, {"unique": ("1", "2")}, False),
        ({"unique": "$.id"}, {"unique": ("1", "1")}, True),
        ({"unchanged": {"path": "/", "value": "$.sum"}}, {"before": "100", "after": "100"}, False),
        ({"unchanged": {"path": "/", "value": "$.sum"}}, {"before": "100", "after": "90"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_least": 0}}, {"then": "0"}, False),
        ({"then": {"path": "/", "value": "$.stock", "at_least": 0}}, {"then": "-1"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_most": 5}}, {"then": "5.5"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_most": 5}}, {"then": "null"}, True),
        ({"then": {"path": "/", "value": "$.stock", "at_most": 5}}, {}, True),
    ],
)
def test_invariants(options, more, broken):
    drill, _ = raced(a_round(0, 201, 201, **more), together=2, **options)
    assert drill.verdict is (Verdict.FAIL if broken else Verdict.PASS)


# --- spike ----------------------------------------------------------------------------------------------------------


def spiked(after, *, before=10.0, crowd=500.0, due=500, errors=0, ended=None, **options):
    records = [started("spike"), load_started()]
    milliseconds = [before] * 5 + [crowd] * 2 + list(after)
    for second, value in enumerate(milliseconds):
        is_crowd = 5 <= second < 7
        count = due if is_crowd else 100
        wrong = {"timeout": errors} if is_crowd and errors else {}
        records += slices(second, value, ok=count - errors * is_crowd, **wrong)
    records += [load_ended(float(len(milliseconds))), DrillEnded(T0 + 20 * S, ended or {})]
    given = {"before_s": 5, "lasts_s": 2, "within_s": 10, "calm_s": 3, "times": 5.0, **options}
    return judge("spike", *records, **given)


def test_it_comes_back():
    drill, part = spiked([400, 200, 10, 11, 10])
    assert (drill.verdict, drill.measured["back_s"]) == (Verdict.PASS, 2)
    assert drill.measured["p99_before_ms"] == pytest.approx(10, rel=0.01)
    assert part.not_measured == {}


def test_what_comes_after_the_decision_does_not_undo_it():
    after = [10.0, 10.0, 10.0, 400.0, 400.0]
    assert spiked(after)[0].verdict is Verdict.UNKNOWN  # it was to be watched for longer
    drill, _ = spiked(after, ended={"back_at_s": 7, "told_s": 10})
    assert (drill.verdict, drill.measured["back_s"]) == (Verdict.PASS, 0)


def test_it_never_comes_back():
    drill, part = spiked([400.0] * 13)
    assert failed(drill) == {"back"}
    assert set(part.not_measured) == {"drills.x.back_s"}


def test_it_comes_back_too_late():
    assert failed(spiked([400.0] * 11 + [10.0] * 4)[0]) == {"back"}


def test_what_was_not_watched_for_long_enough_is_inconclusive():
    drill, _ = spiked([400.0] * 4)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_a_crowd_that_did_not_come():
    drill, _ = spiked([10.0] * 5, due=150)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_errors_of_the_crowd():
    assert spiked([10.0] * 5, errors=100)[0].verdict is Verdict.PASS
    assert failed(with_few_errors_allowed()) == {"errors"}


def with_few_errors_allowed():
    records = [started("spike"), load_started()]
    for second in range(12):
        if 5 <= second < 7:
            records += slices(second, 20.0, ok=400, timeout=100)
        else:
            records += slices(second, 10.0, ok=100)
    records += [load_ended(12.0), DrillEnded(T0 + 20 * S, {})]
    return judge("spike", *records, before_s=5, lasts_s=2, within_s=10, calm_s=3, times=5.0, errors=0.05)[0]


# --- storm ----------------------------------------------------------------------------------------------------------

CAME_BACK = {
    "sockets": 100, "connected": 100, "refused_at_first": 0, "cut": 100, "back": 100, "wanted": 100, "held": 100,
    "attempts": 120, "attempts_most": 3, "failed": {"status-503": 20}, "first_attempts_s": 0.02, "half_back_s": 0.1,
    "most_back_s": 0.4, "all_back_s": 0.5, "steady_s": 0.5, "reconnect_rate": {"highest": 1000.0},
    "accept_rate": {"mean": 200.0, "highest": 500.0}, "waited_s": {"p50": 0.0, "max": 0.3}, "usual_ms": {"p50": 1.0},
    "storm_ms": {"p50": 9.0}, "lost_while_calm": 0, "fds_before": 110, "fds_after": 110,
}  # fmt: skip
NEVER_BACK = {"back": 99, "held": 99, "all_back_s": None, "steady_s": None}


@pytest.mark.parametrize(
    ("seen", "rules"),
    [
        ({}, set()),
        (NEVER_BACK, {"back"}),
        ({"steady_s": None, "held": 40}, {"back"}),  # in, and closed again
        ({"steady_s": 31.0, "all_back_s": 31.0}, {"back"}),
        ({"fds_after": 200}, {"free"}),
        ({"fds_after": 115}, set()),
        ({"fds_before": None}, set()),
    ],
)
def test_storms(seen, rules):
    drill, _ = judge("storm", started("storm"), DrillEnded(T0 + S, {**CAME_BACK, **seen}))
    assert failed(drill) == rules
    assert (drill.verdict is Verdict.PASS) == (not rules)


@pytest.mark.parametrize(("held", "rules"), [(60, set()), (61, {"limit"}), (59, {"back"})])
def test_a_storm_at_a_service_with_a_limit(held, rules):
    numbers = {**CAME_BACK, "connected": 60, "cut": 60, "wanted": 60, "back": held, "held": held}
    numbers |= {"steady_s": 0.5 if held >= 60 else None}
    drill, _ = judge("storm", started("storm"), DrillEnded(T0 + S, numbers), limit=60)
    assert failed(drill) == rules


def test_how_a_crowd_came_back_is_kept_where_it_was_told():
    drill, _ = judge("storm", started("storm"), DrillEnded(T0 + S, CAME_BACK))
    assert drill.returned is None
    told = {"back_course": [[0.1, 1], [0.5, 100]], "attempts_course": [[0.1, 120]]}
    drill, _ = judge("storm", started("storm"), DrillEnded(T0 + S, CAME_BACK | told))
    assert (drill.returned.back, drill.returned.attempts) == (((0.1, 1), (0.5, 100)), ((0.1, 120),))


def test_a_storm_that_was_interrupted_is_no_failure():
    drill, _ = judge("storm", started("storm"), DrillEnded(T0 + S, {**CAME_BACK, **NEVER_BACK}, interrupted=True))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_what_a_service_breaks_in_a_storm_is_told():
    drill, _ = judge("storm", started("storm"), DrillEnded(T0 + S, {**CAME_BACK, "failed": {"status-500": 3}}))
    assert drill.verdict is Verdict.PASS
    assert [rule.rule for rule in drill.rules if rule.verdict == "fail" and not rule.required] == ["errors"]


def test_a_storm_of_fewer_than_asked_for_is_inconclusive():
    drill, _ = judge("storm", started("storm"), DrillEnded(T0 + S, {**CAME_BACK, "connected": 60, "cut": 60}))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert "say limit = 60" in drill.rules[0].says


# --- slow clients ---------------------------------------------------------------------------------------------------


def dawdled(during=10.0, *, after=10.0, wrong=0, held=100, closed=0, fds=(50, 150, 50), before=100):
    records = [started("slow-client"), load_started(15.0)]
    for second in range(15):
        is_during = 5 <= second < 10
        bad = {"timeout": wrong} if is_during and wrong else {}
        count = before if second < 5 else 100
        records += slices(
            second, during if is_during else after if second >= 10 else 10.0, ok=count - wrong * is_during, **bad
        )
        records.append(Vitals(T0 + second * S + 1, 1, 0.1, 1, fds[second // 5], 1))
    records += [
        DrillMark("slow-came", T0 + 5 * S),
        SlowClients("heads", T0 + 7 * S, 100, held, closed),
        DrillMark("slow-left", T0 + 10 * S),
        load_ended(15.0),
        DrillEnded(T0 + 15 * S, {"asked": 100, "opened": 100, "short": ""}),
    ]
    return judge("slow-client", *records, part_s=5)


def test_others_are_served_beside_slow_clients():
    drill, part = dawdled(14.0)
    assert (drill.verdict, drill.measured["held"]) == (Verdict.PASS, 100)
    assert set(part.not_measured) == {"drills.x.first_closed_s", "drills.x.reader_bytes"}


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ({"during": 4000.0}, {"served"}),
        ({"during": 10.0, "wrong": 50}, {"served"}),
        ({"fds": (50, 150, 150)}, {"freed"}),
        ({"fds": (50, 150, 60)}, set()),
        ({"fds": (50, 55, 55)}, set()),  # it never held them
    ],
)
def test_what_slow_clients_may_not_do(more, rules):
    assert failed(dawdled(**more)[0]) == rules


def test_others_that_fare_no_better_afterwards_may_have_been_slowed_by_something_else():
    drill, _ = dawdled(400.0, after=300.0)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert failed(dawdled(400.0, after=300.0, wrong=50)[0]) == {"served"}  # nobody else makes requests fail


def test_slow_clients_that_were_never_there():
    drill, _ = dawdled(held=0)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert dawdled(held=0, closed=100)[0].verdict is Verdict.PASS  # closed at once: a good service


def test_too_few_requests_to_compare_with():
    drill, _ = dawdled(before=1)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
