"""Real Hypothesis tests through the trial: what is measured, and what becomes of those that misbehave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brinell.core.property_records import PropertyEnded, PropertyObserved, PropertyRun, PropertyStarted
from brinell.core.verdicts import Reason, Verdict

PLUGINS = "_hypothesis_pytestplugin"

ORDINARY = """
    from hypothesis import HealthCheck, assume, example, given, settings, strategies as st
    import pytest

    @given(st.integers())
    def test_plain(n): pass

    @given(st.integers())
    @settings(max_examples=17)
    def test_pinned(n): pass

    @given(st.integers())
    @settings(max_examples=settings.default.max_examples * 2)
    def test_relative(n): pass

    @given(st.booleans())
    def test_two_values(flag): pass

    @given(st.integers(0, 1000))
    def test_rejects(n): assume(n % 3 == 0)

    @example(1)
    @example(2)
    @given(st.integers())
    def test_with_examples(n): pass

    @pytest.mark.parametrize("word", ["a", "b"])
    @given(n=st.integers())
    def test_each(word, n): pass

    class Base:
        @given(n=st.integers())
        @settings(suppress_health_check=[HealthCheck.differing_executors])
        def test_inherited(self, n): pass

    class TestOne(Base): pass
    class TestTwo(Base): pass

    def test_of_another_kind(): pass
"""


@pytest.mark.prove
def test_what_is_measured_of_ordinary_tests(project, examine_properties):
    done = examine_properties(project(test_a=ORDINARY), verify=True)
    assert len(done.tests) == 10
    assert done.finding("tests").verdict is Verdict.PASS
    started = done.of(PropertyStarted)[0]
    assert (started.tests, started.others, started.examples) == (10, 1, 100)
    for name, one in done.tests.items():
        assert one.outcome == "passed", name
        assert one.seconds_per_example.generate > 0, name
        assert one.verified_s.ci is not None, name
    tests = done.tests
    assert tests["test_plain"].max_examples.now == 100
    assert (tests["test_pinned"].pinned, tests["test_pinned"].max_examples.now) == (17, 17)
    assert tests["test_pinned"].edit == "no max_examples"
    assert (tests["test_relative"].pinned, tests["test_relative"].max_examples.now) == (None, 200)
    assert tests["test_two_values"].exhausted_at == 2
    assert tests["test_rejects"].rejected > 0.2
    assert tests["test_plain"].rejected == 0
    assert tests["test_with_examples"].explicit_examples == 2
    assert {run.ran for run in done.of(PropertyRun, "ci")} == {12}
    assert {run.ran for run in done.of(PropertyRun, "local")} == {30}
    pinned = done.finding("pinned")
    assert "test_a.py:8: max_examples=17" in pinned.detail


@pytest.mark.prove
def test_sizes_are_the_profiles_and_each_is_given_back(project, examine_properties):
    done = examine_properties(project(test_a=ORDINARY), local=30)
    looks = {run.test.partition("::")[2]: run for run in done.of(PropertyRun, "look")}
    assert {run.ran for run in looks.values()} == {10}
    assert looks["test_each[a]"].declared == looks["test_each[b]"].declared == 10
    measured = [run for run in done.of(PropertyRun, "measure") if run.test.endswith("test_inherited")]
    assert {run.declared for run in measured} == {30}


@pytest.mark.prove
def test_a_profile_of_the_project_is_the_parent_of_ours(project, examine_properties):
    conftest = """
        from hypothesis import settings
        settings.register_profile("slow", max_examples=300, stateful_step_count=7)
        settings.load_profile("slow")
    """
    late = "from hypothesis import settings\nsettings.load_profile('slow')\n"
    machine = """
        from hypothesis.stateful import RuleBasedStateMachine, rule
        class Machine(RuleBasedStateMachine):
            @rule()
            def step(self): pass
        TestMachine = Machine.TestCase
    """
    root = project(conftest=conftest, low__conftest=late, low__test_m=machine, test_a=ORDINARY)
    done = examine_properties(root)
    started = done.of(PropertyStarted)[0]
    assert (started.profile, started.examples) == ("slow", 300)
    assert started.profiles_loaded[0] == "slow"
    assert done.tests["test_plain"].max_examples.now == 300
    stateful = done.tests["TestMachine::runTest"]
    assert (stateful.stateful_steps, stateful.outcome, stateful.pinned) == (7, "passed", None)
    assert done.finding("ci-profile") is None
    assert "settings.get_profile('slow'), max_examples=30" in done.part.property_summary.conftest


@pytest.mark.prove
def test_observability_parts_and_coverage(project, examine_properties):
    shop = "def price(n):\n    if n > 3:\n        return 1\n    return 2\n"
    tests = """
        import shop
        from hypothesis import given, strategies as st

        @given(st.integers(), st.lists(st.text()))
        def test_price(n, words): shop.price(n)
    """
    root = project(shop=shop, test_a=tests, pytest_ini="[pytest]\npythonpath = .\naddopts = -p no:randomly\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)  # Hypothesis looks for coverage in the repository
    done = examine_properties(root, coverage=True)
    (observed,) = done.of(PropertyObserved, "observe")
    assert sum(observed.statuses.values()) >= 20
    assert observed.timing["generate"] > 0
    assert {"generate:n", "generate:words"} <= set(observed.draws)
    (covered,) = done.of(PropertyObserved, "cover")
    assert covered.files == 2
    assert covered.lines >= 4
    one = done.tests["test_price"]
    assert 1 <= one.saturation_examples <= 30
    assert sum(one.draws.values()) <= 1.01
    assert done.part.property_summary.observability_slowdown > 0


MISBEHAVING = """
    import os, time
    import pytest
    from hypothesis import given, strategies as st

    @given(st.integers())
    def test_before(n): pass

    @given(st.integers())
    def test_fails(n): assert n < 5

    @given(st.integers())
    def test_sleeps_for_ever(n): time.sleep(100)

    @given(st.integers())
    def test_leaves(n): os._exit(3)

    @given(st.integers())
    def test_fixture(no_such_fixture, n): pass

    @pytest.mark.xfail(strict=False)
    @given(st.integers())
    def test_expected(n): assert n < 5

    @given(st.integers())
    def test_after(n): pass
