"""End to end: small projects, the real suite trial, the real runner."""

from __future__ import annotations

import shlex
import subprocess
import sys
import textwrap

import pytest

from brinell.core.errors import Interrupted, UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.observation import Epoch, KnownBugs, Reproduced, StepFinished, StepStarted
from brinell.core.plan import Plan, ReproduceSpec, Step, SuiteSpec
from brinell.suite.runner import PytestRunner
from brinell.suite.trial import SuiteTrial
from brinell.triage.check import triage
from brinell.triage.reproduce import ReproduceTrial, kept_arguments


class Examined:
    """A project on disk, examined: ``records`` of the suite, of the reproduction, and the ``bugs`` judged from both."""

    def __init__(self, root, files, *, suite=None, reproduce=None, known=(), directory="."):
        for name, text in {
            "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-p no:cacheprovider'\n",
            **files,
        }.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        self.root = root
        logs = root / ".logs"
        logs.mkdir()
        first = suite or SuiteSpec(python=sys.executable, directory=directory)
        second = reproduce or ReproduceSpec()
        steps = (Step("suite", "suite", first), Step("reproduce", "reproduce", second))
        self.plan = Plan("shop", str(root), steps, source=("shop",), known_bugs=known)
        self.suite = self._do(SuiteTrial(), steps[0], {})
        self.again = self._do(ReproduceTrial(PytestRunner()), steps[1], {"suite": self.suite})
        records = [Epoch("2026-03-01T12:00:00Z", 0, "b", 1, "0")]
        for step, made in (("suite", self.suite), ("reproduce", self.again)):
            records += [StepStarted(step), *made, StepFinished(step)]
        self.bugs = triage(MemoryEvidence(self.plan, records)).bugs

    def _do(self, trial, step, earlier):
        plan = Plan(
            **{name: getattr(self.plan, name) for name in self.plan.__struct_fields__}
            | {"steps": (step, *self.plan.steps)}
        )
        room = FakeRoom(step.spec, self.root / ".logs", plan=plan, earlier=earlier)
        try:
            trial.run(room)
        finally:
            room.close()
        return room.records

    def paste(self, bug):
        """Run a bug's command as a person would, in a shell at the project's root."""
        return subprocess.run(
            ["bash", "-c", bug.reproduction.command], cwd=self.root, capture_output=True, text=True, check=False
        )


