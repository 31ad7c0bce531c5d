"""Run, judge, publish, print: the one sequence that ``run``, ``suite``, ``load`` and ``demo`` share."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import webbrowser
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import msgspec

from brinell.cli import exporting, publishing, say, watching
from brinell.cli.options import here
from brinell.config import source
from brinell.config.compose import read_settings
from brinell.config.scenarios import shape_of
from brinell.core.clock import SystemClock
from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.core.plan import (
    CapacitySpec,
    DrillSpec,
    ExamineSpec,
    LoadSpec,
    Plan,
    PropertySpec,
    Step,
    SuiteSpec,
    WebSocketSpec,
)
from brinell.core.redact import one_line
from brinell.core.verdicts import Exit, Reason, Verdict, first_of
from brinell.drills.trial import look_ahead
from brinell.journal import baseline, runs
from brinell.journal.reader import read
from brinell.journal.store import FILE, is_written
from brinell.judge import judge
from brinell.live.console import look_at
from brinell.live.progress import Display
from brinell.load.drivers.call import Calls
from brinell.load.drivers.websocket import Sockets
from brinell.load.listening import is_wanted, remedy, silence
from brinell.load.trial import LoadTrial
from brinell.publish import encode
from brinell.reports.outline import bugs_in_order
from brinell.reports.terminal import summary
from brinell.rosters.drills import DRILLS
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES
from brinell.run import execute
from brinell.subject import service_command
from brinell.subject.interpreter import choose, probe
from brinell.subject.targets import check_target

REPORT = "report.html"
_A = {"victim": "a victim"}  # the other verdicts are adjectives
_OF_THE_MACHINE = {Reason.INVALID, Reason.UNSUPPORTED}
_UNDER_LOAD = frozenset(("load", "websocket", "cache", "capacity", "drills"))  # checks that want more of a run
_UNWRAPPED = 10_000  # columns: one line stays one line


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What to show, and where to write: the shared options."""

    out: Path | None = None
    json: bool = False
    open: bool = False
    quiet: bool = False
    plain: bool = False  # lines that stay, whatever the terminal can do
    watch: bool = False  # a page in the browser while it runs
    browser: bool = True  # open it there
    exports: exporting.Wanted = exporting.Wanted()  # load for other tools


Steps = list[tuple[str, str]]
"""What to type next: commands, each with what it does."""


class Session(NamedTuple):
    """A judgement that was published in a folder: that of a run that was made, or of an earlier one."""

    folder: Path
    judgement: Judgement
    whole: bool  # the judgement itself is written, and so are the files that were asked for by name

    @property
    def exit_code(self) -> Exit:
        """The judgement's own; where not all is written that has to be, that of a mistake to correct."""
        return first_of((self.judgement.exit_code, Exit.PASS if self.whole else Exit.USAGE))


def published(judgement: Judgement, folder: Path, *, run: Path | None = None, formats: Iterable[str] = ()) -> Session:
    """Write a judgement, its reports and, in other formats, the load of the run that it is of, ``run``; None: that of
    ``folder`` itself, which has just ended.

    What cannot be written is told and takes nothing else with it.
    """
    kept = publishing.publish_and_tell(folder, judgement, of_a_run=run is None).kept
    try:
        exporting.export(run or folder, formats, folder)
    except UsageError as error:
        say.error(str(error), error.hint)
        return Session(folder, judgement, whole=False)
    return Session(folder, judgement, whole=kept)


def examine(plan: Plan, output: Output, *, home: Path | None = None) -> Session:
    """Carry out a plan in a new run below ``home`` (the plan's root where not given), judge and publish it."""
    _look_ahead(plan)
    _knock(plan, plan.steps)
    where = home or Path(plan.root)
    clock = SystemClock()
    folder = runs.create(where, plan.name, clock.utc(), output.out)
    session = _carry_out(plan, folder, output, resume=False)
    if output.out is None:
        runs.prune(where, plan.keep, spared=folder)
    return session


def resume(root: Path, run: str, output: Output) -> Session:
    """Go on with an interrupted run: its plan, its folder. UsageError if it is complete or its project gone."""
    folder = runs.find(root, run)
    refuse_unended(folder)
    evidence = read(folder)
    if evidence.run_state == "complete" and all(evidence.finished.get(s.id) == "done" for s in evidence.plan.steps):
        raise UsageError(f"{folder.name} is complete: nothing is left to do", hint=f"brinell report {folder.name}")
    if not Path(evidence.plan.root).is_dir():
        raise UsageError(
            f"the project {folder.name} examined is gone ({evidence.plan.root})",
            hint="brinell demo, or brinell run",
        )
    _look_ahead(evidence.plan)
    _knock(evidence.plan, [step for step in evidence.plan.steps if evidence.finished.get(step.id) != "done"])
    return _carry_out(evidence.plan, folder, output, resume=True)


