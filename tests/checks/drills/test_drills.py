"""Records of drills to entries and findings: every rule, with the records that break it and those that do not."""

from __future__ import annotations

import msgspec
import pytest

from brinell.checks.drills import JUDGES, drills
from brinell.core.drill_records import (
    DrillEnded,
    DrillMark,
    DrillStarted,
    ServiceLife,
    SlowClients,
    StartTried,
)
from brinell.core.evidence import MemoryEvidence
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepFinished, StepStarted, Vitals
from brinell.core.verdicts import Reason, Verdict
from brinell.rosters.drills import DRILLS

S = 1_000_000_000
T0 = 100 * S


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
def test_a_drill_that_never_began_is_not_exercised(plan, kind):
    part = drills(MemoryEvidence(plan(kind), []))
    assert [(one.verdict, one.reason) for one in part.drills] == [(Verdict.UNKNOWN, Reason.NOT_EXERCISED)]


def test_why_a_drill_never_began_is_said(plan):
    ended = StepFinished("drill:x", "failed", "the service ended early\nmore")
    part = drills(MemoryEvidence(plan("drain"), [StepStarted("drill:x"), ended]))
    assert part.findings[0].title == "x: it never began: the service ended early"


@pytest.mark.parametrize("kind", DRILLS)
def test_a_drill_that_was_cut_off_is_inconclusive(judge, kind):
    drill, _ = judge(kind, started(kind))
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


@pytest.mark.parametrize("kind", DRILLS)
def test_a_drill_that_ended_with_nothing_is_no_pass(judge, kind):
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


@pytest.fixture
def drained(judge):
    def run(*after, before=None, lost=0, interrupted=False, options=None, **seen):
        records = [started("drain"), load_started()]
        for second in range(3):
            records += slices(second, **(before or {"ok": 100}))
        records += [one for each in after for one in each]
        records += [load_ended(5.0), DrillEnded(T0 + 5 * S, {**GONE, **seen}, interrupted)]
        return judge("drain", *records, lost=lost, **(options or {}))

    return run


def test_a_drain_in_order(failed, drained):
    drill, part = drained(slices(3, ok=30, refused=70), slices(4, refused=100))
    assert (drill.verdict, failed(drill)) == (Verdict.PASS, set())
    assert drill.measured["requests_before"] == 300
    assert (drill.measured["answered_after"], drill.measured["lost"], drill.measured["refused"]) == (30, 0, 170)
    assert part.not_measured == {}


@pytest.mark.parametrize("kind", ["reset", "short_body", "timeout", "protocol", "status_502"])
def test_what_was_sent_and_not_answered_is_lost(failed, drained, kind):
    drill, _ = drained(slices(3, ok=30, **{kind: 2}))
    assert (failed(drill), drill.measured["lost"]) == ({"lost"}, 2)
    assert drained(slices(3, ok=30, **{kind: 2}), lost=2)[0].verdict is Verdict.PASS


def test_what_is_no_loss(drained):
    assert drained(slices(3, ok=30, status_404=2, unfinished=5))[0].verdict is Verdict.PASS
    drill, _ = drained(slices(3, ok=30, status_500=2), before={"ok": 200, "status_500": 1})
    assert drill.verdict is Verdict.PASS  # it said so before, too


def test_errors_that_always_came_are_no_loss(failed, drained):
    usual = {"ok": 36, "status_503": 4}  # of each second before
    tenth = slices(3, ok=9, status_503=1)
    drill, _ = drained(tenth, before=usual, in_flight_5xx=2, in_flight_errors={"status-503": 2})
    assert (drill.verdict, drill.measured["lost"]) == (Verdict.PASS, 0)
    drill, _ = drained(tenth, before=usual, in_flight_5xx=9, in_flight_errors={"status-503": 9})
    assert (failed(drill), drill.measured["lost"]) == ({"lost"}, 9)  # of ten, where one was to be expected
    drill, _ = drained(tenth, before=usual, in_flight_5xx=3, in_flight_errors={"status-503": 2, "status-500": 1})
    assert (failed(drill), drill.measured["lost"]) == ({"lost"}, 1)  # another kind
    drill, _ = drained(slices(3, ok=10, status_503=30), before=usual)
    assert (failed(drill), drill.measured["lost"]) == ({"lost"}, 30)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"unfinished": 1}, "no request of the load had ended when the signal came, after 3 seconds: let before_s"),
        ({"ok": 40, "status_401": 60}, "180 of 300 requests failed before the signal already (180 status-401)"),
        ({"ok": 98, "timeout": 2}, "6 of 300 requests failed before the signal already (6 timeout)"),
    ],
)
def test_a_load_that_shows_nothing_of_a_drain(drained, before, words):
    drill, _ = drained(slices(3, ok=30), before=before)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert words in drill.rules[0].says


