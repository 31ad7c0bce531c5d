"""What is known around a scenario: it explains, doubts single limits, advises; and a slow subject stays slow."""

from __future__ import annotations

import errno
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.checks.load.generator import trust
from brinell.checks.load.tally import Tally
from brinell.core.generator_records import Calibrated, GeneratorMeans, MachineSecond
from brinell.core.load_records import Exemplar, LoadEnded, LoadStarted


@pytest.fixture(scope="session")
def calibrated(histogram):
    def make(
        p50_ms=0.1,
        *,
        most=20_000.0,
        cpu_us=40.0,
        rate=1000.0,
        slow=0,
        slow_ms=0.0,
        workers=1,
        server_us=0.0,
        service_ms=None,
    ):
        sent = histogram([p50_ms if service_ms is None else service_ms] * 300)
        seen = histogram([p50_ms] * (300 - slow) + [slow_ms] * slow)
        return Calibrated(
            seconds=0.5, connections=64, most_rate=most, cpu_ns=cpu_us * 1e3, rate=rate, response=seen.sparse(),
            max_response_ns=seen.max_ns, workers=workers, server_ns=server_us * 1e3,
            service=sent.sparse(), max_service_ns=sent.max_ns,
        )  # fmt: skip

    return make


# --- a rate out of reach --------------------------------------------------------------------------------------------


def test_a_rate_that_the_generator_never_reaches_makes_a_run_invalid_and_says_both_numbers(story, calibrated):
    run = story(seconds=3, rate=60_000, sent=90_000, before=[calibrated()], thresholds={"p95_ms": 500})
    found = run.findings()
    assert found["generator"].reason.value == "invalid"
    assert "60000/s were asked for, and its one worker reaches 25000/s" in found["generator"].detail
    assert "more workers" in found["generator"].detail
    assert found["p95_ms"].reason.value == "invalid"


@pytest.mark.parametrize(
    "told",
    [
        {"rate": 24_000},  # within what a core of its own gives: 1 s / 40 us
        {"rate": 45_000, "cpu": (0.1, 0.1), "known": {"workers": 2}},
        {"rate": 60_000, "sent": 178_000},  # it did what nobody foresaw
    ],
)
def test_a_rate_within_reach_or_reached_is_believed(story, calibrated, told):
    told = dict(told)
    known = told.pop("known", {})
    run = story(**{"seconds": 3, "sent": 90_000, "before": [calibrated(**known)], **told})
    assert run.verdicts()["generator"] == "pass"


@pytest.mark.prove
@given(response_ms=st.floats(1, 60_000), waiting=st.integers(0, 1000), p50_ms=st.floats(0.05, 0.3))
def test_a_slow_subject_is_no_generators_fault_whatever_is_known(story, calibrated, response_ms, waiting, p50_ms):
    limits = {"p50_ms": response_ms / 2, "p99_ms": response_ms / 2, "max_ms": response_ms / 2}
    run = story(
        seconds=3, response_ms=response_ms, waiting=waiting, sent=1500, thresholds=limits,
        before=[calibrated(p50_ms), GeneratorMeans(1024, 128, 28_000, 64)],
    )  # fmt: skip
    assert {run.verdicts()[name] for name in limits} == {"fail"}


# --- single limits --------------------------------------------------------------------------------------------------


def test_few_late_requests_decide_no_p99_9_and_no_maximum(story, piece):
    """Four of a thousand were noticed 300 ms late: that makes no run worthless, and both limits unknowable."""
    slow = [piece([310.0] * 4, second=second, service_ms=[10.0] * 4) for second in range(10)]
    run = story(late=(4, 300.0), extra=slow, thresholds={"p99_9_ms": 100, "max_ms": 100, "p95_ms": 100})
    found = run.verdicts()
    assert (found["generator"], found["p95_ms"]) == ("pass", "pass")
    assert (found["p99_9_ms"], found["max_ms"]) == ("invalid", "invalid")
    assert "40 requests were noticed more than 10 ms late" in run.findings()["p99_9_ms"].detail