@pytest.fixture
def examine(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # ours are not the subject's, and cost a second each time
    root = tmp_path / "my shop"
    root.mkdir()
    return lambda files, **options: Examined(root, files, **options)


SHOP = """
    def net(price, rate):
        if rate == 3:
            raise ValueError(f"bad rate {rate}")
        return price * (1 + rate)
"""


def test_bugs_of_a_project_are_named_reproduced_and_pasteable(examine):
    done = examine(
        {
            "shop/__init__.py": "",
            "shop/price.py": SHOP,
            "conftest.py": """
                import pytest
                @pytest.fixture(scope="session")
                def database():
                    raise RuntimeError("no database")
            """,
            "tests/test_price.py": """
                import pytest
                from shop.price import net
                @pytest.mark.parametrize("name", ["a b", "it's"])
                def test_rate(name):
                    assert net(1, 3)
                class TestToken:
                    def test_net(self):
                        assert net(2, 1) == 5
            """,
            "tests/test_db.py": """
                def test_one(database): pass
                def test_two(database): pass
            """,
            "tests/test_missing.py": "import a_module_that_nobody_has\n",
        }
    )
    by_title = {bug.title: bug for bug in done.bugs}
    assert done.bugs[0].title == "ValueError in net (shop/price.py): bad rate 3"
    assert set(by_title) == {
        "ValueError in net (shop/price.py): bad rate 3",
        "test_net: assert net(2, 1) == 5",
        "fixture 'database' fails: RuntimeError: no database",
        "module 'a_module_that_nobody_has' cannot be found",
    }
    assert [(bug.severity, bug.owner) for bug in done.bugs] == [
        ("P1", "product"),
        ("P2", "product"),
        ("P2", "infrastructure"),
        ("P2", "infrastructure"),
    ]
    assert all(bug.reproduction.outcome == "reproduced" for bug in done.bugs)
    for bug in done.bugs:
        assert str(done.root) not in bug.reproduction.command.partition(" ")[2]
        ran = done.paste(bug)
        assert ran.returncode in {1, 2}, ran.stdout + ran.stderr
    assert "bad rate 3" in done.paste(done.bugs[0]).stdout


def test_a_victim_of_another_test_passes_alone(examine):
    done = examine(
        {
            "shop/state.py": "items = []\n",
            "test_a.py": """
                from shop import state
                def test_first():
                    state.items.append(1)
                def test_second():
                    assert state.items == []
            """,
        }
    )
    (bug,) = done.bugs
    assert bug.reproduction.outcome.startswith("passed alone")


def test_a_file_among_the_suites_arguments_is_not_run_with_the_test(examine):
    files = {
        "shop/state.py": "items = []\n",
        "test_a.py": """
            from shop import state
            def test_first():
                state.items.append(1)
            def test_second():
                assert state.items == []
        """,
    }
    done = examine(files, suite=SuiteSpec(python=sys.executable, args=("-s", "test_a.py")))
    (bug,) = done.bugs
    assert bug.reproduction.outcome.startswith("passed alone")
    assert shlex.split(bug.reproduction.command)[1:] == ["-s", "test_a.py::test_second"]


def test_a_test_whose_parameters_are_masked_is_run_with_all_of_them(examine):
    code = """
        import pytest
        @pytest.mark.parametrize("p", ["password=hunter2", "token=b"])
        def test_p(p):
            assert p == 1
    """
    (bug,) = examine({"test_a.py": code}).bugs
    assert bug.reproduction.outcome == "reproduced"
    assert shlex.split(bug.reproduction.command)[1:] == ["test_a.py::test_p"]


def test_a_test_that_ends_its_xdist_worker_ends_pytest_alone(examine):
    code = "import os\ndef test_a(): pass\ndef test_b(): os._exit(1)\n"
    suite = SuiteSpec(python=sys.executable, args=("-p", "xdist", "-n", "1"))
    (bug,) = examine({"test_a.py": code}, suite=suite).bugs
    assert bug.severity_rule.startswith("P1-process")
    assert bug.reproduction.outcome == "reproduced"


@pytest.mark.prove  # the suite has time to begin on a crowded machine
def test_what_only_takes_too_long_for_the_suite_does_not_fail_because_of_others(examine):
    once = """
        import pathlib, time
        def test_a():
            begun = pathlib.Path(__file__).with_name("begun")
            if not begun.exists():
                begun.touch()
                time.sleep(600)
    """
    suite = SuiteSpec(python=sys.executable, timeout_s=12.0)
    (bug,) = examine({"test_a.py": once}, suite=suite).bugs
    assert bug.reproduction.outcome.startswith("passed alone: the suite's time limit struck while it ran; alone it is")


def test_a_failure_that_differs_alone(examine):
    done = examine(
        {
            "shop/state.py": "items = []\n",
            "test_a.py": """
                from shop import state
                def test_first():
                    state.items.append(1)
                def test_second():
                    if state.items:
                        raise KeyError("together")
                    raise OSError("alone")
            """,
        }
    )
    assert done.bugs[0].reproduction.outcome == "failed differently: test_second: OSError: alone"


def test_a_test_that_hangs_alone_is_ended(examine):
    done = examine(
        {
            "shop/state.py": "items = []\n",
            "test_a.py": """
                import time
                from shop import state
                def test_first():
                    state.items.append(1)
                def test_second():
                    assert not state.items
                    time.sleep(60)
            """,
        },
        reproduce=ReproduceSpec(timeout_s=2.0),
    )
    assert done.bugs[0].reproduction.outcome.startswith("timed out")


def test_a_process_that_dies_is_one_bug_and_dies_again(examine):
    done = examine({"test_a.py": "import os, signal\ndef test_dies():\n    os.kill(os.getpid(), signal.SIGSEGV)\n"})
    (bug,) = done.bugs
    assert bug.title == "pytest was killed by SIGSEGV in test_a.py::test_dies"
    assert bug.reproduction.outcome == "reproduced"


def test_arguments_that_pytest_refuses_are_one_bug(examine):
    done = examine(
        {"test_a.py": "def test_a(): pass\n", "pyproject.toml": "[tool.pytest.ini_options]\naddopts='--covfefe'\n"}
    )
    (bug,) = done.bugs
    assert (bug.owner, bug.severity) == ("infrastructure", "P1")
    assert "--covfefe" in bug.error
    assert bug.reproduction.outcome == "reproduced"


def test_a_suite_in_a_subdirectory_is_reproduced_from_the_root(examine):
    done = examine(
        {
            "services/a b/pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-p no:cacheprovider'\n",
            "services/a b/test_a.py": "def test_a():\n    assert 0\n",
        },
        directory="services/a b",
    )
    (bug,) = done.bugs
    assert bug.reproduction.command.startswith("cd 'services/a b' && ")
    assert done.paste(bug).returncode == 1


def test_what_the_bounds_leave_out_is_said(examine):
    files = {"test_a.py": "def test_a():\n    assert 0\ndef test_b():\n    assert 1 == 2\n"}
    done = examine(files, reproduce=ReproduceSpec(most=1))
    outcomes = [bug.reproduction.outcome for bug in done.bugs]
    assert outcomes == ["reproduced", "not run: only the 1 most urgent bugs are run"]


def test_a_budget_that_is_used_up(examine):
    done = examine({"test_a.py": "def test_a():\n    assert 0\n"}, reproduce=ReproduceSpec(budget_s=0.0))
    assert done.bugs[0].reproduction.outcome.startswith("not run: the step's 0 s were used up")


def test_known_bugs_are_journalled(examine):
    done = examine(
        {"test_a.py": "def test_a():\n    assert 0\n", "KNOWN.md": "- `test_a.py::test_a`\n"}, known=("KNOWN.md",)
    )
    assert [record for record in done.again if isinstance(record, KnownBugs)] == [
        KnownBugs({"test_a.py::test_a": "open"}, ("KNOWN.md",))
    ]
    assert done.bugs[0].status == "known"


def test_a_plan_without_the_suite_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no such suite"):
        ReproduceTrial(PytestRunner()).run(FakeRoom(ReproduceSpec(), tmp_path))


def test_a_stop_request_passes_through(examine):
    done = examine({"test_a.py": "def test_a():\n    assert 0\n"})
    room = FakeRoom(
        ReproduceSpec(),
        done.root / ".logs",
        plan=Plan("p", str(done.root), (Step("r", "reproduce", ReproduceSpec()), *done.plan.steps)),
        earlier={"suite": done.suite},
        interrupt_at=2,
    )
    with pytest.raises(Interrupted):
        ReproduceTrial(PytestRunner()).run(room)
    assert not [record for record in room.records if isinstance(record, Reproduced)]
    assert all(child.poll() is not None for child in room.children)


@pytest.mark.parametrize(
    ("args", "kept"),
    [
        (("-n", "4", "-p", "plugin", "--strict-markers"), ("-p", "plugin", "--strict-markers")),
        (("-x", "-vv", "--maxfail=1", "--junitxml=a.xml", "--cov=shop", "--cov-report=xml"), ()),
        (("-m", "not slow", "-k", "a or b", "-W", "error"), ("-m", "not slow", "-k", "a or b", "-W", "error")),
        (("--durations", "10", "-s"), ("-s",)),
        (("tests", "tests/test_a.py::test_b", "-rA", "tests/unit"), ("-rA",)),
        (("--cov", "shop", "tests", "--cov-report", "term", "--cov", "--cov-branch", "-nlogical"), ()),
        (("-c", "a.ini", "--rootdir", "tests", "--strict-markers", "tests"),
         ("-c", "a.ini", "--rootdir", "tests", "--strict-markers")),
        (("--their-folder", "data", "--their-flag", "tests/test_a.py", "-s", "tests", "--x=1", "tests"),
         ("--their-folder", "data", "--their-flag", "-s", "--x=1")),
        ((), ()),
    ],
)  # fmt: skip
def test_which_of_the_suites_arguments_stay(args, kept):
    assert kept_arguments(args) == kept