def test_requests_in_flight_are_counted_one_by_one(failed, drained):
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
def test_how_it_goes(failed, drained, seen, rules):
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
def test_websockets_end_with_a_close_frame(failed, drained, codes, still_open, rules):
    seen = {"sockets": 5, "socket_codes": codes, "sockets_open": still_open}
    drill, _ = drained(slices(3, ok=30), options={"sockets": 5}, **seen)
    assert failed(drill) == rules
    none, _ = drained(slices(3, ok=30), options={"sockets": 5}, sockets_why="status-404")
    assert none.reason is Reason.NOT_EXERCISED
    assert "only 0 of 5 WebSockets at /ws were open at the signal: status-404" in none.rules[0].says


def test_what_makes_a_drain_worthless(drained):
    broken, _ = drained(slices(3, ok=30), before={"ok": 50, "timeout": 50})
    assert (broken.verdict, broken.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    short, _ = drained(slices(3, ok=30, own_fault=3))
    assert (short.verdict, short.reason) == (Verdict.UNKNOWN, Reason.INVALID)
    never, _ = drained(signal_ns=0)
    assert (never.verdict, never.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_an_interrupted_drill_passes_nothing_and_keeps_what_failed(failed, drained):
    waiting, _ = drained(slices(3, ok=30), interrupted=True, in_flight_answered=6, in_flight_waits=4)
    assert (failed(waiting), waiting.reason) == (set(), Reason.INCONCLUSIVE)
    assert failed(drained(slices(3, ok=30), interrupted=True, in_flight_answered=6, in_flight_waits=3)[0]) == {"lost"}
    assert drained(slices(3, ok=30), interrupted=True)[0].reason is Reason.INCONCLUSIVE
    assert drained(slices(3, ok=30, reset=1), interrupted=True)[0].verdict is Verdict.FAIL


def test_instants_are_on_the_clock_of_the_load(judge):
    drill, _ = judge(
        "drain", started("drain"), load_started(), DrillMark("signal", T0 + 3 * S), DrillEnded(T0 + 4 * S, GONE)
    )
    assert [(one.at_s, one.what) for one in drill.instants] == [(3.0, "signal")]


# --- lifecycle ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lives(judge):
    def run(*changed, times=8, tried=()):
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

    return run


def test_lives_in_order(failed, lives):
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
def test_what_a_life_may_not(failed, lives, changed, rules):
    assert failed(lives(*changed)[0]) == rules


def test_a_start_after_a_kill_is_told_from_another(lives):
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
def test_difficult_starts(failed, lives, tried, rules):
    drill, _ = lives(tried=(tried,))
    assert failed(drill) == rules
    advised = [rule.rule for rule in drill.rules if rule.verdict == "fail" and not rule.required]
    refuses = tried.what == "stale-pid" and tried.state == "ended"
    assert advised == (["port-taken-said"] if tried.tail == ("boom",) else ["stale-pid"] if refuses else [])


def test_the_files_that_a_kill_left_are_named(lives):
    drill, _ = lives((2, {"files_left": 1, "files": ("run/app.lock",)}), (3, NEVER))
    assert "what it left then (run/app.lock)" in next(rule.says for rule in drill.rules if rule.rule == "start")


def test_without_a_known_port_the_difficult_starts_are_not_measured(judge):
    life = ServiceLife(1, "stop", T0, 8000, 0.2, "", 0.1, 0)
    no_file = DrillMark("not-tried", T0, "stale-pid: it leaves no pid file")
    mark = DrillMark("not-tried", T0, "the command names no port")
    _, part = judge("lifecycle", started("lifecycle"), life, no_file, mark, DrillEnded(T0 + S, {}))
    assert part.not_measured == {
        "drills.x.stale_pid": "it leaves no pid file",
        **dict.fromkeys((f"drills.x.{key}" for key in ("second_start", "port_taken", "at_once", "at_once_other")),
                        "the command names no port"),
    }  # fmt: skip


# --- spike ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def spiked(judge):
    def run(after, *, before=10.0, crowd=500.0, due=500, errors=0, ended=None, rss=(50, 50), **options):
        records = [started("spike"), load_started()]
        milliseconds = [before] * 5 + [crowd] * 2 + list(after)
        for second, value in enumerate(milliseconds):
            is_crowd = 5 <= second < 7
            count = due if is_crowd else 100
            wrong = {"timeout": errors} if is_crowd and errors else {}
            records += slices(second, value, ok=count - errors * is_crowd, **wrong)
            records.append(Vitals(T0 + second * S + S - 1, 1, 0.1, rss[second >= 5] << 20, 9, 1))
        records += [load_ended(float(len(milliseconds))), DrillEnded(T0 + 20 * S, ended or {})]
        given = {"before_s": 5, "lasts_s": 2, "within_s": 10, "calm_s": 3, "times": 5.0, **options}
        return judge("spike", *records, **given)

    return run


def test_it_comes_back(spiked):
    drill, part = spiked([400, 200, 10, 11, 10])
    assert (drill.verdict, drill.measured["back_s"]) == (Verdict.PASS, 2)
    assert drill.measured["p99_before_ms"] == pytest.approx(10, rel=0.01)
    assert part.not_measured == {}


def test_memory_that_a_crowd_leaves_is_told(spiked):
    for rss, advised in (((50, 110), False), ((50, 150), True), ((400, 500), False)):
        drill, _ = spiked([400, 200, 10, 11, 10], rss=rss)
        told = [rule for rule in drill.rules if rule.rule == "memory"]
        assert (drill.verdict, [rule.required for rule in told]) == (Verdict.PASS, [False] * advised)
        assert drill.measured["rss_end_bytes"] == rss[1] << 20


def test_what_comes_after_the_decision_does_not_undo_it(spiked):
    after = [10.0, 10.0, 10.0, 400.0, 400.0]
    assert spiked(after)[0].verdict is Verdict.UNKNOWN  # it was to be watched for longer
    drill, _ = spiked(after, ended={"back_at_s": 7, "told_s": 10})
    assert (drill.verdict, drill.measured["back_s"]) == (Verdict.PASS, 0)


def test_it_never_comes_back(failed, spiked):
    drill, part = spiked([400.0] * 13)
    assert failed(drill) == {"back"}
    assert set(part.not_measured) == {"drills.x.back_s"}


def test_it_comes_back_too_late(failed, spiked):
    assert failed(spiked([400.0] * 11 + [10.0] * 4)[0]) == {"back"}


@pytest.mark.parametrize(("answer", "verdict"), [("status_503", Verdict.FAIL), ("timeout", Verdict.UNKNOWN)])
def test_a_generator_that_was_late_explains_no_answer(judge, answer, verdict):
    records = [started("spike"), load_started()]
    for second in range(20):
        records += slices(second, 500.0 if second >= 5 else 10.0, **{answer if second >= 5 else "ok": 500})
    records = [late(one) for one in records]
    drill, _ = judge("spike", *records, load_ended(20.0), DrillEnded(T0 + 20 * S, {}),
                     before_s=5, lasts_s=2, within_s=10, calm_s=3, times=5.0)  # fmt: skip
    assert drill.verdict is verdict, drill.rules
    assert (drill.reason is Reason.INVALID) == (verdict is Verdict.UNKNOWN)


def late(record):
    """A worker's second in which every request was noticed 90 ms after it was due."""
    if not isinstance(record, GeneratorSecond):
        return record
    lag = Histogram()
    lag.record(90_000_000, record.scheduled)
    return msgspec.structs.replace(record, lag=lag.sparse(), max_lag_ns=90_000_000)


def test_what_was_not_watched_for_long_enough_is_inconclusive(spiked):
    drill, _ = spiked([400.0] * 4)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)


def test_a_crowd_that_did_not_come(spiked):
    drill, _ = spiked([10.0] * 5, due=150)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)


