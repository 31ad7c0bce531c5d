"""Tables and command-line options to a frozen plan. Nothing has run yet; every mistake is a ``UsageError``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from brinell.config import checks, source, tables
from brinell.config.keys import read_table
from brinell.config.problems import OPTIONS, Problems, Unfit
from brinell.config.scenarios import scenarios, shape, thresholds
from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, Plan, ReproduceSpec, RequestSpec, ServiceSpec, Step, SuiteSpec
from brinell.core.redact import is_utf8
from brinell.subject import service_command
from brinell.subject.discover import packages

SUITE = "suite"
REPRODUCE = "reproduce"


class Settings(msgspec.Struct, frozen=True):
    """A configuration, read and checked: the tables by the plan's names. ``suite`` is None without the table."""

    project: dict[str, Any]
    service: ServiceSpec | None
    suite: SuiteSpec | None
    known_bugs: tuple[str, ...]
    loads: tuple[LoadSpec, ...]


def from_toml(root: Path) -> Plan:
    """Return the plan of everything the project's configuration asks for; without one, of its test suite."""
    found = source.read(root)
    settings = read_settings(found)
    steps = []
    if settings.suite is not None or found.file is None:
        steps += suite_steps(settings.suite or SuiteSpec(python=settings.project.get("python")))
    steps += [Step(f"load:{spec.name}", "load", spec, needs_service=spec.url is None) for spec in settings.loads]
    if not steps:
        raise UsageError(
            f"{found.name} asks for nothing", hint="add [suite] to run the tests, or [[load]] for a load scenario"
        )
    return _plan(root, settings, steps)


def for_suite(
    root: Path,
    *,
    paths: Sequence[str] = (),
    args: Sequence[str] = (),
    python: str | None = None,
    repeat: int | None = None,
    target_s: float | None = None,
    recording: Path | None = None,
) -> Plan:
    """Return the plan of one examination of the suite; what is not given comes from the configuration."""
    settings = read_settings(source.read(root))
    base = settings.suite or SuiteSpec(python=settings.project.get("python"))
    given: dict[str, Any] = {
        "paths": tuple(paths) or base.paths,
        "args": (*base.args, *args),
        "python": python or base.python,
        "repeat": repeat or base.repeat,
        "recording": str(recording.resolve()) if recording else None,
    }
    if target_s is not None:
        given |= {"target_s": target_s, "target_stated": True}
    return _plan(root, settings, suite_steps(msgspec.structs.replace(base, **given)))


def for_load(
    root: Path,
    url: str,
    load_shape: Mapping[str, Any],
    *,
    request: Mapping[str, Any],
    limits: Mapping[str, float],
    **fields: Any,
) -> Plan:
    """Return the plan of one load scenario against an address. ``fields`` are those of ``LoadSpec``.

    The request's path is the address's own. Of the configuration only ``[project]`` is used.
    """
    settings = read_settings(source.read(root))
    try:
        parts = checks.split(checks.url(url))
    except Unfit as unfit:
        raise UsageError(f"{url}: {unfit.why}", hint="brinell load http://127.0.0.1:8000/") from None
    problems = Problems("brinell load", hint="brinell load --help")
    spec = LoadSpec(
        name=_slug(parts.path) or "load",
        shape=shape(load_shape, OPTIONS, problems),
        url=f"{parts.scheme}://{parts.netloc}",
        requests=(RequestSpec(path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""), **request),),
        thresholds=thresholds(limits, ("--slo",), problems),
        **fields,
    )
    problems.finish()
    return _plan(root, settings, [Step(f"load:{spec.name}", "load", spec)])


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
    _together(found, loads, problems)
    problems.finish()
    known = suite.pop("known_bugs", ())
    python = project.get("python")
    if "service" in found.tables:
        # What a shell would have done and nobody does here; the environment is looked at when something starts.
        service_command.compose(ServiceSpec(command=service["command"]), found.root, "python", {})
    return Settings(
        project=project,
        service=ServiceSpec(**service) if "service" in found.tables else None,
        suite=SuiteSpec(python=python, target_stated="target_s" in suite, **suite) if "suite" in found.tables else None,
        known_bugs=known,
        loads=loads,
    )


def suite_steps(spec: SuiteSpec) -> list[Step]:
    """The suite, and after it the reproduction of its failures; a recording is only read."""
    steps = [Step(SUITE, SUITE, spec)]
    if spec.recording is None:
        steps.append(Step(REPRODUCE, REPRODUCE, ReproduceSpec(suite=SUITE)))
    return steps


def project_name(root: Path) -> str:
    """The project's name where none is given: that of pyproject.toml, else its folder's."""
    return _slug(source.declared_name(root) or "") or _slug(root.resolve().name) or "project"


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
        if spec.url is None:
            why = "missing: a scenario needs an address, or a [service] that Brinell starts"
            problems.add(("load", number), "url", Unfit(why), example='url = "http://127.0.0.1:8000"')


def _plan(root: Path, settings: Settings, steps: list[Step]) -> Plan:
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
        service=settings.service if needs_service else None,
        python=project.get("python"),
        keep=project.get("keep", Plan("", "", ()).keep),
    )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "-", text).strip("-._")[:60]
