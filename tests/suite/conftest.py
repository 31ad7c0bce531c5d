"""Projects made for one test each, and the trial run on them: real pytest processes, records in memory."""

from __future__ import annotations

import functools
import itertools
import os
import subprocess
import sys
import textwrap

import pytest

from brinell.checks.suite_baseline import suite_baseline
from brinell.checks.suite_outcomes import suite_outcomes
from brinell.checks.suite_report import suite_report
from brinell.core.errors import Interrupted
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.observation import Epoch, RunStarted, SeenTest, StepFinished, StepStarted, SuiteEnded
from brinell.core.plan import SuiteSpec
from brinell.subject import guard
from brinell.suite.trial import SuiteTrial


@pytest.fixture(autouse=True, scope="session")
def _not_inside_pytest():
    """The projects' pytest must not take itself for a part of ours."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("PYTEST_", "COV_", "COVERAGE_")) and name != "PYTEST_CURRENT_TEST":
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _plugins(request, monkeypatch):
    """Of the plug-ins installed here the projects' pytests load what a module names in ``PLUGINS``, and no other.

    All of them cost each pytest most of a second. Tests marked ``prove`` start as a user's pytest does, with all.
    """
    if request.node.get_closest_marker("prove") is None:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        if named := getattr(request.module, "PLUGINS", ""):
            monkeypatch.setenv("PYTEST_PLUGINS", named)


@pytest.fixture
def all_plugins(_plugins, monkeypatch):
    """What is installed here is loaded, as where a user starts pytest."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")


@pytest.fixture(scope="session")
def write_project():
    """Write files into a folder: ``tests__test_a`` is tests/test_a.py, ``pytest_ini`` is pytest.ini."""

    def write(root, **files):
        for name, text in {"pytest_ini": "[pytest]\naddopts = -p no:randomly\n", **files}.items():
            path = root / (name.replace("__", "/").replace("_ini", ".ini") + ("" if name.endswith("_ini") else ".py"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return root

    return write


@pytest.fixture
def project(tmp_path, write_project):
    """Write a project's files and return its folder."""
    return functools.partial(write_project, tmp_path / "project")


class _GuardedRoom(FakeRoom):
    """What is started has a guard between it and these tests: it may kill its parent."""

    def start(self, argv, **options):
        child = guard.start(argv, **options)
        self.children.append(child)
        return child

    def tick(self):
        for child in self.children:
            child.beat()
        super().tick()

    def close(self):
        for child in self.children:
            child.stop(0.0)


@pytest.fixture(scope="session")
def guarded_room():
    """The class of a room whose commands may kill their parent."""
    return _GuardedRoom


class Examined:
    """What a trial left behind, and what the checks make of it."""

    def __init__(self, room, state="done"):
        self.room = room
        self.records = room.records
        self.state = state

    def of(self, kind):
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def tests(self):
        return {test.id: test for test in self.of(SeenTest) if test.final}

    @property
    def ended(self):
        return self.of(SuiteEnded)[-1]

    @property
    def log(self):
        return (self.room.folder / "test_execution.log").read_text()

    def evidence(self, baseline=None):
        records = [
            Epoch("2026-01-01T00:00:00Z", 0, "", 1, "0"),
            RunStarted("digest", {"cpu": "x"}),
            StepStarted("suite"),
            *self.records,
            StepFinished("suite", self.state),
        ]
        return MemoryEvidence(self.room.plan, records, baseline=baseline)

    def finding(self, identity="suite.outcomes"):
        checks = (suite_outcomes, suite_report, suite_baseline)
        return {f.id: f for check in checks for f in check(self.evidence()).findings}.get(identity)

    @property
    def report(self):
        return suite_report(self.evidence()).suite


@pytest.fixture(scope="session")
def run_trial():
    """Run the trial on a project and keep what it leaves in ``folder``; ``interrupt_when`` as ``FakeRoom`` has it."""
    rooms = []

    def run(root, folder, *args, interrupt_when=None, **fields):
        folder.mkdir(exist_ok=True)
        spec = SuiteSpec(python=sys.executable, args=args, **fields)
        room = FakeRoom(spec, folder, root=root, interrupt_when=interrupt_when)
        rooms.append(room)
        try:
            SuiteTrial().run(room)
        except Interrupted:
            return Examined(room, "interrupted")
        return Examined(room)

    yield run
    for room in rooms:
        room.close()


@pytest.fixture
def examine(tmp_path, run_trial):
    """Run the trial on a project, in a new folder each time."""
    numbers = itertools.count()

    def run(root, *args, **fields):
        return run_trial(root, tmp_path / f"run-{next(numbers)}", *args, **fields)

    return run


@pytest.fixture
def plain():
    """Run plain pytest; return its exit code and what its last line counts."""

    def run(root, *args):
        command = [sys.executable, "-m", "pytest", *args]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        words = done.stdout.strip().splitlines()[-1].strip("= ").split(" in ")[0].split(", ")
        counts = {word.split()[1].rstrip("s"): int(word.split()[0]) for word in words if word[0].isdigit()}
        return done.returncode, counts

    return run
