"""Options that hand load on to other tools: files of a run, and addresses that are told while it runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import say
from brinell.core.errors import UsageError, nearest
from brinell.journal.reader import read
from brinell.load.export.files import FORMATS, write


def _formats(incomplete: str) -> list[str]:
    return [name for name in FORMATS if name.startswith(incomplete)]


Export = Annotated[
    list[str] | None,
    typer.Option(
        "--export",
        metavar="FORMAT",
        help=f"Write the load's seconds to files too: {', '.join(FORMATS)}. May be given again.",
        autocompletion=_formats,
    ),
]


def formats(given: Iterable[str] | None) -> tuple[str, ...]:
    """Check names of formats. UsageError with the valid ones and the nearest."""
    names = tuple(dict.fromkeys(given or ()))
    for name in names:
        if name not in FORMATS:
            close = nearest(name, list(FORMATS))
            raise UsageError(
                f"--export {name}: no such format; valid: {', '.join(FORMATS)}",
                hint=f"did you mean --export {close}?" if close else f"--export {next(iter(FORMATS))}",
            )
    return names


def export(run: Path, names: Iterable[str], folder: Path) -> None:
    """Write a run's load into ``folder`` and say where it is. UsageError if it made none and was asked for it."""
    names = tuple(names)
    if not names:
        return
    written = write(read(run), names, folder)
    if not written:
        raise UsageError(f"{run.name} put nothing under load: there is nothing to export", hint="brinell load URL")
    for path in written:
        say.note(f"exported {say.near(path)}")