"""


@pytest.mark.prove
def test_what_fails_hangs_or_leaves_costs_no_other_test(project, examine_properties):
    done = examine_properties(project(test_a=MISBEHAVING), test_timeout_s=4.0)
    outcomes = {name: one.outcome for name, one in done.tests.items()}
    assert outcomes == {
        "test_before": "passed", "test_fails": "failed", "test_sleeps_for_ever": "limit", "test_leaves": "died",
        "test_fixture": "failed", "test_expected": "xfailed", "test_after": "passed",
    }  # fmt: skip
    assert done.tests["test_after"].predicted_s is not None
    assert done.tests["test_fails"].seconds_per_example.shrink > 0
    failed = done.finding("tests")
    assert (failed.verdict, failed.required) == (Verdict.FAIL, True)
    assert "test_fails" in failed.detail
    assert "test_fixture" in failed.detail
    ended = done.finding("ended")
    assert "test_sleeps_for_ever: ended" in ended.detail
    assert "test_leaves: ended its process" in ended.detail
    assert done.tests["test_sleeps_for_ever"].tier == "too-slow"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Linux and macOS")
@pytest.mark.prove
def test_one_that_never_comes_back_to_python_ends_its_process(project, examine_properties):
    tests = """
        import signal, time
        from hypothesis import given, strategies as st
        @given(st.integers())
        def test_a_hangs(n):
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
            time.sleep(100)
        @given(st.integers())
        def test_b(n): pass
    """
    done = examine_properties(project(test_a=tests), test_timeout_s=3.0)
    assert {name: one.outcome for name, one in done.tests.items()} == {"test_a_hangs": "died", "test_b": "passed"}


def test_no_property_tests_and_no_tests(project, examine_properties):
    done = examine_properties(project(test_a="def test_x(): pass\n"))
    finding = done.finding("tests")
    assert (finding.verdict, finding.reason) == (Verdict.UNKNOWN, Reason.NOT_EXERCISED)
    assert done.part.property_tests is None


@pytest.mark.prove
def test_a_file_that_cannot_be_collected_is_said(project, examine_properties):
    root = project(test_a="import nowhere\n", test_b=ORDINARY)
    done = examine_properties(root)
    assert len(done.tests) == 10
    assert done.finding("collected").verdict is Verdict.UNKNOWN
    assert max(one.collect_errors for one in done.of(PropertyEnded)) == 1


def test_a_conftest_that_fails_ends_it_with_its_words(project, examine_properties):
    done = examine_properties(project(conftest="raise RuntimeError('no database')\n", test_a=ORDINARY))
    finding = done.finding("tests")
    assert (finding.verdict, finding.reason) == (Verdict.UNKNOWN, Reason.INCONCLUSIVE)
    assert "no database" in finding.detail


def test_without_hypothesis_it_says_so(project, examine_properties):
    hidden = """
        import sys
        class Hide:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] == "hypothesis": raise ModuleNotFoundError(name)
        sys.meta_path.insert(0, Hide())
        [sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "hypothesis"]
    """
    root = project(test_a="def test_x(): pass\n", site__hide=hidden)
    ini = "[pytest]\naddopts = -p no:randomly -p no:hypothesispytest -p hide\npythonpath = site\n"
    (root / "pytest.ini").write_text(ini)
    os.environ["PYTHONPATH"] = str(root / "site")
    try:
        done = examine_properties(root)
    finally:
        del os.environ["PYTHONPATH"]
    finding = done.finding("tests")
    assert finding.reason is Reason.UNSUPPORTED
    assert "not installed" in finding.title


@pytest.mark.prove
def test_the_database_is_read_and_never_written(project, examine_properties):
    tests = """
        from hypothesis import given, strategies as st
        @given(st.integers())
        def test_fails(n): assert n < 5
        @given(st.integers())
        def test_fine(n): pass
    """
    root = project(test_a=tests)
    examples = root / ".hypothesis" / "examples"
    examine_properties(root)
    assert not list(examples.rglob("*")) if examples.exists() else True
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"], cwd=root, capture_output=True, check=False
    )
    kept = sorted(path.name for path in examples.rglob("*") if path.is_file())
    assert kept
    done = examine_properties(root)
    assert done.tests["test_fails"].database_hits > 0
    assert sorted(path.name for path in examples.rglob("*") if path.is_file()) == kept


@pytest.mark.prove
@pytest.mark.skipif(
    not Path("/proc/sys").is_dir() or os.access("/proc/sys", os.W_OK), reason="not here: no unwritable folder"
)
def test_a_database_that_cannot_be_written_is_said(project, examine_properties, monkeypatch):
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", "/proc/sys/hypothesis")
    done = examine_properties(project(test_a=ORDINARY))
    assert done.finding("database").verdict is Verdict.FAIL
    assert "/proc/sys/hypothesis" in done.finding("database").detail
    assert done.tests["test_plain"].predicted_s is not None


@pytest.mark.prove
def test_interrupted_keeps_what_was_measured(project, examine_properties):
    def enough(room):
        return sum(isinstance(one, PropertyRun) for one in room.records) >= 13

    done = examine_properties(project(test_a=ORDINARY), interrupt_when=enough)
    assert len(done.of(PropertyRun)) >= 13
    assert [run for run in done.of(PropertyRun) if run.outcome != "passed"] == []
    assert any(one.predicted_s is not None for one in done.tests.values())
    assert done.finding("predictions").reason is Reason.NOT_EXERCISED
