"""``brinell plan``: what a run would do, without doing it."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from brinell.cli import drill, say, scenario_words, schedule_words, socket_words
from brinell.cli.cache_words import asked
from brinell.cli.capacity_words import search
from brinell.cli.options import here
from brinell.config import from_toml, source
from brinell.config.durations import spell
from brinell.config.scenarios import shape_of
from brinell.core.plan import (
    AgainstSpec,
    CapacitySpec,
    DrillSpec,
    ExamineSpec,
    LoadSpec,
    Plan,
    PropertySpec,
    QualitySpec,
    ReproduceSpec,
    ServiceSpec,
    Step,
    SuiteSpec,
    WebSocketSpec,
)
from brinell.subject.interpreter import choose

EXAMPLES = """
brinell plan            checks brinell.toml and says what a run would do
brinell plan --json     the plan itself, as it is kept with every run
"""


def command(
    *, json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON, and nothing else.")] = False
) -> int:
    """Print what a run would do, in order, without starting anything."""
    root = here()
    plan = from_toml(root)
    if json:
        say.out(msgspec.json.format(msgspec.json.encode(plan), indent=2).decode())
        return 0
    file = source.read(root).file
    said = f"{say.near(file)} is fine" if file else "No configuration: the test suite, with the defaults"
    say.out(f"{said}. A run of {plan.name} would do this, in order:\n")
    width = max(len(step.id) for step in plan.steps)
    for number, step in enumerate(plan.steps, 1):
        lines = describe(step, plan)
        say.out(f"  {number}  {say.style(f'{step.id:<{width}}', 'bold')}  {lines[0]}")
        for line in lines[1:]:
            say.out(f"{'':{width + 7}}{line}")
    say.out()
    rows = [["Product code", ", ".join(plan.source) or "none found: failures cannot be told from the environment's"]]
    if plan.service:
        rows += service_rows(plan.service)
    if plan.known_bugs:
        rows.append(["Known bugs", ", ".join(plan.known_bugs)])
    rows.append(["Kept", f"{plan.keep} runs in .brinell/runs" if plan.keep else "every run, in .brinell/runs"])
    rows.append(["Plan", plan.digest])
    say.table(rows, indent="  ")
    say.out("\nNothing was run.")
    say.next_steps([("brinell run", "do it")] if file else [("brinell run", "do it"), ("brinell init", "write a file")])
    return 0


def describe(step: Step, plan: Plan) -> list[str]:  # noqa: PLR0911 - one line for each kind
    """Say in one or more lines what a step does."""
    match step.spec:
        case SuiteSpec() as spec:
            return _suite(spec, plan)
        case ReproduceSpec() as spec:
            bounds = f"at most {spec.most}, {spell(spec.timeout_s)} each, {spell(spec.budget_s)} in all"
            return [f"one failing test of each bug, alone in a fresh process; {bounds}"]
        case ExamineSpec() as spec:
            return _examination(spec)
        case AgainstSpec() as spec:
            return _against(spec)
        case PropertySpec() as spec:
            return _properties(spec)
        case QualitySpec() as spec:
            return _quality(spec)
        case LoadSpec() as spec:
            return _load(spec)
        case CapacitySpec() as spec:
            return search(spec)
        case DrillSpec() as spec:
            return drill.describe(spec)


def service_rows(service: ServiceSpec) -> list[list[str]]:
    """Say how the service is started and which variables of the environment it names."""
    rows = [
        ["Service", service.command],
        ["", f"ready when GET {service.ready} answers within {spell(service.ready_timeout_s)}"],
    ]
    names = sorted({name for value in service.env.values() for name in re.findall(r"\$\{(\w+)\}", value)})
    missing = [name for name in names if name not in os.environ]
    if names:
        rows.append(["", f"takes from the environment: {', '.join(names)}"])
    if missing:
        rows.append(["", say.style(f"not set here: {', '.join(missing)}", "warn")])
    return rows


def _suite(spec: SuiteSpec, plan: Plan) -> list[str]:
    if spec.recording:
        return [f"reads the recording {spec.recording}; runs nothing"]
    words = shlex.join(["pytest", *spec.paths, *spec.args])
    chosen = choose(Path(plan.root), spec.python, os.environ, configured=plan.python)
    times = "once" if spec.repeat == 1 else f"{spec.repeat} times"
    target = f"target {spell(spec.target_s)}{'' if spec.target_stated else ' (default, advisory)'}"
    if spec.workers:
        times += ", on one worker for each core" if spec.workers < 0 else f", on {_plural(spec.workers, 'worker')}"
        times += ", and once in one process" if spec.serial_too else ""
    lines = [f"{words}, {times}", f"with {chosen.path} ({chosen.because})"]
    lines.append(f"{target}; ended after {spell(spec.timeout_s)}")
    if spec.categories:
        lines.append("categories: " + ", ".join(f"{name} = {where}" for name, where in spec.categories.items()))
    return lines


def _examination(spec: ExamineSpec) -> list[str]:
    who = ", ".join(spec.tests) or "each test"
    beside = f"at most {spec.slots}" if spec.slots else "one for each core, at most 8"
    lines = [
        f"{who} alone, twice, after others and in other orders, for at most {spell(spec.budget_s)}",
        f"{beside} side by side; seed {spec.seed}",
    ]
    if spec.factors:
        lines.append("under: " + ", ".join(f"{name} {level}" for name, level in spec.factors.items()))
    return lines


def _against(spec: AgainstSpec) -> list[str]:
    return [
        f"the suite's time against that of {spec.against}, in pairs of runs until there is an answer",
        f"at most {spec.pairs} pairs in {spell(spec.budget_s)}",
        f"no regression is what is below {spec.least_ratio:g} times or {spell(spec.least_s)}",
    ]


def _properties(spec: PropertySpec) -> list[str]:
    if spec.part == "verify":
        return ["runs the profiles ci and local with the recommended numbers: do they take as long as predicted?"]
    fast, medium, slow = spec.tiers_s
    return [
        f"what an example of each Hypothesis test costs and finds, in about {spell(spec.effort_s)}",
        f"profiles: local {spec.local} examples, ci {spec.ci}, all of ci within {spell(spec.budget_s)}",
        f"tiers {fast:g}, {medium:g} and {slow:g} s; a test is ended after {spell(spec.test_timeout_s)}",
    ]


def _quality(spec: QualitySpec) -> list[str]:
    lines = ["reads the tests and their configuration for what they fail to check; runs nothing of them"]
    if spec.coverage is not None:
        lines.append(f"then runs them once more under coverage; target {spec.coverage:g} % of each module's lines")
    return [*lines, *([f"left out: {', '.join(spec.ignore)}"] if spec.ignore else [])]


def _load(spec: LoadSpec) -> list[str]:
    if spec.cache is not None:
        return [*asked(spec, spec.cache), *_limits(spec)]
    return [*(_pressed(spec) if spec.websocket is None else _sockets(spec, spec.websocket)), *_limits(spec)]


def _sockets(spec: LoadSpec, does: WebSocketSpec) -> list[str]:
    bounds = f"{_plural(spec.workers, 'worker')}, {spell(spec.timeout_s)} for an answer"
    return [*socket_words.sockets(spec, does), bounds]


def _limits(spec: LoadSpec) -> list[str]:
    if not spec.thresholds:
        return []
    return ["must hold: " + ", ".join(f"{name} {limit:,.12g}" for name, limit in spec.thresholds.items())]


def _pressed(spec: LoadSpec) -> list[str]:
    shape = shape_of(spec.shape)
    place = f"{spec.driver} to {spec.url or 'the service'}" if spec.call is None else f"calls {spec.call}"
    once = "connection" if spec.call is None else "call"
    bounds = f"at most {_plural(spec.connections, once)} at once, {_plural(spec.workers, 'worker')}"
    lines = [
        f"{shape.model} model, {schedule_words.pace(spec, shape)} for {spell(shape.span_s)}, {place}",
        *([volume] if (volume := schedule_words.volume(spec, shape)) else []),
        f"{bounds}, {spell(spec.timeout_s)} for an answer",
        *schedule_words.rules(spec),
    ]
    lines += _described(spec)
    if spec.flows is not None:
        lines.append(f"users by the flows of {say.near(Path(spec.flows))}")
    return lines + scenario_words.users(spec)


def _described(spec: LoadSpec) -> list[str]:
    """What a document would have sent: it is read when the service is there, so no more is known."""
    if spec.har is not None:
        return [f"what {say.near(Path(spec.har))} recorded of it{', with its pauses' if spec.think else ''}"]
    if spec.openapi is None:
        return []
    changing = ", and sessions that make, change and delete things" if spec.openapi_unsafe else ", and nothing else"
    compared = "answers are compared with it" if spec.openapi_validate else "answers are not compared with it"
    return [f"what {spec.openapi} describes and only reads, each tried once before{changing}", compared]


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
