"""Whether a codec of the project's can be used, before there is a run: its file is imported in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.redact import one_line, redact
from brinell.load import imported_apart
from brinell.load.websocket.codec import named


def look(name: str, root: Path, where: str) -> None:
    """Import what ``file.py:Class`` names, and make one, in a process of its own. UsageError if that cannot be."""
    trying = f"{where}: codec: importing {Path(name.rpartition(':')[0]).name}"
    found = imported_apart.asked("brinell.load.websocket.own_codec", [name, str(root), where], root, trying)
    if found["refused"]:
        raise UsageError(found["refused"], hint=found["hint"] or None)


def main(argv: Sequence[str]) -> None:
    """Tell why a codec cannot be used; nothing where it can."""
    name, root, where = argv
    refused = hint = ""
    try:
        named(name, Path(root), where)()
    except UsageError as error:
        refused, hint = str(error), error.hint or ""
    except Exception as error:  # noqa: BLE001 - the project's code may raise anything
        told = one_line(redact(f"{type(error).__name__}: {error}"), 300)
        refused = f"{where}: codec: one cannot be made without arguments: {told}"
    imported_apart.tell({"refused": refused, "hint": hint})


if __name__ == "__main__":
    main(sys.argv[1:])
