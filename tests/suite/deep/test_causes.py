"""Which causes are found, and which are not made up: on models whose truth is known, and in real processes."""

from __future__ import annotations

import datetime as dt
import random
import time

import pytest

from brinell.core.examination import Exam
from brinell.core.flaky_rates import ALPHA, LEVELS, missed
from brinell.suite.deep import seeds
from brinell.suite.deep.causes import ENVIRONMENT
from brinell.suite.deep.conditions import AtStart, InChild
from brinell.suite.deep.dates import special
from brinell.suite.deep.timing import LATE, RACES, WAITS


def at(level):
    return dt.datetime.fromisoformat(level["at"])


def suite(models, *tests):
    return [*tests, *(models.T() for _ in range(5))]


NOWS = (dt.datetime(2026, 11, 18, 12, 34, 56), dt.datetime(2027, 12, 30, 1, 15))  # noqa: DTZ001 - local time, as tests do
"""Moments at which none of these tests would fail by itself: on the last day of a month, or at midnight, some would."""


@pytest.fixture(params=NOWS, ids=str)
def now(request, monkeypatch):
    monkeypatch.setattr("brinell.suite.deep.dates._now", lambda: request.param)
    return request.param


@pytest.mark.parametrize(
    ("fails", "cause", "verdict"),
    [
        (lambda when, _: when.hour == 0, "time-of-day", "nondeterministic"),
        (lambda when, _: when.hour == 2 and when.minute < 30, "time-of-day", "nondeterministic"),
        (lambda when, _: when.hour >= 23, "time-of-day", "nondeterministic"),
        (lambda when, _: (when + dt.timedelta(days=1)).day == 1, "date", "nondeterministic"),
        (lambda when, _: (when.month, when.day) == (2, 29), "date", "nondeterministic"),
        (lambda when, now: when.weekday() == 4 and when - now > dt.timedelta(days=12), "date", None),
        (lambda when, now: when.year > now.year + 6, "date", None),
        (lambda when, now: when - now > dt.timedelta(days=20), "date", None),
    ],
)
def test_a_moment_of_the_calendar_is_found_and_named(models, now, fails, cause, verdict):
    assert not fails(now, now)
    done = models.examine(suite(models, models.T(factors={"clock": lambda level: fails(at(level), now)})))
    trust = done.trust(0)
    assert trust.cause == cause
    assert verdict in (None, trust.verdict)
    assert [test for test in range(6) if done.trust(test).cause] == [0]


def test_what_fails_wherever_the_clock_is_moved_to_does_not_mind_the_calendar(models, now):
    done = models.examine(suite(models, models.T(factors={"clock": lambda level: at(level) > now})))
    assert done.trust(0).cause is None


def test_a_zone_that_a_moment_is_in_is_no_date(models):
    done = models.examine(suite(models, models.T(factors={"clock": lambda level: "tz" in level})))
    assert done.trust(0).cause is None


@pytest.mark.parametrize(("factor", "cause"), [("umask", "umask"), ("tz", "time-zone"), ("locale", "locale")])
def test_what_is_read_while_modules_are_imported_shows_in_processes_that_start_so(models, factor, cause):
    done = models.examine(suite(models, models.T(imports={factor: lambda _: True})))
    assert (done.trust(0).verdict, done.trust(0).cause) == ("stable", cause)
    assert [test for test in range(6) if done.trust(test).cause] == [0]


def test_the_encoding_of_a_plain_locale_shows_in_processes_that_start_so(models):
    done = models.examine(suite(models, models.T(imports={"locale": lambda level: level == "C"})))
    seen = done.trust(0).factors[0]
    assert (seen.factor, seen.level) == ("locale", "C")


