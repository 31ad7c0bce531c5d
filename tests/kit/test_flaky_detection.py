"""The list of known flaky tests: expected to fail until it is fixed, red when it comes back, honest about chance."""

from __future__ import annotations

import pytest

from brinell.kit.flaky_detection import NAME, flaky_detection, known_in

FILE = f"tests/hardening/{NAME}"
TEST = "tests/test_tags.py::test_first"
BY_HASH = "def test_first():\n    assert hash('a') % 2 == hash('b') % 2\n"
HALF = "import os\ndef test_first():\n    assert os.urandom(1)[0] % 2\n"
STEADY = "def test_first():\n    assert True\n"


def seed_that_fails(project):
    for seed in range(1, 50):
        if project.pytest(TEST, PYTHONHASHSEED=str(seed))[0] == 1:
            return seed
    raise AssertionError("no seed of 49")


def fix_it(project):
    project.replace(f"hardening/{NAME}", "fixed=False", "fixed=True")


@pytest.fixture
def by_hash(project, of):
    project.write("test_tags.py", BY_HASH)
    seed = seed_that_fails(project)
    found = of.flaky(
        TEST, "nondeterministic", cause="hash-seed",
        factors=of.factor("hash", seed, f"PYTHONHASHSEED={seed} pytest --randomly-dont-reorganize {TEST}"),
    )  # fmt: skip
    project.guard(NAME, flaky_detection(of.judgement(flaky=(found,))))
    return project


def test_one_run_decides_where_a_hash_seed_shows_it(by_hash):
    text = by_hash.guards.joinpath(NAME).read_text()
    assert "certain=True" in text
    assert "nondeterministic: hash seed" in text
    status, said = by_hash.pytest(FILE)
    assert (status, "1 xfailed" in said) == (0, True), said
    fix_it(by_hash)
    status, said = by_hash.pytest(FILE)
    assert (status, f"{TEST} failed in 2 of 2 fresh processes" in said) == (1, True), said


def test_the_list_turns_red_once_it_is_fixed(by_hash):
    by_hash.write("test_tags.py", STEADY)
    status, said = by_hash.pytest(FILE)
    assert (status, "XPASS(strict)" in said) == (1, True), said
    fix_it(by_hash)
    status, said = by_hash.pytest(FILE)
    assert (status, "1 passed" in said) == (0, True), said


@pytest.mark.prove
def test_chance_is_caught_by_enough_runs_and_never_turns_the_list_red_by_luck(project, of):
    project.write("test_tags.py", HALF)
    project.guard(
        NAME,
        flaky_detection(
            of.judgement(flaky=(of.flaky(TEST, "nondeterministic", failure_probability=of.share(20, 40)),))
        ),
    )
    assert "probability=0.5," in project.guards.joinpath(NAME).read_text()
    fix_it(project)
    caught = project.pytest(FILE)[0] or project.pytest(FILE)[0] or project.pytest(FILE)[0]
    assert caught == 1  # missed three times in a row: 1 in 8,000
    project.replace(f"hardening/{NAME}", "fixed=True", "fixed=False")
    project.write("test_tags.py", STEADY)
    status, said = project.pytest(FILE)
    assert (status, "1 xpassed" in said) == (0, True), said
    fix_it(project)
    assert project.pytest(FILE)[0] == 0


def test_a_single_failure_that_nothing_confirms_is_said_and_does_not_fail(project, of):
    once = "    first = not SEEN.exists()\n    SEEN.touch()\n    assert not first\n"
    project.write("test_tags.py", f"import pathlib\nSEEN = pathlib.Path('seen')\ndef test_first():\n{once}")
    found = of.flaky(TEST, "nondeterministic", failure_probability=of.share(9, 10))
    project.guard(NAME, flaky_detection(of.judgement(flaky=(found,))))
    fix_it(project)
    status, said = project.pytest(FILE)
    assert (status, "not confirmed" in said) == (0, True), said


