"""Tables and command-line options to a frozen plan. Nothing has run yet; every mistake is a ``UsageError``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from brinell.config import calls, documents, drills, probing, source, tables
from brinell.config import capacity as breaking_point
from brinell.config import properties as property_tests
from brinell.config.against import against_step
from brinell.config.keys import read_table
from brinell.config.problems import Problems, Unfit
from brinell.config.quality import KEYS as QUALITY_KEYS
from brinell.config.quality import quality_step
from brinell.config.scenarios import scenarios
from brinell.core.errors import UsageError
from brinell.core.plan import (
    CapacitySpec,
    DrillSpec,
    ExamineSpec,
    LoadSpec,
    Plan,
    ReproduceSpec,
    ServiceSpec,
    Step,
    SuiteSpec,
)
from brinell.core.redact import is_utf8
from brinell.subject import service_command
from brinell.subject.discover import packages

SUITE = "suite"
REPRODUCE = "reproduce"
EXAMINE = "examine"


class Settings(msgspec.Struct, frozen=True):
    """A configuration, read and checked: the tables by the plan's names. ``suite`` is None without the table."""

    project: dict[str, Any]
    service: ServiceSpec | None
    suite: SuiteSpec | None
    known_bugs: tuple[str, ...]
    loads: tuple[LoadSpec, ...]
    deep: bool = False
    examination: dict[str, Any] = {}  # budget and seed of the examination of single tests, where they are given
    quality: dict[str, Any] = {}  # of the reading of the tests, where it is given
    properties: dict[str, Any] | None = None  # of the examination of property tests; None: not asked for
    capacity: CapacitySpec | None = None
    drills: tuple[DrillSpec, ...] = ()


def from_toml(root: Path) -> Plan:
    """Return the plan of everything the project's configuration asks for; without one, of its test suite."""
    found = source.read(root)
    settings = read_settings(found)
    steps = []
    if settings.suite is not None or found.file is None:
        spec = settings.suite or SuiteSpec(python=settings.project.get("python"))
        tests = examination(spec, settings.examination) if settings.deep else None
        steps += suite_steps(spec, tests, quality_step(spec, settings.quality))
        if settings.properties is not None:
            steps += property_tests.property_steps(property_tests.examination(spec, settings.properties))
    steps += [
        Step(f"load:{spec.name}", "load", spec, needs_service=spec.url is None and spec.driver not in calls.INSIDE)
        for spec in settings.loads
    ]
    if settings.capacity is not None:
        steps.append(breaking_point.step_of(settings.capacity))
    steps += [drills.step_of(spec) for spec in settings.drills]
    if not steps:
        raise UsageError(
            f"{found.name} asks for nothing", hint="add [suite] to run the tests, or [[load]] for a load scenario"
        )
    return plan_of(root, settings, steps)


def for_suite(
    root: Path,
    *,
    paths: Sequence[str] = (),
    args: Sequence[str] = (),
    python: str | None = None,
    repeat: int | None = None,
    target_s: float | None = None,
    recording: Path | None = None,
    workers: int | None = None,
    serial_too: bool | None = None,
    deep: bool | None = None,
    budget_s: float | None = None,
    seed: int | None = None,
    against: Mapping[str, Any] | None = None,
    quality: bool | None = None,
    coverage: float | None = None,
) -> Plan:
    """Return the plan of one run of the suite; what is not given comes from the configuration. ``against``: fields of
    ``AgainstSpec``, where it is compared with other code; ``budget_s`` and ``seed`` are then also for that.
    """
    settings = read_settings(source.read(root))
    base = settings.suite or SuiteSpec(python=settings.project.get("python"))
    given: dict[str, Any] = {
        "paths": tuple(paths) or base.paths,
        "args": (*base.args, *args),
        "python": python or base.python,
        "repeat": repeat or base.repeat,
        "recording": str(recording.resolve()) if recording else None,
        "workers": base.workers if workers is None else workers,
        "serial_too": base.serial_too if serial_too is None else serial_too,
    }
    if target_s is not None:
        given |= {"target_s": target_s, "target_stated": True}
    spec = msgspec.structs.replace(base, **given)
    if serial_too and not spec.workers:
        raise UsageError(
            "--serial-too compares with a run on workers", hint="add --workers auto, or leave --serial-too away"
        )
    is_deep = settings.deep if deep is None else deep
    options = {"--deep": deep, "--budget": budget_s is not None, "--seed": seed is not None}
    if against is not None:
        options = {"--deep": deep}
    _refuse_unused(spec, [name for name, is_given in options.items() if is_given], is_deep=is_deep)
    tests = examination(spec, settings.examination, budget_s=budget_s, seed=seed) if is_deep else None
    steps = suite_steps(spec, tests, quality_step(spec, settings.quality, wanted=quality, coverage=coverage))
    if against is not None:
        steps.append(against_step(spec, {**against, "budget_s": budget_s, "seed": seed}))
    return plan_of(root, settings, steps)


