"""What was found in a project, written down as a commented ``brinell.toml``. Pure: facts in, text out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from brinell.config import properties
from brinell.config.compose import project_name
from brinell.core.redact import one_line
from brinell.subject.discover import Facts, Route

_HEAD = """\
# What Brinell examines here. `brinell init` wrote it from what it found; every line is yours to change.
# `brinell plan` says what a run would do, `brinell run` does it.
"""


def render(facts: Facts) -> str:
    """Return the configuration's text; it loads and plans as it is."""
    return "\n".join([_HEAD, *_project(facts), "", *_suite(facts), "", *_service(facts), "", *_load(facts), ""])


def _project(facts: Facts) -> list[str]:
    lines = ["[project]", f"name = {quote(project_name(facts.root))}"]
    if facts.packages:
        lines.append(f"source = {listed(facts.packages)}   # product code: decides who owns a failure")
    else:
        lines.append('# source = ["src/shop"]   # no product code was found: name it, it decides who owns a failure')
    lines.append('# allow_targets = ["staging.example.org"]   # loopback is always allowed, anything else by name')
    lines.append('# python = ".venv/bin/python"   # the interpreter of the tests; `brinell plan` says which is chosen')
    lines.append("# keep = 20   # runs kept in .brinell/runs; 0 keeps all")
    return lines


def _suite(facts: Facts) -> list[str]:
    suite = facts.suite
    lines = ["[suite]"]
    if suite.settings:
        lines.append(f"# pytest's own settings are in {_said(suite.settings)} and apply.")
    else:
        lines.append("# No pytest settings were found; pytest's defaults apply.")
    if not suite.files:
        lines.append("# No tests were found: nothing named test_*.py or *_test.py.")
    if suite.testpaths:
        lines.append(f"# paths = {listed(suite.testpaths)}   # pytest's testpaths say so already")
    elif suite.folders:
        lines.append(f"paths = {listed(suite.folders)}   # {counted(suite.files)}")
    lines.append("# budget_s = 300   # a suite that takes longer fails the run; unset, 300 s is only advice")
    lines.append('# args = ["-m", "not slow"]   # further pytest arguments')
    lines.append("# repeat = 3   # run it more than once: flaky tests show themselves")
    if suite.categories:
        inner = ", ".join(f"{_key(name)} = {quote(pattern)}" for name, pattern in suite.categories.items())
        lines.append(f"categories = {{ {inner} }}")
    else:
        lines.append('# categories = { integration = "@integration", api = "tests/api/**" }   # a marker, or paths')
    if suite.known_bugs:
        lines.append(f"known_bugs = {listed(suite.known_bugs)}")
    else:
        lines.append('# known_bugs = ["KNOWN_BUGS.md"]   # failures that are known are told apart from new ones')
    lines.append(f"# {properties.EXAMPLE}   # examine Hypothesis tests too")
    return lines


def _service(facts: Facts) -> list[str]:
    if facts.command is None:
        return [
            f"# No ASGI or WSGI application was found in {facts.sources.files} Python files, and no Procfile, compose",
            "# file or Dockerfile that starts one. With a command here, Brinell starts the service itself:",
            "# [service]",
            '# command = "{python} -m uvicorn shop.app:app --port {port}"',
            '# ready = "/health/ready"',
        ]
    command = facts.command
    lines = ["[service]", f"# From {_said(command.where)}. {{python}} and {{port}} are filled in when it starts."]
    if command.note:
        lines.append(f"# Note: {_said(command.note)}.")
    lines.append(f"command = {quote(command.line)}")
    lines += _environment(facts)
    asked = facts.ready or next(iter(facts.sources.routes), None)
    if asked is None:
        lines.append('# ready = "/health/ready"   # no path was found in the source; "/" is asked, and must answer 2xx')
    else:
        doubt = "" if facts.ready else "; no health path was found"
        lines.append(f"ready = {quote(asked.path)}   # must answer 2xx; from {_place(asked, facts.root)}{doubt}")
    lines.append("# ready_timeout_s = 30")
    lines.append("# stop_timeout_s = 10")
    if facts.openapi:
        lines.append(f"openapi = {quote(facts.openapi)}   # [[load]] with openapi = true sends what it describes")
    return lines


def _environment(facts: Facts) -> list[str]:
    lines = []
    if facts.backing:
        images = ", ".join(_said(image) for image in facts.backing)
        lines.append(f"# {facts.backing_file} starts {images}: start what the service needs before a run.")
    path = ", ".join(f"PYTHONPATH = {quote(folder)}" for folder in facts.needs_path)
    if facts.environment:
        said = ", ".join(facts.environment[:8]) + (", ..." if len(facts.environment) > 8 else "")
        lines.append(f"# {facts.environment_file} names {said}. A value may come from the environment, so that")
        lines.append("# secrets stay out of this file:")
        example = f'{facts.environment[0]} = "${{{facts.environment[0]}}}"'
        lines.append(f"# env = {{ {', '.join(filter(None, (path, example)))} }}")
    if path:
        lines.append(f"env = {{ {path} }}")
    return lines


def _load(facts: Facts) -> list[str]:
    others = [route for route in facts.sources.routes if route.path != "/"][:4]
    target = facts.ready or next(iter(facts.sources.routes), None)
    table = [
        "[[load]]",
        'name = "smoke"',
        'shape = { kind = "constant", rate = 50, duration = "10s" }',
        f"requests = [{{ path = {quote(target.path if target else '/')} }}]",
        "thresholds = { p95_ms = 500, error_rate = 0.01 }   # the run fails beyond them",
    ]
    if facts.command is None or target is None:
        why = "There is no service to press on yet" if facts.command is None else "No path to ask for was found"
        return [f"# {why}. A scenario looks like this:", *(f"# {line}" for line in table)]
    if others:
        found = ", ".join(f"{{ path = {quote(route.path)}, weight = 1 }}" for route in others)
        table.insert(4, f"# also found: requests = [{found}]")
    return ["# A gentle start; raise the rate once it passes.", *table]


def quote(text: str) -> str:
    """Write text as a TOML basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def counted(files: int) -> str:
    """Say how many test files there are."""
    return "1 test file" if files == 1 else f"{files} test files"


def listed(texts: Iterable[str]) -> str:
    """Write texts as a TOML array."""
    return f"[{', '.join(quote(text) for text in texts)}]"


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "")
    return name if bare.isascii() and bare.isalnum() else quote(name)


def _said(text: str) -> str:
    """What was found, fit for a comment: one line, no control characters."""
    return one_line(text, 100)


def _place(route: Route, root: Path) -> str:
    return f"{_said(str(route.file.relative_to(root)))}:{route.line}"