def test_a_test_that_fails_the_second_time_runs_twice(project, of):
    project.write("test_tags.py", "SEEN = []\ndef test_first():\n    SEEN.append(1)\n    assert len(SEEN) == 1\n")
    found = of.flaky(TEST, "self-polluting", failure_probability=of.share(3, 3))
    project.guard(NAME, flaky_detection(of.judgement(flaky=(found,))))
    fix_it(project)
    status, said = project.pytest(FILE)
    assert (status, "assert 2 == 1" in said) == (1, True), said
    project.write("test_tags.py", STEADY)
    assert project.pytest(FILE)[0] == 0


def test_a_brittle_test_runs_alone(project, of):
    project.write("test_tags.py", "SEEN = []\ndef test_first():\n    assert SEEN\n")
    project.guard(NAME, flaky_detection(of.judgement(flaky=(of.flaky(TEST, "brittle"),))))
    status, said = project.pytest(FILE)
    assert (status, "1 xfailed" in said) == (0, True), said
    project.write("test_tags.py", STEADY)
    fix_it(project)
    assert project.pytest(FILE)[0] == 0


def test_a_test_that_ends_its_process_has_failed(project, of):
    project.write("test_tags.py", "import os\ndef test_first():\n    os._exit(9)\n")
    project.guard(NAME, flaky_detection(of.judgement(flaky=(of.flaky(TEST, "brittle"),))))
    fix_it(project)
    status, said = project.pytest(FILE)
    assert (status, "its process ended with 9" in said) == (1, True), said


def test_a_test_that_is_gone_fails_whatever_is_expected(project, of):
    project.write("test_tags.py", STEADY.replace("first", "second"))
    project.guard(NAME, flaky_detection(of.judgement(flaky=(of.flaky(TEST, "brittle"),))))
    status, said = project.pytest(FILE)
    assert (status, "was it renamed?" in said) == (1, True), said


def test_programs_and_variables_come_from_the_command(of):
    found = of.flaky(
        TEST, "nondeterministic", cause="time-of-day",
        factors=of.factor("clock", "midnight", f"TZ='a b' faketime '2026-11-21 23:59:59' pytest -n 0 {TEST}"),
    )  # fmt: skip
    text = flaky_detection(of.judgement(flaky=(found,)))
    assert 'env=(("TZ", "a b"),),' in text
    assert 'program=("faketime", "2026-11-21 23:59:59"),' in text
    assert "certain" not in text.split("KNOWN = [")[1].split("\n]")[0]


def test_what_only_brinell_can_set_is_run_plainly(of):
    found = of.flaky(TEST, "nondeterministic", factors=of.factor("rng", 7, f"brinell isolate {TEST} --with rng=7"))
    (known,) = written(of, found)
    assert known.env == known.program == ()
    assert not known.certain
    assert known.runs > 20


def test_stable_tests_and_victims_of_known_polluters_are_not_listed(of):
    others = (of.flaky("t.py::s", "stable", cause="umask"), of.victim("t.py::v", ("t.py::p",)))
    assert flaky_detection(of.judgement(flaky=others)) == ""
    unknown = of.flaky("t.py::v", "victim", failure_probability=of.share(1, 8))
    assert known_in(flaky_detection(of.judgement(flaky=(*others, unknown)))) == 1


def test_what_has_a_secret_in_its_id_cannot_be_run_by_it_and_is_left_out(of):
    assert flaky_detection(of.judgement(flaky=(of.flaky("t.py::t[token=[redacted]]", "brittle"),))) == ""


def written(of, *tests):
    namespace = {"__name__": "written"}
    exec(compile(flaky_detection(of.judgement(flaky=tests)), NAME, "exec"), namespace)  # noqa: S102 - what we wrote
    return namespace["KNOWN"]


@pytest.mark.parametrize("failures", range(1, 100, 7))
def test_so_many_runs_catch_and_confirm_with_95_percent(of, failures):
    (known,) = written(of, of.flaky(TEST, "nondeterministic", failure_probability=of.share(failures, 100)))
    seen = 1 - (1 - failures / 100) ** known.runs
    assert seen**2 >= 0.95 - 1e-9
    assert known.runs == 1 or (1 - (1 - failures / 100) ** (known.runs - 1)) ** 2 < 0.95