def _refuse_unused(spec: SuiteSpec, options: Sequence[str], *, is_deep: bool) -> None:
    """Refuse options that only the examination of single tests could use, where there will be none."""
    if options and spec.recording is not None:
        raise UsageError(
            f"{options[0]} runs tests, and --from only reads a recording", hint=f"leave {options[0]} or --from away"
        )
    if options and not is_deep:
        raise UsageError(
            f"{options[0]} is for the examination of single tests", hint=f"add --deep, or leave {options[0]} away"
        )


def for_tests(
    root: Path,
    *,
    paths: Sequence[str] = (),
    args: Sequence[str] = (),
    python: str | None = None,
    budget_s: float | None = None,
    seed: int | None = None,
    tests: Sequence[str] = (),
    factors: Mapping[str, Any] | None = None,
) -> Plan:
    """Return the plan of an examination of single tests: all of them, or only ``tests``. The suite is not a step."""
    settings = read_settings(source.read(root))
    base = settings.suite or SuiteSpec(python=settings.project.get("python"))
    spec = msgspec.structs.replace(
        base, paths=tuple(paths) or base.paths, args=(*base.args, *args), python=python or base.python
    )
    wanted = examination(spec, settings.examination, budget_s=budget_s, seed=seed)
    wanted = msgspec.structs.replace(wanted, tests=tuple(tests), factors=dict(factors or {}))
    return plan_of(root, settings, [Step(EXAMINE, EXAMINE, wanted)])


def for_properties(
    root: Path,
    *,
    paths: Sequence[str] = (),
    args: Sequence[str] = (),
    python: str | None = None,
    verify: bool = True,
    **given: Any,
) -> Plan:
    """Return the plan of an examination of property tests. ``given``: fields of ``PropertySpec``, None: not given."""
    settings = read_settings(source.read(root))
    base = settings.suite or SuiteSpec(python=settings.project.get("python"))
    suite = msgspec.structs.replace(
        base, paths=tuple(paths) or base.paths, args=(*base.args, *args), python=python or base.python
    )
    if given.get("budget_s") is not None:
        given["budget_stated"] = True
    spec = property_tests.examination(suite, settings.properties or {}, **given)
    return plan_of(root, settings, property_tests.property_steps(spec, verify=verify))


def examination(
    suite: SuiteSpec, settings: Mapping[str, Any], *, budget_s: float | None = None, seed: int | None = None
) -> ExamineSpec:
    """Return the examination of the tests of ``suite``; what is not given comes from ``settings`` or the defaults."""
    given = {"budget_s": budget_s, "seed": seed}
    return ExamineSpec(
        directory=suite.directory,
        python=suite.python,
        paths=suite.paths,
        args=suite.args,
        slots=max(0, suite.workers),
        **{**settings, **{name: value for name, value in given.items() if value is not None}},
    )


