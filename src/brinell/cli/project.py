"""The doctor's look at the project: configuration, interpreter, service, baseline, git."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

from brinell.cli.row import LIMITED, MISSING, OK, Row
from brinell.config import from_toml, source
from brinell.core.errors import UsageError
from brinell.core.plan import Plan, ServiceSpec
from brinell.journal import baseline
from brinell.journal.fingerprint import fingerprint
from brinell.subject.interpreter import choose, probe
from brinell.subject.question import ask

_ASK_FOR_MODULE = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"


def project(root: Path) -> list[Row]:
    """Return the rows about the project below ``root``."""
    row, plan = _configuration(root)
    rows = [row, _pytest(root, plan)]
    if plan is not None and plan.service is not None:
        rows += [_service(root, plan.service, plan.python), _environment(plan.service)]
    return [*rows, _baseline(root), _git(root)]


def _configuration(root: Path) -> tuple[Row, Plan | None]:
    try:
        found, plan = source.read(root), from_toml(root)
    except UsageError as error:
        return Row("configuration", MISSING, str(error).splitlines()[0], "brinell plan says more", breaks=True), None
    if found.file is None:
        return Row("configuration", LIMITED, "none: only the test suite is examined", "brinell init"), plan
    return Row("configuration", OK, f"{found.file.name}: {', '.join(step.id for step in plan.steps)}"), plan


def _pytest(root: Path, plan: Plan | None) -> Row:
    try:
        named = plan.python if plan else None
        chosen = choose(root, named, os.environ, configured=named)
        found = probe(chosen, cwd=root)
    except UsageError as error:
        return Row("pytest", MISSING, str(error), error.hint or "")
    version = ".".join(map(str, found.version))
    return Row("pytest", OK, f"{found.pytest} on Python {version} at {chosen.path} ({chosen.because})")


def _service(root: Path, service: ServiceSpec, named: str | None) -> Row:
    """Whether the first word of the command can be run, and the module where it is ``python -m``."""
    words = shlex.split(service.command)
    folder = root / service.cwd
    try:
        python = str(choose(root, named, os.environ).path)
    except UsageError as error:
        return Row("service", MISSING, str(error), error.hint or "")
    program = python if words[0] == "{python}" else words[0]
    if shutil.which(program) is None and not (folder / program).is_file():
        return Row(
            "service", MISSING, f"{program}: there is no such command", "install it, or correct [service] command"
        )
    if words[0] == "{python}" and len(words) > 2 and words[1] == "-m":
        module = words[2]
        answer = ask(
            [python, "-c", _ASK_FOR_MODULE, module.partition(".")[0]], cwd=folder, env=os.environ, timeout_s=30
        )
        if answer.status != 0:
            return Row(
                "service", MISSING, f"{python} has no module {module}", f"{shlex.quote(python)} -m pip install {module}"
            )
    return Row("service", OK, service.command)


def _environment(service: ServiceSpec) -> Row:
    names = sorted({name for value in service.env.values() for name in re.findall(r"\$\{(\w+)\}", value)})
    missing = [name for name in names if name not in os.environ]
    if missing:
        return Row("environment", MISSING, f"[service] env names {', '.join(missing)}", f"export {missing[0]}=...")
    return Row("environment", OK, ", ".join(names) or "nothing is taken from it")


def _baseline(root: Path) -> Row:
    try:
        content = baseline.load(root)
    except UsageError as error:
        return Row("baseline", MISSING, str(error), error.hint or "")
    if content is None:
        return Row("baseline", LIMITED, "none: nothing to compare with", "brinell bless, after a run you trust")
    here = fingerprint(root)
    blessed = content.get("fingerprint")
    differing = [name for name in here if not isinstance(blessed, dict) or blessed.get(name) != here[name]]
    said = baseline.told(content)
    if differing:
        why = f"{said}, with another {', '.join(differing)}: comparisons will be unknown"
        return Row("baseline", LIMITED, why, "brinell bless, after a run here")
    return Row("baseline", OK, said)


def _git(root: Path) -> Row:
    if shutil.which("git") is None:
        return Row("git", LIMITED, "not installed: baselines cannot be reviewed", "install git")
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return Row("git", LIMITED, "no repository: brinell-baselines is meant to be committed", "git init")
    return Row("git", OK, "baselines can be committed")
