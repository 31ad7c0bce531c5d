"""Whether a codec of the project's can be used, before there is a run: its file is imported in a process of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.redact import one_line, redact
from brinell.load.websocket.codec import named
from brinell.subject.question import ask

_MARK = "brinell-codec "
_PATIENCE_S = 60.0


def look(name: str, root: Path, where: str) -> None:
    """Import what ``file.py:Class`` names, and make one, in a process of its own. UsageError if that cannot be."""
    argv = [sys.executable, "-P", "-m", "brinell.load.websocket.own_codec", name, str(root), where]
    answer = ask(argv, cwd=root, env=os.environ, timeout_s=_PATIENCE_S)
    line = next((one for one in answer.out.splitlines() if one.startswith(_MARK)), "")
    if not line:
        said = [one for one in answer.err.splitlines() if one.strip()]
        ending = f"exit status {answer.status}" if answer.status is not None else f"no end after {_PATIENCE_S:.0f} s"
        last = f": {one_line(redact(said[-1]))}" if said else ""
        file = Path(name.rpartition(":")[0]).name
        raise UsageError(f"{where}: codec (--codec): importing {file} came to no end ({ending}){last}")
    found = json.loads(line.removeprefix(_MARK))
    if found["refused"]:
        raise UsageError(found["refused"], hint=found["hint"] or None)


def main(argv: Sequence[str]) -> int:
    """Print why a codec cannot be used; nothing where it can."""
    name, root, where = argv
    refused = hint = ""
    try:
        named(name, Path(root), where)()
    except UsageError as error:
        refused, hint = str(error), error.hint or ""
    except Exception as error:  # noqa: BLE001 - the project's code may raise anything
        told = one_line(redact(f"{type(error).__name__}: {error}"), 300)
        refused = f"{where}: codec (--codec): one cannot be made without arguments: {told}"
    sys.stdout.write(f"\n{_MARK}{json.dumps({'refused': refused, 'hint': hint})}\n")
    sys.stdout.flush()
    os._exit(0)  # threads that the file may have started have no say in when this ends


if __name__ == "__main__":
    main(sys.argv[1:])
