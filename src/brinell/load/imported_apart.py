"""A file of the project's, imported in a process of its own before there is a run, to see whether it can be used.

What it does to the interpreter (threads, signal handlers, a call of ``exit``) stays there. ``module`` is one of ours,
run as ``python -m``; it calls ``tell`` once it has seen what it wanted to.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from brinell.core.errors import UsageError
from brinell.core.redact import one_line, redact
from brinell.subject.question import ask

_MARK = "brinell-imported "
_PATIENCE_S = 60.0


def asked(module: str, argv: Sequence[str], root: Path, trying: str) -> dict[str, Any]:
    """Return what ``module`` tells. UsageError, which begins with ``trying``, where it ends without a word."""
    answer = ask([sys.executable, "-P", "-m", module, *argv], cwd=root, env=os.environ, timeout_s=_PATIENCE_S)
    line = next((one for one in answer.out.splitlines() if one.startswith(_MARK)), "")
    if not line:
        said = [one for one in answer.err.splitlines() if one.strip()]
        ending = f"exit status {answer.status}" if answer.status is not None else f"no end after {_PATIENCE_S:.0f} s"
        last = f": {one_line(redact(said[-1]))}" if said else ""
        raise UsageError(f"{trying} came to no end ({ending}){last}")
    found: dict[str, Any] = json.loads(line.removeprefix(_MARK))
    return found


def tell(found: Mapping[str, object]) -> NoReturn:
    """Say what was seen, and end: threads that the file may have started have no say in when."""
    sys.stdout.write(f"\n{_MARK}{json.dumps(found)}\n")
    sys.stdout.flush()
    os._exit(0)
