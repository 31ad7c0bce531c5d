"""Options that hand load on to other tools: files of a run, and addresses that are told while it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from brinell.cli import options, say
from brinell.core.errors import UsageError, nearest
from brinell.core.roles import Watcher
from brinell.journal.reader import read
from brinell.load.drivers.http_request import Complaint, headers_of
from brinell.load.export.feeds import Endpoints, Feeds, look_at
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
Prometheus = Annotated[
    int | None,
    typer.Option(
        "--prometheus", metavar="PORT", min=0, max=65535, help="Let Prometheus scrape 127.0.0.1:PORT while load runs."
    ),
]
RemoteWrite = Annotated[
    str | None, typer.Option("--remote-write", metavar="URL", help="Write to this Prometheus every second.")
]
Otlp = Annotated[
    str | None, typer.Option("--otlp", metavar="URL", help="Tell an OpenTelemetry collector every five seconds.")
]
Header = Annotated[
    list[str] | None,
    typer.Option("--export-header", metavar="'K: V'", help="For the two before; ${NAME} comes from the environment."),
]


class Wanted(NamedTuple):
    """What the options ask for."""

    formats: tuple[str, ...] = ()
    ends: Endpoints = Endpoints()


def wanted(
    export: Iterable[str] | None,
    prometheus: int | None,
    remote_write: str | None,
    otlp: str | None,
    header: Iterable[str] | None,
) -> Wanted:
    """Read the options. UsageError for what cannot be: a format, an address, a port, a header."""
    ends = Endpoints(prometheus, remote_write, otlp, _headers(header))
    if ends.headers and not (remote_write or otlp):
        raise UsageError("--export-header is for --remote-write and --otlp", hint="leave --export-header away")
    look_at(ends)
    return Wanted(formats(export), ends)


@contextlib.contextmanager
def during(ends: Endpoints) -> Iterator[Watcher]:
    """Give who is to see every record; in the end, say what could not be delivered."""
    feeds = Feeds(ends)
    if feeds.url:
        say.note(f"Prometheus may scrape {feeds.url}")
    try:
        yield feeds.watch
    finally:
        for line in feeds.close():
            say.note(line)


def _headers(given: Iterable[str] | None) -> dict[str, str]:
    found = options.headers("--export-header", given, "'Authorization: Bearer ${TOKEN}'")
    return headers_of(found, Complaint("--export-header"))


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
    """Write a run's load into ``folder`` and say where it is, or that there was none."""
    names = tuple(names)
    if not names:
        return
    written = write(read(run), names, folder)
    if not written:
        say.note(f"{run.name} put nothing under load: there is nothing to export")
    for path in written:
        say.note(f"exported {say.near(path)}")
