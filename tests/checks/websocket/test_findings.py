from __future__ import annotations

import pytest

from brinell.checks.load import load
from brinell.checks.websocket import place
from brinell.core.evidence import MemoryEvidence
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.load_records import Exemplar, LoadSlice
from brinell.core.observation import Vitals
from brinell.core.plan import LoadSpec, Plan, RequestSpec, Step
from brinell.core.socket_records import Disorder, Membership, SocketSecond
from brinell.core.thresholds import SOCKET_METRICS
from brinell.core.vitals_records import ProcessLook, VitalsDetail

GENEROUS = dict.fromkeys(SOCKET_METRICS, 10000.0) | {"error_rate": 0.5, "min_rate": 1, "reach": 0.9}
STRICT = dict.fromkeys(SOCKET_METRICS, 1.0) | {
    "error_rate": 0.0, "min_rate": 99_999, "reach": 1.0, "lost": 0, "duplicated": 0, "reordered": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def judged(chat):
    """One bad run under limits that it meets, and under limits that it does not."""
    looks = [Vitals(second * 10**9, 1, 0.1, size, 5, 2) for second, size in ((1, 1000), (9, 5000))]
    extra = [Disorder(0, 5, (0,), (3,), (2,)), *looks]
    run = {"absent": 1, "errors": {"closed-1011": 1}, "extra": extra, "connections": 2000}
    runs = chat(thresholds=GENEROUS, **run), chat(thresholds=STRICT, **run)
    return [(made.findings(), made.entry()) for made in runs]


@pytest.mark.parametrize("name", SOCKET_METRICS)
def test_every_metric_can_be_met_and_missed(judged, name):
    (met, entry), (missed, _) = judged
    assert (met[name].verdict.value, missed[name].verdict.value) == ("pass", "fail")
    assert met[name].required
    assert entry.thresholds[name]["verdict"] == "pass"


def test_a_broadcast_is_judged_by_its_deliveries_and_counted_by_its_publishes(chat):
    run = chat(rate=10, connections=200, delivery_ms=7.0)
    found = run.entry()
    assert (found.requests, found.achieved_rate, found.target_rate) == (300, 10, 10)
    assert found.sent_rate == 10
    assert found.response_ms.p99 == pytest.approx(7.0, rel=2e-3)
    assert found.delivery_ms == found.response_ms
    assert (found.reach, found.lost, found.expected) == (1.0, 0, 300 * 200)
    assert found.skew_ms.p50 == pytest.approx(3.5, rel=2e-3)
    assert found.operations["delivery"].requests == 300 * 200
    assert "publish" not in found.operations
    assert found.sockets.opened == found.sockets.most_open == 200
    assert run.verdicts()["ran"] == "pass"


def test_a_lost_delivery_is_no_fast_one(chat):
    # Two in a hundred never come: the p99 is the time-out, although all that came were quick.
    found = chat(connections=100, rate=20, absent=2, thresholds={"p99_ms": 100, "p50_ms": 100}).verdicts()
    assert (found["p99_ms"], found["p50_ms"]) == ("fail", "pass")


def test_who_asked_for_no_reach_is_told_of_lost_deliveries(chat):
    assert chat(absent=1).findings()["lost"].required is False
    assert "lost" not in chat(absent=1, thresholds={"reach": 0.5}).verdicts()
    assert "lost" not in chat().verdicts()


def test_who_loses_most_of_what_was_owed_did_not_run(chat):
    echo = {"connections": 10, "absent": 9}
    ran = chat(**echo).findings()["ran"]
    assert (ran.verdict.value, ran.required) == ("fail", True)
    assert ran.title == "chat: 27000 of 30000 deliveries that were owed did not come, more than half of them"
    assert "--echo" in ran.detail
    assert "lost" not in chat(**echo).findings()  # it is said once
    most = chat(connections=10, absent=6).findings()["ran"]
    assert most.verdict.value == "fail"
    assert "everybody in the room" in most.detail
    assert chat(connections=10, absent=5).verdicts()["ran"] == "pass"  # half is not more than half
    assert chat(**echo, thresholds={"reach": 0.05}).verdicts()["ran"] == "pass"  # whoever asks for little has it
    assert chat(**echo, cpu=1.0).verdicts()["ran"] == "pass"  # a busy generator may have lost them
    assert chat(**echo, interrupted=True).verdicts()["ran"] == "unknown"


def test_messages_that_failed_are_told_once(chat):
    found = chat(mode="echo", errors={"closed-1011": 60}).findings()
    assert found["ran"].title == "chat: 1800 of 3000 messages failed, more than half of them"
    assert "errors" not in found
    assert "errors" in chat(mode="echo", errors={"closed-1011": 40}).findings()
    assert "refused" not in chat(refused={"refused": 500}).findings()
    none = chat(mode="echo", excluded=500, errors={"closed-1006": 100}).findings()
    assert not {"joins", "errors"} & none.keys()  # nobody was there who could have sent them
    assert "errors" in chat(mode="echo", excluded=300, errors={"closed-1006": 10}).findings()


def test_a_reach_that_is_nearly_one_is_not_one(chat):
    title = chat(connections=1000, rate=10, seconds=60, thresholds={"reach": 1.0}, absent=0,
                 extra=[]).findings()["reach"].title  # fmt: skip
    assert title == "chat: reach is 1, asked for at least 1"
    run = chat(connections=400, rate=10, absent=1, thresholds={"reach": 1.0})
    assert run.findings()["reach"].title == "chat: reach is 0.9975, asked for at least 1"
    assert "300 of 120000 deliveries did not come" in run.findings()["reach"].detail


def test_an_echo_has_requests_and_no_reach(chat):
    run = chat(mode="echo", rate=200, errors={"closed-1011": 1}, thresholds={"reach": 1.0, "p95_ms": 50})
    found = run.entry()
    assert (found.requests, found.errors) == (6000, {"closed": 30})
    assert found.reach is None
    assert found.delivery_ms is None
    assert run.findings()["reach"].reason.value == "not-exercised"
    assert run.verdicts()["p95_ms"] == "pass"
    missing = run.part().not_measured
    assert missing["websocket.chat.reach"] == "nothing is broadcast in this mode"
    assert not [path for path in missing if path.startswith("load.")]


def test_the_generator_comes_first(chat):
    run = chat(lag_ms=40.0, thresholds={"p99_ms": 100, "reach": 1.0, "connect_p95_ms": 100})
    found = run.findings()
    assert found["generator"].reason.value == "invalid"
    assert {found[name].reason.value for name in ("reach", "connect_p95_ms")} == {"invalid"}
    assert not run.entry().generator.valid


def test_lateness_is_measured_by_what_is_asked_of_deliveries(chat):
    strict = chat(lag_ms=4.0, delivery_ms=4.0, thresholds={"delivery_p99_ms": 10})
    assert strict.findings()["generator"].reason.value == "invalid"
    assert chat(lag_ms=4.0, delivery_ms=4.0, thresholds={"delivery_p99_ms": 500}).verdicts()["generator"] == "pass"


def test_the_same_limit_may_have_both_names(chat):
    run = chat(thresholds={"p99_ms": 2, "delivery_p99_ms": 100})
    assert (run.verdicts()["p99_ms"], run.verdicts()["delivery_p99_ms"]) == ("fail", "pass")
    assert set(run.entry().thresholds) == {"p99_ms", "delivery_p99_ms"}


def test_connections_that_are_not_made(chat):
    few = chat(refused={"status-503": 20}, thresholds={})
    assert few.findings()["refused"].title == "chat: 20 of 500 connections were not made"
    assert few.verdicts()["ran"] == "pass"
    assert chat(refused={"status-503": 300}).verdicts()["ran"] == "fail"
    none = chat(refused={"refused": 500}).findings()["ran"]
    assert none.title == "chat: not one of 500 connections was made"
    assert none.verdict.value == "fail"


def test_what_the_subject_ends_is_told(chat):
    found = chat(closes={"1011": 9, "1000": 400}).findings()["closes"]
    assert found.title == "chat: the subject ended 409 of 500 connections"
    assert found.detail.startswith("by close code: 400 with 1000, 9 with 1011; ")
    assert chat(closes={"1011": 9}).findings()["closes"].detail == "by close code: 9 with 1011"


def test_a_normal_close_is_told_unless_connections_are_to_come_back(chat):
    idle = chat(closes={"1000": 499}).findings()["closes"]
    assert idle.title == "chat: the subject ended 499 of 500 connections"
    assert "taken for idle" in idle.detail
    assert "taken for idle" not in chat(mode="echo", closes={"1001": 400}).findings()["closes"].detail
    assert "closes" not in chat(closes={"1001": 400}, does={"reconnect_s": 0.5}).verdicts()
    assert "closes" in chat(closes={"1011": 400}, does={"reconnect_s": 0.5}).verdicts()
    after = [SocketSecond(0, 30, 0, 0, closes={"1001": 500})]
    assert "closes" not in chat(extra=after).verdicts()


@pytest.mark.parametrize(
    ("mode", "counts", "title"),
    [
        ("broadcast", {"foreign": 7}, "7 messages came to connections of another room"),
        ("echo", {"foreign": 7}, "7 messages came to another connection than the one that had sent them"),
        ("echo", {"again": 7}, "7 messages came back more than once"),
        ("echo", {"changed": 7}, "7 of 3000 messages came back changed"),
        ("echo", {"retyped": 7}, "7 of 3000 binary messages came back as text"),
        ("echo", {"pings": 50}, "50 of 50 pings had no pong"),
    ],
)
def test_what_comes_to_the_wrong_one_or_in_another_way_is_advice(chat, mode, counts, title):
    (name,) = counts
    does = {"binary": True}
    found = chat(mode=mode, does=does, extra=[SocketSecond(0, 3, 0, 0, **counts)]).findings()[name]
    assert found.title == f"chat: {title}"
    assert (found.verdict.value, found.required) == ("fail", False)
    assert name not in chat(mode=mode, does=does).verdicts()


def test_what_does_not_go_through_is_told_with_how_connections_ended(chat):
    ended = [SocketSecond(0, 3, 0, 0, closes={"1009": 500})]
    found = chat(mode="echo", errors={"closed-1009": 100}, does={"fragments": 3}, extra=ended).findings()["ran"]
    assert found.verdict.value == "fail"
    assert "500 connections ended with 1009: a message too big" in found.detail
    assert "each was sent in 3 frames (--fragments): do they go through otherwise?" in found.detail


def test_a_late_generator_breaks_no_frames(chat):
    late = {"mode": "echo", "errors": {"closed-1007": 90}, "lag_ms": 900.0}
    assert chat(**late).verdicts()["ran"] != "fail"
    found = chat(**late, own_closes={"1007": 450}).findings()["ran"]
    assert found.verdict.value == "fail"
    assert "450 connections ended with 1007" in found.detail


def test_who_changes_every_echo_means_to(chat):
    assert "changed" not in chat(mode="echo", extra=[SocketSecond(0, 3, 0, 0, changed=3000)]).verdicts()
    assert "changed" in chat(mode="echo", extra=[SocketSecond(0, 3, 0, 0, changed=2900)]).verdicts()


def test_text_that_comes_as_binary_is_still_text(chat):
    assert "retyped" not in chat(mode="echo", extra=[SocketSecond(0, 3, 0, 0, retyped=3000)]).verdicts()


def test_pings_are_missing_once_their_time_is_over(chat):
    slow = [SocketSecond(0, 3, 0, 0, pings=50, pongs=40)]  # ten are under way
    assert "pings" not in chat(mode="echo", extra=slow).verdicts()
    late = [*slow, chat.piece("ping", 5000.0, 10, 3, "timeout")]
    assert chat(mode="echo", extra=late).findings()["pings"].title == "chat: 10 of 50 pings had no pong"


def test_it_is_said_at_how_many_receivers_something_is_missing(chat):
    ended = [SocketSecond(0, 30, 0, 0, served=400, short=60, unserved=40)]
    lost = chat(absent=1, thresholds={"reach": 1.0}, extra=ended).findings()["reach"].detail
    assert lost.endswith("did not come: 60 of 500 receivers missed a part and 40 of 500 receivers had nothing")
    most = chat(absent=400, extra=[*ended, Membership(0, 500, slow=7)]).findings()["ran"].detail
    assert "had nothing, beside 7 that read slowly on purpose: does the subject wait for these" in most
    told = chat(absent=1, extra=ended).findings()["lost"].detail
    assert told.startswith("60 of 500 receivers missed a part and 40 of 500 receivers had nothing; ")


def test_an_interrupted_run_proves_no_limit_met(chat):
    run = chat(interrupted=True, absent=1, thresholds={"reach": 0.5, "lost": 0})
    assert run.findings()["reach"].reason.value == "inconclusive"
    assert run.verdicts()["lost"] == "fail"


def test_a_scenario_that_never_began_has_only_its_thresholds(chat):
    found = chat(begins=False, thresholds={"reach": 1.0, "p95_ms": 5}).part()
    assert {one.id for one in found.findings} == {"websocket.chat.reach", "websocket.chat.p95_ms"}
    assert {one.reason.value for one in found.findings} == {"not-exercised"}


def test_other_thresholds_for_all_are_those_that_a_scenario_knows(chat):
    assert set(chat(slo={"reach": 1.0, "p95_ms": 100}).entry().thresholds) == {"reach", "p95_ms"}
    plain = LoadSpec(name="x", shape={"kind": "constant", "rate": 1, "duration": 1})
    plan = Plan(name="p", root=".", steps=(Step("load:x", "load", plain),))
    part = load(MemoryEvidence(plan, [], slo={"reach": 1.0, "p95_ms": 100}))
    assert [one.id for one in part.findings] == ["load.x.p95_ms"]


def test_all_is_told_under_this_check(chat):
    part = chat(absent=1, closes={"1006": 100}, thresholds={"p95_ms": 1}).part()
    assert part.load is None
    assert {one.check for one in part.findings} == {"websocket"}
    assert all(one.id.startswith("websocket.chat.") for one in part.findings)


def test_handshakes_that_failed_are_told_with_what_was_said(chat):
    said = [
        Exemplar("echo", "tls", 0, 0, 0, 1, "of a message"),
        Exemplar("connect", "tls", 0, 0, 0, 1, "self-signed certificate"),
    ]
    detail = chat(refused={"tls": 500}, extra=said).findings()["ran"].detail
    assert detail.startswith("500 tls (self-signed certificate); the certificate of a CA of your own")
    assert "--no-verify" in detail
    said = [Exemplar("connect", "status-503", 0, 0, 0, 1, "status 503: full")]
    assert chat(refused={"status-503": 20}, extra=said).findings()["refused"].detail == "20 status-503 (full)"


@pytest.mark.parametrize(
    ("outcome", "said", "hint"),
    [
        ("refused", "Connection refused", "is the service running"),
        ("status-403", "", "look at the path"),
        ("status-404", "", "nothing is at this path"),
        ("status-200", "ok", "look at the path"),
        ("tls", "WRONG_VERSION_NUMBER", "ws:// in place of wss://"),
    ],
)
def test_a_refusal_names_what_it_usually_comes_from(chat, outcome, said, hint):
    extra = [Exemplar("connect", outcome, 0, 0, 0, 1, said)]
    detail = chat(refused={outcome: 500}, extra=extra).findings()["ran"].detail
    assert detail.startswith(f"500 {outcome}")
    assert hint in detail
    assert ("SSL_CERT_FILE" in detail) is False


def test_a_late_generator_does_not_hide_that_nothing_went_through(chat):
    late = {"mode": "echo", "rate": 200, "lag_ms": 40.0, "cpu": 1.0}
    run = chat(errors={"closed-1006": 200}, **late)
    assert run.findings()["generator"].reason.value == "invalid"
    assert run.findings()["ran"].verdict.value == "fail"
    assert run.findings()["ran"].title == "chat: not one of 6000 messages went through"
    assert chat(errors={"closed-1006": 150}, **late).verdicts()["ran"] != "fail"
    assert chat(errors={"closed-1006": 200}, interrupted=True, **late).verdicts()["ran"] == "unknown"
    assert chat(excluded=500, cpu=1.0).findings()["ran"].verdict.value == "fail"


def test_a_late_generator_is_no_reason_where_nothing_went_through(chat):
    look = ProcessLook(7, "uvicorn", 0.1, listens=True)
    looks = [VitalsDetail(second * 1_000_000_000, (look,)) for second in range(30)]
    late = {"mode": "echo", "rate": 200, "cpu": 1.0, "extra": looks}
    blamed = chat(errors={"closed-1006": 150}, **late).findings()["limited_by"]
    assert "generator" in blamed.title
    assert (blamed.verdict.value, blamed.reason.value) == ("unknown", "invalid")  # no failure of the subject's
    assert "limited_by" not in chat(errors={"closed-1006": 200}, **late).findings()


def test_who_was_never_let_in_is_told(chat):
    found = chat(excluded=20).findings()["joins"]
    assert found.title == "chat: 20 of 500 connections were open and never took part"
    assert found.detail == "the protocol's welcome, or the answer to join, did not come in 5 s"
    assert not found.required
    ran = chat(excluded=500, extra=[Exemplar("join", "timeout", 0, 0, 0, 1, "no entry")]).findings()["ran"]
    assert ran.verdict.value == "fail"
    assert ran.detail.endswith("in 5 s; it said: no entry")
    made = Histogram()
    made.record(2_500_000_000, 500)
    times = made.sparse(), made.sparse(), made.max_ns, made.max_ns
    late = [LoadSlice(0, 1, "join", "unfinished", 500, *times), Exemplar("join", "unfinished", 0, 0, 0, 1, "no entry")]
    ran = chat(extra=late).findings()["ran"]
    assert ran.title == "chat: 500 of 500 connections were open and never took part"
    assert ran.detail.endswith("did not come before the run ended; it said: no entry")


def test_what_the_generator_needs_by_itself_is_not_the_subjects(chat):
    own = Histogram()
    for _ in range(100):
        own.record(3_000_000)
    known = Calibrated(connections=4, most_rate=5000, cpu_ns=2e5, response=own.sparse(), max_response_ns=own.max_ns)
    limits = {"p50_ms": 3.5}  # 4 ms were seen, and 3 ms of them may be this side's
    assert chat(mode="echo", thresholds=limits).verdicts()["p50_ms"] == "fail"
    found = chat(mode="echo", thresholds=limits, known=[known]).findings()
    assert (found["p50_ms"].verdict.value, found["p50_ms"].reason.value) == ("unknown", "invalid")
    assert "generator's own" in found["calibration"].title
    entry = chat(mode="echo", known=[known]).entry()
    assert entry.generator.calibration.p50_ms == pytest.approx(3.0, rel=2e-3)


def test_of_a_broadcast_only_the_reach_is_known(chat):
    known = Calibrated(connections=256, most_rate=150.0, cpu_ns=1e9 / 150)
    found = chat(thresholds={"p50_ms": 3.5}, known=[known])
    assert found.verdicts()["p50_ms"] == "fail"
    calibration = found.entry().generator.calibration
    assert (calibration.most_rate, calibration.p50_ms) == (150.0, None)


def test_what_no_generator_can_have_done_the_subject_did(chat):
    run = {"lag_ms": 50.0, "absent": 1, "extra": [Disorder(0, 5, (0,), (3,), (2,))]}
    limits = {"reach": 1.0, "duplicated": 0, "reordered": 5}
    found = chat(thresholds=limits, **run).verdicts()
    assert {name: found[name] for name in limits} == {"reach": "unknown", "duplicated": "fail", "reordered": "unknown"}


def test_handshakes_are_kept_by_the_second_in_which_they_ended(chat):
    """From the first on, which lies before the schedule."""
    values, most = Histogram(), 40_000_000
    values.record(most, 7)
    later = LoadSlice(0, 2, "connect", "ok", 7, values.sparse(), values.sparse(), most, most)
    heat = chat(connections=50, extra=[later]).entry().connect_heat
    assert [sum(counts) for counts in heat.counts] == [50, 0, 0, 7]
    assert heat.first[3] > heat.first[0]  # slower


def test_an_entry_says_where_its_connections_went_and_no_secret(chat):
    assert chat().entry().url == "ws://127.0.0.1:1"
    spec = LoadSpec(name="chat", shape={}, requests=(RequestSpec(path="/rooms/a?token=abcdef123456"),))
    found = place("ws://127.0.0.1:1/", spec)
    assert found.startswith("ws://127.0.0.1:1/rooms/a?")
    assert "abcdef123456" not in found


def test_connections_that_this_side_could_not_make_are_nobodys_fault(chat):
    said = [Exemplar("connect", "own-fault", 0, 0, 0, 1, "Too many open files")]
    assert "refused" not in chat(refused={"own-fault": 20}).findings()
    for refused in ({"own-fault": 20}, {"own-fault": 500}):
        ran = chat(refused=refused, extra=said).findings()["ran"]
        assert (ran.verdict.value, ran.reason.value) == ("unknown", "invalid")
        assert ran.title.endswith("of 500 connections failed on this side")
        assert "own-fault (Too many open files); raise the descriptor limit" in ran.detail


def test_connections_that_this_side_had_to_end_are_told(chat):
    assert "protocol" not in chat(own_closes={"1000": 500, "1006": 4}).findings()
    found = chat(own_closes={"1000": 497, "1009": 1, "1002": 2}).findings()["protocol"]
    assert found.title == "chat: 3 connections were ended by this side because of what the subject did"
    assert "2 with 1002: it sent frames" in found.detail
    assert "1 with 1009: it sent a message of more than max_message_bytes" in found.detail
    assert not found.required
    assert "did not answer a close" in chat(own_closes={"1006": 100}).findings()["protocol"].detail


def test_data_behind_the_subjects_close_frame_is_told(chat):
    assert "after_close" not in chat(closes={"1001": 3}).findings()
    found = chat(extra=[SocketSecond(0, 3, 500, 0, after_close=2), SocketSecond(1, 3, 0, 0, after_close=1)])
    told = found.findings()["after_close"]
    assert told.title == "chat: on 3 connections the subject sent data after its own close frame"
    assert not told.required
    assert found.entry().sockets.after_close == 3
