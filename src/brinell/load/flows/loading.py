"""From a file to its flows, in the process that runs them; and, before there is a run, in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.redact import one_line, redact
from brinell.load import imported_apart
from brinell.load.flows.marks import Flow, flows_in
from brinell.load.own_file import BadFile, imported

MODULE = "brinell_flows_of_this_run"


def load(file: Path, root: Path) -> list[Flow]:
    """Import the file, with its folder and the project's in front of the path, and return its flows. ``BadFile``."""
    found = flows_in(imported(file, root, MODULE))
    if not found:
        raise BadFile(f"{file.name} has no flow: mark an async def function with @flow (from brinell.flow import flow)")
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadFile(f"{file.name} has two flows called {twice}: give one of them another name, @flow(name=...)")
    return found


def look(file: Path, root: Path, where: str) -> list[tuple[str, float]]:
    """Return names and weights of a file's flows, imported in a process of its own. UsageError if that cannot be."""
    trying = f"{where}: flows: importing {file.name}"
    found = imported_apart.asked("brinell.load.flows.loading", [str(file), str(root)], root, trying)
    if "refused" in found:
        raise UsageError(f"{where}: flows: {one_line(redact(found['refused']), 600)}", hint=found["hint"] or None)
    return [(name, weight) for name, weight in found["flows"]]


def main(argv: Sequence[str]) -> None:
    """Tell what a file holds."""
    file, root = Path(argv[0]), Path(argv[1])
    told: dict[str, object]
    try:
        told = {"flows": [[one.name, one.weight] for one in load(file, root)]}
    except BadFile as bad:
        hint = "flows run where Brinell is installed: what they import must be there, too"
        told = {"refused": str(bad), "hint": hint if "ModuleNotFoundError" in str(bad) else ""}
    imported_apart.tell(told)


if __name__ == "__main__":
    main(sys.argv[1:])
