"""Bare ``brinell``: where you stand and what to type next."""

from __future__ import annotations

from pathlib import Path

from brinell.cli import say
from brinell.cli.options import here
from brinell.config import source
from brinell.core.errors import UsageError
from brinell.journal import baseline, runs
from brinell.journal.runs import RunEntry

Steps = list[tuple[str, str]]


def command() -> int:
    """Print the project, its configuration, its last run and its baseline, and the next step."""
    root = here()
    entries = runs.listing(root)
    configuration, broken = _configuration(root)
    blessed = _baseline(root)
    say.table([
        ["Project", say.near(root) if root != Path.cwd() else str(root)],
        ["Configuration", configuration],
        ["Last run", _last(entries)],
        ["Baseline", blessed or "none"],
    ])  # fmt: skip
    say.next_steps(_next(root, entries, broken=broken, blessed=bool(blessed)))
    return 0


def _configuration(root: Path) -> tuple[str, bool]:
    """Describe the configuration, and whether it is broken."""
    try:
        found = source.read(root)
    except UsageError as error:
        return f"broken: {str(error).splitlines()[0]}", True
    if found.file is None:
        return "none", False
    return f"{found.file.name}{' [tool.brinell]' if found.prefix else ''}", False


def _last(entries: list[RunEntry]) -> str:
    if not entries:
        return "none"
    return f"{entries[0].id}: {entries[0].verdict or 'not judged'}"


def _baseline(root: Path) -> str:
    try:
        content = baseline.load(root)
    except UsageError as error:
        return f"broken: {error}"
    return baseline.told(content) if content else ""


def _next(root: Path, entries: list[RunEntry], *, broken: bool, blessed: bool) -> Steps:
    more = ("brinell --help", "everything else")
    if broken:
        return [("brinell plan", "says what is wrong with the configuration"), more]
    configured = source.read(root).file is not None
    if not configured and not entries:
        return [
            ("brinell init", "look at this project and write brinell.toml"),
            ("brinell suite", "run the tests now, without any configuration"),
            ("brinell demo", "see it work on the built-in backend"),
            more,
        ]
    if not entries:
        return [("brinell run", "examine the project"), ("brinell plan", "see what that would do"), more]
    steps = [("brinell report", "show the last run again")]
    if entries[0].verdict is None:
        steps = [("brinell judge", "judge the last run")]
    elif entries[0].verdict == "pass" and not blessed and runs.project_of(entries[0].path) is not None:
        steps.append(("brinell bless", "make it the baseline later runs are compared with"))
    steps.append(("brinell run", "examine the project again") if configured else ("brinell init", "write brinell.toml"))
    return [*steps, more]
