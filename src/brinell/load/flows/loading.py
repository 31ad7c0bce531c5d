"""From a file to its flows, in the process that runs them; and, before there is a run, in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.redact import one_line, redact
from brinell.load.flows.marks import Flow, flows_in
from brinell.subject.question import ask

MODULE = "brinell_flows_of_this_run"
_MARK = "brinell-flows "
_PATIENCE_S = 60.0


class BadFile(Exception):  # noqa: N818 - the reason a file will not do
    """A file of flows cannot be used."""


def load(file: Path, root: Path) -> list[Flow]:
    """Import the file, with its folder and the project's in front of the path, and return its flows. ``BadFile``."""
    for folder in (root, file.parent):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None:
        raise BadFile(f"{file.name} is no Python file: its name ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    try:
        spec.loader.exec_module(module)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - it may raise anything, SystemExit included
        raise BadFile(f"importing {file.name} failed with {type(error).__name__}: {error}{_where(error)}") from None
    found = flows_in(vars(module))
    if not found:
        raise BadFile(f"{file.name} has no flow: mark an async def function with @flow (from brinell.flow import flow)")
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadFile(f"{file.name} has two flows called {twice}: give one of them another name, @flow(name=...)")
    return found


def look(file: Path, root: Path, where: str) -> list[tuple[str, float]]:
    """Return names and weights of a file's flows, imported in a process of its own. UsageError if that cannot be."""
    argv = [sys.executable, "-P", "-m", "brinell.load.flows.loading", str(file), str(root)]
    answer = ask(argv, cwd=root, env=os.environ, timeout_s=_PATIENCE_S)
    line = next((one for one in answer.out.splitlines() if one.startswith(_MARK)), "")
    if not line:
        said = [one for one in answer.err.splitlines() if one.strip()]
        ending = f"exit status {answer.status}" if answer.status is not None else f"no end after {_PATIENCE_S:.0f} s"
        last = f": {one_line(redact(said[-1]))}" if said else ""
        raise UsageError(f"{where}: importing {file.name} came to no end ({ending}){last}")
    found = json.loads(line.removeprefix(_MARK))
    if "refused" in found:
        raise UsageError(f"{where}: flows: {one_line(redact(found['refused']), 600)}", hint=found["hint"] or None)
    return [(name, weight) for name, weight in found["flows"]]


def _where(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}:{error.lineno})"
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "importlib" not in one.filename]
    frames = [one for one in frames if one.filename != __file__]
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def main(argv: Sequence[str]) -> int:
    """Print what a file holds."""
    file, root = Path(argv[0]), Path(argv[1])
    told: dict[str, object]
    try:
        told = {"flows": [[one.name, one.weight] for one in load(file, root)]}
    except BadFile as bad:
        hint = "flows run where Brinell is installed: what they import must be there, too"
        told = {"refused": str(bad), "hint": hint if "ModuleNotFoundError" in str(bad) else ""}
    sys.stdout.write(f"\n{_MARK}{json.dumps(told)}\n")
    sys.stdout.flush()
    os._exit(0)  # threads that the file may have started have no say in when this ends


if __name__ == "__main__":
    main(sys.argv[1:])