def read_settings(found: source.Source) -> Settings:
    """Check every table. ``UsageError`` with everything that is wrong, at most ten told."""
    problems = Problems(str(found.file or found.name), found.prefix, found.lines)
    for name in found.tables:
        if name not in tables.TABLES:
            problems.unknown_table(name, tables.TABLES, later=tables.TABLES_LATER)
    project = _table(found, "project", tables.project(found.root), problems)
    suite = _table(found, "suite", tables.suite(found.root), problems)
    service = _table(found, "service", tables.service(found.root), problems)
    loads = scenarios(found.tables["load"], found.root, problems) if "load" in found.tables else ()
    search = breaking_point.searched(found.tables, found.root, loads, problems)
    _together(found, loads, problems)
    drilled = drills.drills(
        found.tables.get("drill", []), found.root, loads, problems, service=found.tables.get("service")
    )
    problems.finish()
    known = suite.pop("known_bugs", ())
    deep = suite.pop("deep", False)
    properties = suite.pop("property", None)
    quality = {field: suite.pop(key) for key, field in QUALITY_KEYS.items() if key in suite}
    examined = {
        field: suite.pop(key) for key, field in (("deep_budget_s", "budget_s"), ("seed", "seed")) if key in suite
    }
    python = project.get("python")
    if "service" in found.tables:
        # What a shell would have done and nobody does here; the environment is looked at when something starts.
        service_command.compose(ServiceSpec(command=service["command"]), found.root, "python", {})
    started = ServiceSpec(**service) if "service" in found.tables else None
    return Settings(
        project=project,
        service=started,
        suite=SuiteSpec(python=python, target_stated="target_s" in suite, **suite) if "suite" in found.tables else None,
        known_bugs=known,
        loads=tuple(
            msgspec.structs.replace(spec, python=python)
            if spec.driver in calls.INSIDE
            else documents.placed(spec, started)
            for spec in loads
        ),
        deep=deep,
        examination=examined,
        properties=properties,
        quality=quality,
        capacity=breaking_point.placed(search, started, python),
        drills=drilled,
    )


def suite_steps(spec: SuiteSpec, tests: ExamineSpec | None = None, quality: Step | None = None) -> list[Step]:
    """The suite, the reproduction of its failures, the reading of its tests and the examination of single ones; a
    recording is only read.
    """
    steps = [Step(SUITE, SUITE, spec)]
    if spec.recording is None:
        steps.append(Step(REPRODUCE, REPRODUCE, ReproduceSpec(suite=SUITE)))
        if quality is not None:
            steps.append(quality)
        if tests is not None:
            steps.append(Step(EXAMINE, EXAMINE, tests))
    return steps


def project_name(root: Path) -> str:
    """The project's name where none is given: that of pyproject.toml, else its folder's."""
    return slug(source.declared_name(root) or "") or slug(root.resolve().name) or "project"


def _table(found: source.Source, name: str, keys: Any, problems: Problems) -> dict[str, Any]:
    if name not in found.tables:
        return {}
    required = ("command",) if name == "service" else ()
    return read_table(found.tables[name], keys, (name,), problems, later=tables.LATER.get(name, ()), required=required)


def _together(found: source.Source, loads: tuple[LoadSpec, ...], problems: Problems) -> None:
    """What only two tables together can get wrong."""
    if "service" in found.tables:
        return
    for number, spec in enumerate(loads):
        if documents.placed(spec, None).url is None and spec.driver not in calls.INSIDE:
            why = "missing: a scenario needs an address, or a [service] that Brinell starts"
            problems.add(("load", number), "url", Unfit(why), example='url = "http://127.0.0.1:8000"')


def plan_of(root: Path, settings: Settings, steps: list[Step]) -> Plan:
    """Return the plan of these steps in the project that the settings describe."""
    project = settings.project
    if not is_utf8(str(root.resolve())):
        raise UsageError(f"{root.resolve()} is not UTF-8, and a run is kept as such", hint="rename the folder")
    needs_service = any(step.needs_service for step in steps)
    return Plan(
        name=project.get("name") or project_name(root),
        root=str(root.resolve()),
        steps=tuple(steps),
        source=project.get("source") or packages(root),
        allow_targets=project.get("allow_targets", ()),
        known_bugs=settings.known_bugs,
        service=probing.probed(settings.service, steps) if needs_service else None,
        python=project.get("python"),
        keep=project.get("keep", Plan("", "", ()).keep),
    )


def slug(text: str) -> str:
    """Return a text as a name for a step or a run: letters, digits, dots and hyphens."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-._")[:60]