def test_what_the_subject_did_beside_that_it_did(story, piece):
    slow = [piece([310.0] * 15, second=second, service_ms=[10.0] * 15) for second in range(10)]
    run = story(late=(4, 300.0), extra=slow, thresholds={"p99_9_ms": 100, "p99_ms": 100})
    assert {run.verdicts()[name] for name in ("p99_9_ms", "p99_ms")} == {"fail"}


def test_a_limit_as_small_as_what_the_generator_needs_is_nobodys_to_miss(story, calibrated):
    run = story(response_ms=0.25, lag_ms=0.001, before=[calibrated(0.12)], thresholds={"p50_ms": 0.2, "mean_ms": 0.1})
    found = run.findings()
    assert found["p50_ms"].reason.value == "invalid"
    assert "server that does nothing took 0.12 ms" in found["p50_ms"].detail
    assert found["mean_ms"].verdict.value == "fail"  # 0.25 is more than 0.1 and 0.12


def test_what_the_server_that_does_nothing_took_excuses_nobody(story, calibrated):
    """Of the 0.12 ms, 0.08 were the null server's own: another server needs its own time for that, or should."""
    told = {"response_ms": 0.25, "lag_ms": 0.001, "thresholds": {"p50_ms": 0.2}}
    assert story(**told, before=[calibrated(0.12, server_us=80)]).verdicts()["p50_ms"] == "fail"
    nearer = story(**told | {"response_ms": 0.22}, before=[calibrated(0.12, server_us=80)]).findings()["p50_ms"]
    assert nearer.reason.value == "invalid"
    assert "took 0.04 ms of this generator" in nearer.detail
    assert "calibration" not in story(response_ms=0.19, before=[calibrated(0.1, server_us=10)]).findings()


def test_what_the_calibration_waited_before_it_sent_is_no_part_of_a_time_from_the_send(story, calibrated):
    """On a crowded machine it was woken 8 ms late: that is in no service time, and excuses none."""
    told = {"response_ms": 17.0, "before": [calibrated(8.2, service_ms=0.2)]}
    assert story(**told, thresholds={"service_p50_ms": 10}).verdicts()["service_p50_ms"] == "fail"
    assert story(**told, thresholds={"p50_ms": 10}).verdicts()["p50_ms"] == "invalid"
    near = story(response_ms=0.3, lag_ms=0.001, before=[calibrated(8.2, service_ms=0.2)])
    assert near.verdicts()["calibration"] == "invalid"


def test_a_crowded_moment_of_the_calibration_excuses_nothing(story, calibrated):
    run = story(response_ms=50.0, before=[calibrated(0.1, slow=4, slow_ms=30.0)], thresholds={"p99_ms": 10})
    assert run.verdicts()["p99_ms"] == "fail"


def test_a_time_from_the_send_that_exceeds_the_limit_stands(story, piece):
    slow = [piece([310.0] * 4, second=second) for second in range(10)]
    run = story(late=(4, 300.0), extra=slow, thresholds={"max_ms": 100})
    assert run.verdicts()["max_ms"] == "fail"


def test_over_tls_nobody_knows_when_an_answer_came_so_the_time_from_the_send_is_late_as_well(story, piece):
    """The loop stood still for 300 ms, and read late what had come meanwhile: that is in no answer of the subject's."""
    slow = [piece([310.0] * 4, second=second) for second in range(10)]
    told = {"late": (4, 300.0), "extra": slow, "thresholds": {"max_ms": 100, "service_max_ms": 100, "p95_ms": 100}}
    assert {**story(**told).verdicts()}["max_ms"] == "fail"
    found = story(url="https://127.0.0.1:1", **told).verdicts()
    assert found == {
        "ran": "pass", "generator": "pass", "p95_ms": "pass", "max_ms": "invalid", "service_max_ms": "invalid",
    }  # fmt: skip
    stopped = story(url="wss://127.0.0.1:1", **told | {"late": (20, 300.0)}).verdicts()
    assert (stopped["generator"], stopped["max_ms"]) == ("invalid", "invalid")