def test_errors_of_the_crowd(failed, spiked, with_few_errors_allowed):
    assert spiked([10.0] * 5, errors=100)[0].verdict is Verdict.PASS
    assert failed(with_few_errors_allowed()) == {"errors"}


@pytest.fixture
def with_few_errors_allowed(judge):
    def run():
        records = [started("spike"), load_started()]
        for second in range(12):
            if 5 <= second < 7:
                records += slices(second, 20.0, ok=400, timeout=100)
            else:
                records += slices(second, 10.0, ok=100)
        records += [load_ended(12.0), DrillEnded(T0 + 20 * S, {})]
        return judge("spike", *records, before_s=5, lasts_s=2, within_s=10, calm_s=3, times=5.0, errors=0.05)[0]

    return run


# --- slow clients ---------------------------------------------------------------------------------------------------


def _holding(record, second, connections):
    """A worker's second, with so many connections open at its end."""
    if isinstance(record, GeneratorSecond) and record.second == second:
        return msgspec.structs.replace(record, open_connections=connections)
    return record


@pytest.fixture
def dawdled(judge):
    def run(
        during=10.0,
        *,
        after=10.0,
        wrong=0,
        held=100,
        closed=0,
        fds=(50, 150, 50),
        before=100,
        own=(0, 0, 0),
        rss=(1, 1, 1),
        failing=0,
    ):
        records = [started("slow-client"), load_started(15.0)]
        for second in range(15):
            is_during = 5 <= second < 10
            bad = {"timeout": wrong} if is_during and wrong else {"status_500": failing} if failing else {}
            count = before if second < 5 else 100
            records += slices(
                second, during if is_during else after if second >= 10 else 10.0, ok=count - wrong * is_during, **bad
            )
            records[1:] = [_holding(one, second, own[second // 5]) for one in records[1:]]
            records.append(Vitals(T0 + second * S + S - 1, 1, 0.1, rss[second // 5], fds[second // 5], 1))
        records += [
            DrillMark("slow-came", T0 + 5 * S),
            SlowClients("heads", T0 + 7 * S, 100, held, closed),
            DrillMark("slow-left", T0 + 10 * S),
            load_ended(15.0),
            DrillEnded(T0 + 15 * S, {"asked": 100, "opened": 100, "short": ""}),
        ]
        return judge("slow-client", *records, part_s=5)

    return run


def test_others_are_served_beside_slow_clients(dawdled):
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
        ({"rss": (60 << 20, 560 << 20, 560 << 20)}, set()),  # 5 MiB each
        ({"rss": (60 << 20, 2560 << 20, 60 << 20)}, {"memory"}),  # 25 MiB each
        ({"fds": (50, 55, 55)}, set()),  # it never held them
        ({"fds": (55, 350, 250), "own": (5, 200, 200)}, set()),  # the load's own, opened meanwhile and kept
        ({"fds": (55, 350, 350), "own": (5, 200, 200)}, {"freed"}),
    ],
)
def test_what_slow_clients_may_not_do(failed, dawdled, more, rules):
    assert failed(dawdled(**more)[0]) == rules


def test_others_that_fare_no_better_afterwards_may_have_been_slowed_by_something_else(failed, dawdled):
    drill, _ = dawdled(400.0, after=300.0)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert failed(dawdled(400.0, after=300.0, wrong=50)[0]) == {"served"}  # nobody else makes requests fail


def test_slow_clients_that_were_never_there(dawdled):
    drill, _ = dawdled(held=0)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert dawdled(held=0, closed=100)[0].verdict is Verdict.PASS  # closed at once: a good service


def test_a_load_that_fails_anyway_shows_nothing(dawdled):
    drill, _ = dawdled(failing=500)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert "most requests failed before they came" in drill.rules[0].says


def test_too_few_requests_to_compare_with(dawdled):
    drill, _ = dawdled(before=1)
    assert (drill.verdict, drill.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
