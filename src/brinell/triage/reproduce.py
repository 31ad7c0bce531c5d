"""The step that reproduces: one failing test of each bug, alone, in a fresh process, most urgent bug first.

It groups the suite's failures with the same pure code that the check uses, runs the command a person would paste, and
journals what came of it. It keeps the project's own configuration: nothing is switched off that the suite had on.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.judgement import Bug
from brinell.core.observation import VERSION, Envelope, Record, Reproduced, SeenTest, SuiteEnded
from brinell.core.plan import ReproduceSpec, SuiteSpec
from brinell.core.redact import MASK, redact
from brinell.core.roles import Room, TestRunner
from brinell.triage.bugs import RECORDS, SuiteBugs, most_urgent_first
from brinell.triage.failure import observe, without_parameters
from brinell.triage.group import Group, group
from brinell.triage.known import read_known
from brinell.triage.wording import title_of

_LEAST_S = 1.0  # less is no chance for a Python to start
# Options that choose another set of tests, another order or another number of processes, stop early, repeat, or write
# files; the value of those in the second list is an argument of its own.
_DROPPED = re.compile(
    r"-x|--exitfirst|--lf|--last-failed|--ff|--failed-first|--nf|--new-first|--sw|--stepwise|-n\w+|-q+|-v+|--quiet|"
    r"--verbose|--(?:maxfail|durations|junit-?xml|html|numprocesses|dist|tx|maxprocesses|reruns|count|cov[\w-]*)=.*|"
    r"--cov-(?:append|branch)|--continue-on-collection-errors"
)
_DROPPED_WITH_VALUE = frozenset(
    {"-n", "--numprocesses", "--dist", "--tx", "--maxprocesses", "--maxfail", "--durations", "--reruns", "--count"}
    | {"--junitxml", "--junit-xml", "--html", "--cov", "--cov-report", "--cov-config", "--cov-context"}
    | {"--cov-fail-under"}
)
_WITH_VALUE = frozenset(
    {"-c", "-k", "-m", "-o", "-p", "-r", "-W", "--config-file", "--rootdir", "--confcutdir", "--basetemp", "--ignore"}
    | {"--ignore-glob", "--deselect", "--import-mode", "--tb", "--capture", "--log-file", "--log-level", "--timeout"}
)
_FLAG = re.compile(
    r"-[a-z]\w*|--(?:strict|no|disable|show|setup|doctest|keep|cache-clear|noconftest|pyargs|runxfail|run)[\w-]*"
)


class ReproduceTrial:
    """Runs representatives of bugs through the ``TestRunner`` it is given."""

    def __init__(self, runner: TestRunner) -> None:
        self._runner = runner

    def run(self, room: Room) -> None:
        """Do the step. ``UsageError`` where the plan has no such suite step."""
        spec = room.step.spec
        if not isinstance(spec, ReproduceSpec):
            raise TypeError(f"step {room.step.id} reproduces nothing")
        if room.plan.known_bugs:
            room.emit(read_known(Path(room.plan.root), room.plan.known_bugs))
        suite = _suite_of(room, spec)
        found = SuiteBugs(room.plan, suite, room.history(*RECORDS, source=spec.suite))
        groups = {one.key.id: one for one in found.groups}
        bugs = most_urgent_first(found.bug(one) for one in found.groups)
        stop_by_ns = room.clock.now_ns() + round(spec.budget_s * 1e9)
        for number, bug in enumerate(bugs):
            room.tick()
            room.progress(number, len(bugs), bug.title)
            attempt = _Attempt(room, suite, found, bug, groups[bug.id])
            left_s = (stop_by_ns - room.clock.now_ns()) / 1e9
            if number >= spec.most:
                room.emit(attempt.not_run(f"only the {spec.most} most urgent bugs are run"))
            elif left_s < _LEAST_S:
                room.emit(attempt.not_run(f"the step's {spec.budget_s:g} s were used up by more urgent bugs"))
            else:
                room.emit(attempt.run(self._runner, min(spec.timeout_s, left_s)))
        room.progress(len(bugs), len(bugs), "done")


def _suite_of(room: Room, spec: ReproduceSpec) -> SuiteSpec:
    for step in room.plan.steps:
        if step.id == spec.suite and isinstance(step.spec, SuiteSpec):
            return step.spec
    raise UsageError(f"step {room.step.id} reproduces the failures of '{spec.suite}', and the plan has no such suite")


class _Attempt:
    """One bug's representative, where and how it is run."""

    def __init__(self, room: Room, suite: SuiteSpec, found: SuiteBugs, bug: Bug, home: Group) -> None:
        started = found.observed.started
        self._room = room
        self._bug = bug
        self._home = home
        self._layout = found.layout
        self._python = started.interpreter if started is not None else ""
        self._cwd = Path(room.plan.root, suite.directory)
        self._test = home.first.failure.test
        rootdir = started.rootdir if started is not None and started.rootdir else str(self._cwd)
        self._args = (*kept_arguments(suite.args), *_selection(self._test, rootdir, self._cwd))

    def run(self, runner: TestRunner, timeout_s: float) -> Reproduced:
        """Run it and compare what failed with the bug."""
        if not self._python:
            return self.not_run("which interpreter the suite ran in is not known")
        began_ns = self._room.clock.now_ns()
        records = runner.run(
            self._room, python=self._python, args=self._args, cwd=self._cwd, timeout_s=timeout_s, env={}
        )
        seconds = (self._room.clock.now_ns() - began_ns) / 1e9
        outcome, detail = self._outcome(records)
        return self._record(outcome, detail, seconds)

    def not_run(self, why: str) -> Reproduced:
        """The record of a bug that was left out."""
        return self._record("not run", why, 0.0)

    def _record(self, outcome: str, detail: str, seconds: float) -> Reproduced:
        cwd = os.path.relpath(self._cwd, self._room.plan.root)
        command = (*_program(self._python, self._cwd), *(_fit(arg) for arg in self._args))
        return Reproduced(self._bug.id, self._test, command, outcome, round(seconds, 3), detail, cwd)

    def _outcome(self, records: Sequence[Record]) -> tuple[str, str]:
        source = self._room.step.id
        observed = observe(Envelope(VERSION, n, source, 0, n, record) for n, record in enumerate(records))
        groups = group(observed.failures, self._layout)
        if any(self._home.aliases & one.aliases or self._kills(one) for one in groups):
            return "reproduced", ""
        ended = next((record for record in reversed(records) if isinstance(record, SuiteEnded)), None)
        if ended is not None and ended.timed_out:
            return "timed out", f"ended after {ended.seconds:.0f} s"
        if groups:
            return "failed differently", title_of(min(groups, key=lambda one: one.key.id))
        outcome, detail = _without_failure(records, ended)
        if outcome == "passed alone" and self._home.first.failure.phase == "timeout":
            detail = f"the suite's time limit struck while it ran; alone it is over after {_spent(records):.1f} s"
        return outcome, detail

    def _kills(self, found: Group) -> bool:
        """Whether the test ended its process: under xdist that is a crashed worker, alone it is pytest's own end."""
        crashed = self._home.first.failure.phase == "crash"
        return crashed and any(one.failure.kind == "process" and one.failure.test for one in found.readings)