def test_nor_does_anybody_over_http2(story, piece):
    slow = [piece([310.0] * 4, second=second) for second in range(10)]
    told = {"late": (4, 300.0), "extra": slow, "thresholds": {"max_ms": 100}}
    assert story(version="2", **told).verdicts()["max_ms"] == "invalid"
    assert story(version="2", **told | {"late": (0, 0.0)}).verdicts()["max_ms"] == "fail"


@pytest.mark.parametrize(
    ("model", "sessions", "held_up"), [("partly-open", None, 32), ("open", (10, 10, 0), 1), ("closed", None, 32)]
)
def test_answers_of_sessions_are_timed_when_they_are_read(model, sessions, held_up):
    started = LoadStarted("x", model, "http://127.0.0.1:1", 0, 10.0, None, 64, 2, 5.0)
    found = trust(Tally(started, "x#1", LoadEnded(10, 10, 0, 10.0, sessions=sessions)), {})
    assert (found.read_late, found.held_up) == (True, held_up)
    plain = trust(Tally(msgspec.structs.replace(started, model="open"), "x#1", LoadEnded(10, 10, 0, 10.0)), {})
    assert (plain.read_late, plain.held_up) == (False, 1)


def test_a_turn_that_is_late_holds_up_every_user_of_a_closed_model(story, piece):
    slow = [piece([310.0] * 30, second=second) for second in range(10)]
    told = {"rate": None, "extra": slow, "thresholds": {"max_ms": 100, "p99_9_ms": 100}}
    found = story(late=(1, 300.0), **told).findings()
    assert {found[name].reason.value for name in told["thresholds"]} == {"invalid"}
    assert "loop came more than 10 ms late 10 times, up to 64 answers" in found["max_ms"].detail
    assert story(**told).verdicts()["max_ms"] == "fail"  # nothing was late
    inside = story(late=(1, 300.0), url="call:shop:price", **told).verdicts()  # timed in the project's interpreter
    assert inside["max_ms"] == "fail"


@pytest.mark.parametrize("told", [{"rate": None}, {"url": "https://127.0.0.1:1"}, {}])
def test_a_little_late_is_no_excuse_for_who_is_very_slow(story, told):
    run = story(**told, response_ms=200.0, late=(900, 9.0), thresholds={"p95_ms": 100, "max_ms": 150})
    assert run.verdicts() == {"ran": "pass", "generator": "pass", "p95_ms": "fail", "max_ms": "fail"}


def test_service_time_is_not_late(story, piece):
    slow = [piece([310.0] * 4, second=second) for second in range(10)]
    run = story(late=(4, 300.0), extra=slow, thresholds={"service_max_ms": 100})
    assert run.verdicts()["service_max_ms"] == "fail"


# --- reasons and advice ---------------------------------------------------------------------------------------------


def machine(*rows, cores=2):
    return [MachineSecond(int(at_s * 1e9), cores, steal_s, throttled_s) for at_s, steal_s, throttled_s in rows]


def test_what_the_machine_was_denied_is_said_and_explains(story):
    looks = machine((0, 100.0, 5.0), (5, 101.0, 6.0), (10, 102.0, 8.5))  # 2 of 20 s, 3.5 of 10 s
    run = story(lag_ms=60, response_ms=80, gc_s=0.031, extra=looks, thresholds={"p95_ms": 500})
    reason = run.findings()["generator"].detail
    assert "10 % of this machine's processor time to others (steal)" in reason
    assert "for 35 % of the time" in reason
    assert "garbage collection took up to 31 ms" in reason
    calm = story(extra=looks, thresholds={"p95_ms": 500})
    assert calm.verdicts()["generator"] == calm.verdicts()["p95_ms"] == "pass"
    advice = calm.findings()["machine"]
    assert (advice.required, advice.verdict.value) == (False, "unknown")
    assert "denied 35 %" in advice.title