def refuse_unended(folder: Path) -> None:
    """UsageError while another process writes a run: whoever read it now would take it for one that was killed."""
    if is_written(folder):
        raise UsageError(
            f"{folder.name} is still going on in another process", hint="let it end, or stop it with Ctrl-C"
        )


def show(done: Session, output: Output, *, following: Steps | None = None) -> int:
    """Print a judgement the way the options ask for, open the report if asked to, and return the exit code.

    ``following`` replaces what to type next; an empty list leaves it out.
    """
    folder, judgement = done.folder, done.judgement
    if output.json:
        say.out(encode(judgement).rstrip("\n"))
    else:
        screen = look_at(sys.stdout, os.environ)
        width = _UNWRAPPED if output.quiet else screen.width
        text = summary(judgement, width=width, color=screen.color, encoding=screen.encoding, folder=say.near(folder))
        lines = text.rstrip("\n").splitlines()
        if lines and "Next:" in lines[-1]:
            lines.pop()  # the summary knows neither the folder one stands in nor the command that printed it
        say.out(lines[0] if output.quiet else "\n".join(lines))
        if not output.quiet:
            say.next_steps(next_steps(judgement, folder, opened=output.open) if following is None else following)
    if output.open:
        open_file(folder / REPORT)
    return done.exit_code


def next_steps(judgement: Judgement, folder: Path, *, opened: bool = False) -> Steps:
    """Return what to type next, the most urgent thing first, so that it works from where one stands."""
    run = _argument(folder)
    report = [] if opened else [(f"brinell report{run} --open", "the report in a browser")]
    if judgement.run.state in {"interrupted", "torn"}:
        return [(f"brinell run --resume{run or ' latest'}", "go on where it stopped"), *report]
    for bug in bugs_in_order(judgement):
        if bug.reproduction and bug.reproduction.outcome == "reproduced":
            return [(bug.reproduction.command, f"reproduces {bug.severity} {bug.id}"), *report]
    for test in judgement.flaky:
        if test.confirmed and test.reproducer:
            verdict = _A.get(test.verdict, test.verdict)
            keep = f"brinell suite --write-tests --run{run or ' latest'}", "writes tests that keep it fixed"
            return [(test.reproducer, f"shows that {_last_name(test.test)} is {verdict}"), keep, *report]
    can_bless = runs.project_of(folder) is not None and baseline.holds_anything(judgement)
    if judgement.verdict is Verdict.PASS and can_bless:
        return [(f"brinell bless{run}", "make it the baseline later runs are compared with"), *report]
    undecided = [one for one in judgement.findings if one.required and one.reason is not None]
    is_of_here = not undecided or any(
        one.reason in _OF_THE_MACHINE or one.check not in _UNDER_LOAD for one in undecided
    )
    if judgement.verdict is Verdict.UNKNOWN and is_of_here:
        return [("brinell doctor", "what this machine and this project lack"), *report]
    return report or [("brinell runs", "list the runs there are")]


def _last_name(test: str) -> str:
    return one_line(test.rpartition("::")[2], 60)


def _argument(folder: Path) -> str:
    """Return how to name a run from here, with a space before it: nothing where it is the latest one."""
    try:
        if runs.find(here()).resolve() == folder.resolve():
            return ""
    except UsageError:
        pass
    return f" {say.near(folder)}"


def _carry_out(plan: Plan, folder: Path, output: Output, *, resume: bool) -> Session:
    steps = tuple(step.id for step in plan.steps)
    failure: Exception | None = None
    page = watching.begin(plan, browser=output.browser) if output.watch else None
    with _unhurried():
        try:
            environ = {**os.environ, "TERM": "dumb"} if output.plain else os.environ
            with (
                exporting.during(output.exports.ends) as feed,
                Display(steps, expected_s=_expected_s(plan), quiet=output.quiet, environ=environ) as display,
            ):
                execute(
                    plan,
                    folder,
                    argv=sys.argv,
                    watch=watching.both(watching.both(display.watch, page.watch if page else None), feed),
                    show=watching.both(display.show, page.show if page else None),
                    redraw=display.tick,
                    resume=resume,
                )
        except Exception as error:
            failure = error
            if not (folder / FILE).exists():
                watching.give_up(page)
                raise
        try:
            done = published(judge(read(folder)), folder, formats=output.exports.formats)
        except BaseException:
            watching.give_up(page)
            raise
        watching.end(page, done.judgement, folder / REPORT)
    if failure is not None:
        if output.json or _holds_something(done.judgement):
            show(done, output, following=[])
        raise failure
    return done