def _spent(records: Sequence[Record]) -> float:
    """Seconds of all phases of the tests that ran."""
    tests = (record for record in records if isinstance(record, SeenTest))
    return sum(phase.seconds for test in tests for phase in test.phases.values())


def _without_failure(records: Sequence[Record], ended: SuiteEnded | None) -> tuple[str, str]:
    tests = [record for record in records if isinstance(record, SeenTest) and record.final]
    if not tests:
        status = ended.exit_status if ended is not None else None
        return "not run", f"no test ran (pytest ended with exit status {status})"
    skipped = next((test for test in tests if test.outcome == "skipped"), None)
    if skipped is not None:
        return "not run", f"it is skipped when alone: {skipped.reason}".rstrip(": ")
    return "passed alone", "it fails only together with other tests, or not every time"


def kept_arguments(args: Sequence[str]) -> tuple[str, ...]:
    """Return the suite's own arguments without those that choose other tests, processes, an early end or files.

    A bare argument chooses tests unless an option stands before it that takes a value. Of options that are not known
    here a folder may be the value, a test file is not.
    """
    kept: list[str] = []
    option = ""  # the one just before
    for arg in args:
        if arg.startswith("-"):
            option = arg
            if arg not in _DROPPED_WITH_VALUE and not _DROPPED.fullmatch(arg):
                kept.append(arg)
        else:
            if _takes(option, arg):
                kept.append(arg)
            option = ""
    return tuple(kept)


def _takes(option: str, arg: str) -> bool:
    if not option or "=" in option or option in _DROPPED_WITH_VALUE or _DROPPED.fullmatch(option):
        return False
    unknown = not _FLAG.fullmatch(option) and not arg.endswith(".py") and "::" not in arg
    return option in _WITH_VALUE or unknown


def _selection(test: str, rootdir: str, cwd: Path) -> tuple[str, ...]:
    """The arguments that choose the test. Its id counts from pytest's root directory, an argument from ``cwd``."""
    if not test:
        return ("--collect-only", "-q")
    if MASK in test:  # nothing is called so; all parameters of the function are run instead
        test = without_parameters(test)
    path, separator, rest = test.partition("::")
    if not posixpath.isabs(path):
        path = os.path.relpath(Path(rootdir, path), os.path.realpath(cwd) if _linked(rootdir, cwd) else cwd)
    return (f"{path}{separator}{rest}",)


def _linked(rootdir: str, cwd: Path) -> bool:
    """Whether pytest resolved a link that the plan's root goes through."""
    return not f"{rootdir}/".startswith(f"{cwd}/") and not f"{cwd}/".startswith(f"{rootdir}/")


def _program(python: str, cwd: Path) -> tuple[str, ...]:
    """Return how one types the suite's pytest in ``cwd``: ``pytest`` if that is it, else the script beside the
    interpreter (they differ in ``sys.path``), else ``python -m pytest``.
    """
    script = Path(python).parent / "pytest"
    if not script.is_file():
        return (_near(python or "python", cwd), "-m", "pytest")
    if shutil.which("pytest") == str(script):
        return ("pytest",)
    return (_near(str(script), cwd),)


def _near(path: str, cwd: Path) -> str:
    return os.path.relpath(path, cwd) if path.startswith(f"{cwd}/") else path


def _fit(arg: str) -> str:
    """Options may hold secrets; the names of tests are kept whole, or the command would choose nothing."""
    return redact(arg) if arg.startswith("-") else arg