def test_a_quota_held_nothing_back_for_longer_than_the_run(story):
    """Of two cores that were held back the system tells twice the time."""
    looks = machine((0, 0.0, 5.0), (10, 0.0, 23.0))
    assert "denied 100 %" in story(extra=looks).findings()["machine"].title


@pytest.mark.parametrize("looks", [[], [(0, 1.0, None)], [(0, 1.0, None), (10, 1.2, None)], [(0, None, None)] * 2])
def test_nothing_worth_speaking_of_is_not_spoken_of(story, looks):
    assert "machine" not in story(extra=machine(*looks)).findings()


def test_times_that_are_mostly_the_generators_own_are_said_to_be(story, calibrated):
    near = story(response_ms=0.19, lag_ms=0.001, before=[calibrated(0.1)])
    found = near.findings()["calibration"]
    assert (found.required, found.reason.value) == (False, "invalid")
    assert "0.19 ms" in found.title
    assert near.verdicts()["generator"] == "pass"
    assert "calibration" not in story(response_ms=0.25, before=[calibrated(0.1)]).findings()
    assert "calibration" not in story(response_ms=0.1, before=[Calibrated(skipped="HTTP/2")]).findings()


def test_a_calibration_that_had_a_worse_moment_than_the_run_is_said_to_have(story, calibrated):
    found = story(response_ms=0.14, lag_ms=0.001, before=[calibrated(0.6)], thresholds={"p50_ms": 0.05}).findings()
    assert "p50 of 0.14 ms may all be" in found["calibration"].title
    assert "took 0.6 ms, when this machine had more to do" in found["calibration"].detail
    assert found["p50_ms"].reason.value == "invalid"
    assert "took 0.6 ms of this generator, and this one took no longer" in found["p50_ms"].detail


def test_what_may_run_out_is_said_where_it_did_not(story):
    short = GeneratorMeans(1024, 2048, 28_000, 60_064, 60.0)
    found = story(before=[short]).findings()["means"]
    assert not found.required
    assert "2048 descriptors of a worker that may have 1024" in found.detail
    assert "60064 ports at once, each resting 60 s" in found.detail
    assert "means" not in story(before=[GeneratorMeans(None, 2048, None, 60_064)]).findings()


def test_ports_that_did_run_out_are_not_called_descriptors(story):
    said = Exemplar("GET /", "own-fault", 1, 1, 0, 2, os.strerror(errno.EADDRNOTAVAIL))
    short = GeneratorMeans(1024, 128, 28_000, 60_064, 60.0)
    found = story(errors={"own-fault": 3}, extra=[said], before=[short]).findings()
    assert "ip_local_port_range" in found["generator"].detail
    assert "ulimit" not in found["generator"].detail
    assert "means" not in found
    other = Exemplar("GET /", "own-fault", 1, 1, 0, 2, os.strerror(errno.EMFILE))
    assert "ulimit -n" in story(errors={"own-fault": 3}, extra=[other]).findings()["generator"].detail


def test_the_judgement_has_what_the_generator_needs_by_itself(story, calibrated):
    found = story(before=[calibrated(0.1, slow=5, slow_ms=2.0)]).part().load[0].generator.calibration
    assert (found.most_rate, found.cpu_us, found.rate, found.connections) == (20_000, 40.0, 1000, 64)
    assert (found.p50_ms, found.p99_ms) == (pytest.approx(0.1, rel=0.01), pytest.approx(2.0, rel=0.01))
    assert story(before=[Calibrated(skipped="why")]).part().load[0].generator.calibration.skipped == "why"
    assert story().part().load[0].generator.calibration is None