def _holds_something(judgement: Judgement) -> bool:
    """Whether a run that could not go on had measured something by then."""
    return "done" in judgement.run.steps.values() or bool(judgement.load or judgement.cache or judgement.websocket)


def _look_ahead(plan: Plan) -> None:
    """Find the user's mistakes that only show at run time before there is a run: target, environment, interpreter.

    The trials check again; UsageError here leaves no folder behind.
    """
    root = Path(plan.root)
    if plan.service is not None:
        python = str(choose(root, plan.python, os.environ).path)
        service_command.compose(plan.service, root, python, os.environ)
    for step in plan.steps:
        match step.spec:
            case (LoadSpec(url=url) as spec) | CapacitySpec(load=LoadSpec(url=url) as spec):
                # Where the service will listen is not known yet; its requests can be put together all the same.
                if step.spec is spec:  # a search has shapes of its own
                    LoadTrial(DRIVERS, SHAPES).look(spec)
                driver = DRIVERS[spec.driver]
                if isinstance(driver, Calls):
                    driver.look(spec, root)
                    continue
                target = check_target(url or "http://127.0.0.1", plan.allow_targets)
                if isinstance(driver, Sockets):
                    driver.look(spec, target, root)
                    continue
                if driver.sessions(spec, target, root, plan.allow_targets) is None:
                    driver.encode(spec, target, root)
            case DrillSpec() as drill:
                look_ahead(drill, plan, DRILLS)
            case SuiteSpec(recording=None) | ExamineSpec() | PropertySpec() as spec:
                folder = root / spec.directory
                probe(choose(folder, spec.python, os.environ, configured=plan.python), cwd=folder)


def _knock(plan: Plan, steps: Iterable[Step]) -> None:
    """Find that nothing listens where the first steps would press. UsageError.

    What comes after another step is asked when it is its turn: by then somebody may have come.
    """
    heard = set()
    for step in steps:
        load = step.spec if isinstance(step.spec, LoadSpec) else getattr(step.spec, "load", None)
        if not isinstance(load, LoadSpec) or load.url is None or step.needs_service:
            return
        target = check_target(load.url, plan.allow_targets)
        place = target.addresses, target.port
        if place in heard or not is_wanted(load):
            continue
        heard.add(place)
        if why := silence(target):
            raise UsageError(why if len(plan.steps) == 1 else f"{step.id}: {why}", hint=remedy(target))


_LIMIT_S = 3.0  # of trying one: what it waits for beside its connections and attempts
_HOSTILE_S = 5.0  # of bad manners, at a subject that cuts them off


def _expected_s(plan: Plan) -> dict[str, float]:
    """Seconds that a step's own plan, or the blessed baseline, says it takes."""
    found: dict[str, float] = {}
    for step in plan.steps:
        match step.spec:
            case LoadSpec(websocket=WebSocketSpec(mode="hostile")):
                found[step.id] = _HOSTILE_S
            case LoadSpec(websocket=WebSocketSpec(limit=int(limit)) as does):
                found[step.id] = _LIMIT_S + (2 * limit + does.refusals) / does.connect_rate
            case LoadSpec(shape=shape):
                with contextlib.suppress(ValueError):  # a recording that is gone since: the step itself tells
                    found[step.id] = shape_of(shape).span_s
            case ExamineSpec(budget_s=budget_s) | CapacitySpec(budget_s=budget_s):
                found[step.id] = budget_s
            case SuiteSpec() as spec:
                seconds = _blessed_s(Path(plan.root), spec)
                if seconds is not None:
                    found[step.id] = seconds * spec.repeat
    return found


def _blessed_s(root: Path, spec: SuiteSpec) -> float | None:
    """Seconds that one run of the suite took when it was blessed; None of a part of it, or where nothing says so."""
    try:
        whole = read_settings(source.read(root)).suite or SuiteSpec()
        seconds = baseline.suite_s(baseline.load(root))
    except UsageError:  # told where it matters: by the run
        return None
    is_whole = spec.recording is None and (spec.paths, spec.args) == (whole.paths, whole.args)
    return seconds if is_whole else None


@contextlib.contextmanager
def _unhurried() -> Iterator[None]:
    """Let one Ctrl-C pass while a run is judged and published, which takes a moment; the second ends the command.

    While steps run, ``run.execute`` has handlers of its own.
    """
    asked = 0

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        del number, frame
        asked += 1
        if asked > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def open_file(path: Path) -> None:
    """Open a file in a browser; say so where that cannot be."""
    if not path.exists():
        say.note(f"no {path.name} to open")
    elif not webbrowser.open(path.resolve().as_uri()):
        say.note(f"no browser could be started; open {say.near(path)} yourself")
