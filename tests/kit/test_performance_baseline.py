"""The times that are written: a fixture that sleeps is found and named, a slower machine is no regression."""

from __future__ import annotations

import json

import pytest

from brinell.kit.performance_baseline import BASELINE, NAME, UPDATE, noise, performance_baseline, performance_test

SLEEPY = """
import time
import pytest

@pytest.fixture
def database():
    time.sleep(0.0)

@pytest.mark.parametrize("n", range(6))
def test_rows(database, n):
    assert n >= 0
"""
TESTS = {f"tests/test_rows.py::test_rows[{n}]": (0.01, 0.001, 0.001) for n in range(6)}
UNHURRIED = 1000.0  # seconds of calibration: whatever machine this is, it is not slower


def write(project, judgement, calibration_s=UNHURRIED):
    project.guard(NAME, performance_test(judgement))
    project.guard(BASELINE, performance_baseline(judgement, calibration_s))


def slow_down(project):
    project.replace("test_rows.py", "sleep(0.0)", "sleep(0.25)")


@pytest.fixture
def guarded(project, of):
    project.write("test_rows.py", SLEEPY)
    write(project, of.judgement(suite=of.suite(dict.fromkeys(TESTS, (0.01, 0.01, 0.01)))))
    return project


def test_the_same_suite_passes(guarded):
    status, said = guarded.pytest()
    assert (status, "7 passed" in said) == (0, True), said


@pytest.mark.prove
def test_a_fixture_that_sleeps_fails_and_is_named(guarded):
    slow_down(guarded)
    status, said = guarded.pytest()
    assert (status, "6 passed" in said) == (1, True), said
    assert "the suite took" in said
    assert "fixture database:" in said


@pytest.mark.prove
def test_other_plugins_order_does_not_matter(guarded):
    slow_down(guarded)
    status, said = guarded.pytest(plugins="yes")
    assert (status, "fixture database:" in said) == (1, True), said


def test_a_slower_machine_may_take_longer(guarded, of):
    slow_down(guarded)
    write(guarded, of.judgement(suite=of.suite(dict.fromkeys(TESTS, (0.01, 0.01, 0.01)))), calibration_s=1e-9)
    assert guarded.pytest()[0] == 0


def test_what_is_slow_once_and_not_again_does_not_fail(project, of):
    once = 'import pathlib, time\nMARK = pathlib.Path("ran")\n'
    body = "    if not MARK.exists():\n        MARK.touch()\n        time.sleep(1.5)\n"
    project.write("test_rows.py", f"{once}def test_rows():\n{body}")
    write(project, of.judgement(suite=of.suite({"tests/test_rows.py::test_rows": (0.1, 0.1, 0.1)})))
    status, said = project.pytest()
    assert (status, "run again, its tests are not" in said) == (0, True), said


@pytest.mark.parametrize(
    "arguments",
    [
        (
            "-k",
            "rows and 3 or baseline",
        ),
        ("tests/hardening",),
    ],
)
def test_a_part_of_the_suite_says_nothing(guarded, arguments):
    slow_down(guarded)
    status, said = guarded.pytest(*arguments)
    assert (status, "tests passed here" in said) == (0, True), said


def test_workers_say_nothing(guarded):
    slow_down(guarded)
    status, said = guarded.pytest("-p", "xdist", "-n", "1")
    assert (status, "a part of the suite only" in said) == (0, True), said


@pytest.mark.prove
def test_a_baseline_of_an_unknown_machine_says_nothing_until_a_session_here_has_written_one(guarded, of):
    write(guarded, of.judgement(suite=of.suite(TESTS)), calibration_s=None)
    status, said = guarded.pytest()
    assert (status, f"{UPDATE}=1 pytest makes one" in said) == (0, True), said
    guarded.pytest(**{UPDATE: "1"})
    here = json.loads((guarded.guards / BASELINE).read_text())
    assert 0 < here["calibration_seconds"] < 10
    assert here["tests"].keys() == TESTS.keys()
    assert here["fixtures"].keys() >= {"database"}
    assert guarded.pytest()[0] == 0
    slow_down(guarded)
    status, said = guarded.pytest()
    assert (status, "fixture database: 0.0" in said) == (1, True), said


@pytest.mark.prove
def test_property_tests_have_a_test_of_their_own(project, of):
    project.write("test_rows.py", SLEEPY.replace("sleep(0.0)", "sleep(0.25)") + "\ndef test_other(): pass\n")
    seconds = dict.fromkeys(TESTS, (0.01, 0.01, 0.01))
    seconds["tests/test_rows.py::test_other"] = (60.0, 60.0, 60.0)
    found = of.judgement(suite=of.suite(seconds), property_tests=tuple(map(of.property_test, TESTS)))
    write(project, found)
    status, said = project.pytest()
    assert (status, "the property tests took" in said, "1 failed, 8 passed" in said) == (1, True, True), said


def test_without_property_tests_there_is_no_such_test(of):
    text = performance_test(of.judgement(suite=of.suite(TESTS)))
    assert "property" not in text
    assert "property" in performance_test(of.judgement(suite=of.suite(TESTS, category="property")))


def test_noise_is_the_spread_of_the_repeats_and_at_least_a_quarter(of):
    assert noise(of.suite(TESTS)) == noise(of.suite(TESTS, (10.0, 10.1, 9.9))) == 0.25
    assert noise(of.suite(TESTS, (10.0, 12.0, 9.0))) == 0.6


def test_the_written_tests_are_no_part_of_the_baseline(of):
    guards = {f"tests/hardening/{name}::test_x": (1.0, 1.0, 1.0) for name in (NAME, "test_flaky_detection.py")}
    held = json.loads(performance_baseline(of.judgement(suite=of.suite({**TESTS, **guards})), 1.0))
    assert held["tests"].keys() == TESTS.keys()


def test_without_a_suite_there_is_no_file(of):
    assert performance_test(of.judgement()) == performance_baseline(of.judgement(), 1.0) == ""