@pytest.mark.parametrize("one_in", [6, 8, 12, 20])
@pytest.mark.parametrize("factor", ["rng", "entropy"])
def test_a_rare_seed_is_found(models, factor, one_in):
    bad = set(random.Random(one_in).sample(range(1, 60), 59 // one_in))  # noqa: S311 - a model
    done = models.examine(suite(models, models.T(factors={factor: lambda seed: seed in bad})))
    assert (done.trust(0).verdict, done.trust(0).cause) == ("nondeterministic", "random-seed")


def test_so_many_seeds_are_tried_that_few_are_missed():
    assert missed(1 / 20, seeds._SEEDS) <= 0.05
    assert missed(1 / 6, seeds._HASH_SEEDS) <= 0.02


def test_no_more_levels_are_tried_on_a_flake_than_its_error_is_shared_among():
    tried = sum(len(levels) for levels in ENVIRONMENT.values()) + len([*WAITS, *RACES, *LATE]) + 2 * len(special())
    others = ("hash", "rng", "entropy", "beside", "date")
    assert tried + len(others) <= LEVELS
    assert pytest.approx(0.01) == ALPHA * LEVELS


@pytest.mark.parametrize("p", [0.5, 0.2, 0.9])
def test_a_pure_flake_gets_no_cause(models, p):
    for seed in range(12):
        done = models.examine(suite(models, models.T(p=p)), seed=seed)
        assert done.trust(0).cause is None
        tried = [exam.factors for exam in done.records if isinstance(exam, Exam) and exam.purpose == "factor umask"]
        assert not tried  # it is the same in all runs here, so that it can't be why they differ


def test_the_cheapest_questions_come_first(models):
    order = [exam.purpose for exam in models.examine(suite(models)).records if isinstance(exam, Exam)]
    first = {purpose: order.index(purpose) for purpose in reversed(order)}
    forked = [first["screen rng, entropy"], min(first[one] for one in first if one.startswith("screen tz"))]
    assert max(*forked, first["screen clock"]) < first["screen hash"] < first["screen start"]


def test_seeds_are_held_where_processes_are_compared(models):
    done = models.examine(suite(models, models.T(factors={"hash": lambda seed: seed in {2, 5}})))
    assert done.trust(0).cause == "hash-seed"
    way = AtStart(done.examiner, done.lab)
    for job in (way.job([0], {}), way.job([0], {"locale": "C"})):
        assert (job.env["PYTHONHASHSEED"], job.conditions) == ("1", {"rng": 1})
    assert "PYTHONHASHSEED" not in way.job([0], {}, hash_seed=3).env


def test_a_locale_has_the_time_to_be_compiled(models):
    examiner = models.examine(suite(models)).examiner
    plain, compiled = (InChild(examiner).job([0], levels) for levels in ({}, {"locale": "de_DE.UTF-8", "umask": "077"}))
    assert compiled.deadline_s == plain.deadline_s + 60
    assert compiled.stall_s == plain.stall_s + 60


@pytest.mark.prove
def test_a_name_that_is_saved_in_the_encoding_of_the_locale(real):
    done = real(
        tests__test_a="""
            def test_name(tmp_path):
                with open(tmp_path / "name", "w") as file: file.write("Zo\\u00eb")
            def test_name_as_utf_8(tmp_path):
                with open(tmp_path / "name", "w", encoding="utf-8") as file: file.write("Zo\\u00eb")
        """,
        tests=("test_name", "test_name_as_utf_8"), factors={"locale": "C"}, budget_s=600.0,
    )  # fmt: skip
    trust = done.trust("test_name")
    assert (trust.verdict, trust.cause, trust.confirmed) == ("stable", "locale", True)
    assert trust.env["PYTHONUTF8"] == "0"
    assert done.trust("test_name_as_utf_8").cause is None


def test_a_low_limit_of_descriptors(real):
    files = {
        "tests__test_many": """
            import os
            def test_many():
                handles = []
                try:
                    for _ in range(80): handles.append(os.dup(0))
                finally:
                    for handle in handles: os.close(handle)
            def test_few():
                os.close(os.dup(0))
        """,
    }  # fmt: skip
    done = real(tests=("test_many", "test_few"), factors={"nofile": 64}, budget_s=600.0, **files)
    assert (done.trust("test_many").cause, done.trust("test_many").confirmed) == ("descriptors", True)
    assert done.trust("test_few").cause is None


@pytest.fixture
def noon(monkeypatch):
    """Local time is between noon and one: the hour does not end while a test runs, nor the day."""
    hour = dt.datetime.now(dt.UTC).hour
    with monkeypatch.context() as patch:
        patch.setenv("TZ", f"LCL{hour - 12:+d}")  # POSIX: hours to the west
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("noon")
def test_a_time_of_day_in_real_children(real):
    done = real(
        tests__test_a="""
            from datetime import datetime, timedelta
            HOUR = timedelta(hours=1)
            def test_an_hour_ago_is_today(): assert (datetime.now() - HOUR).date() == datetime.now().date()
            def test_an_hour_is_an_hour(): assert datetime.now() - HOUR < datetime.now()
        """,
        tests=("test_an_hour_ago_is_today", "test_an_hour_is_an_hour"),
        factors={"clock": {"at": "2027-01-05T00:00:30", "moment": "midnight"}}, budget_s=600.0,
    )  # fmt: skip
    assert done.trust("test_an_hour_ago_is_today").cause == "time-of-day"
    assert done.trust("test_an_hour_is_an_hour").cause is None
