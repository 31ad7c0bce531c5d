from __future__ import annotations

import msgspec
import pytest

from brinell.core.load_judgement import ErrorSaid
from brinell.core.verdicts import Exit, Owner, Verdict
from brinell.reports import outline
from brinell.reports.figures import MISSING


def test_the_verdict_is_a_word_and_a_clause_that_counts_required_findings_only(build):
    word, clause = outline.sentence(build.realistic())
    assert word == "NOT READY"
    assert clause == "2 of 5 required findings failed; 3 bugs: 1 P0, 1 P2, 1 P3"


def test_ready(build):
    assert outline.sentence(build.passing()) == ("READY", "all 2 required findings passed")


def test_one_finding_is_called_one(build):
    judgement = build.passing()
    one = msgspec.structs.replace(judgement, findings=judgement.findings[:1])
    assert outline.sentence(one)[1] == "the one required finding passed"


def test_nothing_required_is_nothing_proved_and_a_killed_run_says_so(build):
    word, clause = outline.sentence(build.empty())
    assert word == "NOT PROVED"
    assert clause == "nothing was required, so nothing was proved; the run was killed after 0 of 1 step"


def test_a_failure_of_the_environment_is_named_as_one(build):
    judgement = build.realistic()
    run = msgspec.structs.replace(judgement.run, exit_code=int(Exit.INFRASTRUCTURE))
    assert "test infrastructure" in outline.sentence(msgspec.structs.replace(judgement, run=run))[1]


def test_what_advises_never_stands_among_what_is_required(build):
    found = build.realistic()
    required = [f.id for f in outline.chosen(found, Verdict.FAIL, required=True)]
    assert required == ["suite.outcomes", "load.browse.p95_ms"]
    assert [f.id for f in outline.chosen(found, Verdict.FAIL, required=False)] == ["suite.regression"]


def test_bugs_stand_most_urgent_first_then_those_with_most_tests(build):
    judgement = build.realistic()
    mixed = msgspec.structs.replace(judgement, bugs=judgement.bugs[::-1])
    assert [bug.severity for bug in outline.bugs_in_order(mixed)] == ["P0", "P2", "P3"]


def test_a_test_in_two_bugs_belongs_to_the_more_urgent_one(build):
    judgement = build.realistic()
    first, second, third = judgement.bugs
    shared = msgspec.structs.replace(third, tests=first.tests)
    found = outline.bug_of_test(msgspec.structs.replace(judgement, bugs=(shared, second, first)))
    assert found[first.tests[0]].id == first.id


def test_the_size_of_a_tie_is_told(build):
    assert outline.location(build.realistic().bugs[1]) == "src/shop/webhooks.py:19 deliver, tied with 4 others"


def test_thresholds_put_the_failed_ones_first_and_an_unheard_of_verdict_is_unknown(build):
    load = build.realistic().load[0]
    rows = outline.thresholds(load)
    assert rows[0] == ("p95_ms", "612.4", "500", Verdict.FAIL)
    odd = msgspec.structs.replace(load, thresholds={"x": {"limit": 1.0, "observed": None, "verdict": "green"}})
    assert outline.thresholds(odd)[0][3] is Verdict.UNKNOWN


def test_thresholds_of_bytes_are_whole_numbers(build):
    row = {"limit": 8_388_608, "observed": 131_072.0, "verdict": "pass"}
    load = msgspec.structs.replace(build.realistic().load[0], thresholds={"memory_growth_bytes": row})
    assert outline.thresholds(load) == [("memory_growth_bytes", "131,072", "8,388,608", Verdict.PASS)]
    unknown = msgspec.structs.replace(load, thresholds={"memory_growth_bytes": {**row, "observed": None}})
    assert outline.thresholds(unknown)[0][1] == MISSING


def test_every_reason_has_advice(build):
    assert set(outline.ADVICE) == set(build.Reason)


def test_statuses_stand_in_the_place_of_their_kind(build):
    load = msgspec.structs.replace(
        build.realistic().load[0], errors={"status": 30, "timeout": 6}, statuses={"500": 10, "503": 20}
    )
    assert outline.errors(load) == [("status 503", 20), ("status 500", 10), ("timeout", 6)]


def test_statuses_that_do_not_add_up_are_left_alone(build):
    load = msgspec.structs.replace(build.realistic().load[0], errors={"status": 30}, statuses={"503": 20})
    assert outline.errors(load) == [("status", 30)]


def test_when_errors_were_seen(build):
    load = msgspec.structs.replace(build.realistic().load[0], error_seconds={"status 503": (3, 29), "timeout": (4, 4)})
    told = [outline.error_when(load, kind) for kind in ("status 503", "timeout", "reset")]
    assert told == ["3 to 29 s", "at 4 s", ""]


def test_what_failed_requests_said(build):
    said = (
        ErrorSaid(kind="reset", text="closed", count=7, first_s=0.5, last_s=2.0),
        ErrorSaid(kind="check", text="no id", count=1, first_s=3.04, last_s=3.04),
    )
    load = msgspec.structs.replace(build.realistic().load[0], error_texts=said)
    assert outline.error_texts(load) == [("reset", "closed", 7, "0.5 to 2.0 s"), ("check", "no id", 1, "at 3.0 s")]


def test_owners_are_all_known_to_the_reports():
    assert {owner.value for owner in Owner} == {"product", "infrastructure", "undecided"}


@pytest.mark.parametrize(
    ("xdist", "forked", "told"),
    [(0, 0, ""), (2, 0, "2 xdist workers"), (0, 1, "1 forked worker"), (0, 4, "4 forked workers")],
)
def test_workers_are_told_by_their_kind(build, xdist, forked, told):
    suite = msgspec.structs.replace(build.realistic().suite, xdist_workers=xdist, workers=forked)
    assert outline.workers(suite) == told


def test_the_speed_up_is_told_with_both_times_and_not_at_all_where_it_is_not_known(build):
    suite = build.realistic().suite
    assert outline.speed_up(suite) == ""
    both = msgspec.structs.replace(suite, serial_seconds=22.0, parallel_seconds=12.0, parallel_speedup=1.833)
    assert outline.speed_up(both) == "1.83 times as fast: 12.0 s instead of 22.0 s"
