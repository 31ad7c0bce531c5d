"""Options that several commands share, each declared once, and the parsing of the values they take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from brinell.config import checks, project_root
from brinell.config.durations import seconds
from brinell.config.problems import Unfit
from brinell.core.errors import UsageError, nearest
from brinell.core.thresholds import METRICS, example_limit, why_no_limit
from brinell.journal import runs
from brinell.journal.store import FILE


def here() -> Path:
    """Return the root of the project the command was typed in."""
    return project_root(Path.cwd())


def _run_ids(incomplete: str) -> list[str]:
    """Complete a run's id; never fails, because nothing may be printed while a shell completes."""
    try:
        return [entry.id for entry in runs.listing(here()) if entry.id.startswith(incomplete)] + ["latest"]
    except Exception:  # noqa: BLE001 - see above
        return []


def _metric_names(incomplete: str) -> list[str]:
    return [f"{name}=" for name in METRICS if name.startswith(incomplete)]


Run = Annotated[str, typer.Argument(metavar="RUN", help="Path, id, unique prefix, or latest.", autocompletion=_run_ids)]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Write to this folder instead of .brinell/runs/.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the judgement, and nothing else, to standard output.")]
Open = Annotated[bool, typer.Option("--open", help="Open the report in a browser at the end.")]
Watch = Annotated[bool, typer.Option("--watch", help="Show the run in a browser too, as it happens.")]
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="With --watch: print the page's address, and open nothing.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress; print only the verdict's line.")]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on with an interrupted run.", autocompletion=_run_ids),
]
Slo = Annotated[
    list[str] | None,
    typer.Option(
        "--slo",
        metavar="NAME=LIMIT",
        help=f"A threshold; may be given again. Names: {', '.join(METRICS)}.",
        autocompletion=_metric_names,
    ),
]

BESIDE_RESUME = (
    "resume", "json", "open_", "quiet", "for_ci", "watch", "no_browser", "export", "prometheus", "remote_write", "otlp",
    "export_header",
)  # fmt: skip


def duration(text: str) -> float:
    """Parse a duration option. ``typer.BadParameter`` says what one looks like."""
    try:
        return seconds(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{text}': {error}") from None


Directory = Annotated[
    str | None,
    typer.Argument(metavar="DIR [-- PYTEST ARGUMENTS]", help="Project, folder of tests, or file. Default: here."),
]
Python = Annotated[
    str | None, typer.Option("--python", metavar="PY", help="Interpreter of the tests. Default: the project's own.")
]
Budget = Annotated[
    float | None,
    typer.Option("--budget", metavar="2m", parser=duration, help="Longest examination of single tests. Default: 1m."),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, max=2**32 - 1, help="Of the orders that are tried. Default: 1."),
]


def workers(text: str) -> int:
    """Parse a number of workers. ``typer.BadParameter`` says what one looks like."""
    try:
        return checks.workers(int(text) if text.isdecimal() and len(text) < 9 else text)
    except Unfit as unfit:
        close = nearest(text, list(unfit.choices))
        raise typer.BadParameter(f"'{text}': {unfit.why}" + (f"; did you mean {close}?" if close else "")) from None


def interpreter(python: str | None) -> str | None:
    """Make a path absolute that is meant from here; a command's name stays. Links are kept: they make a venv."""
    if python is None or "/" not in python:
        return python
    whole = Path.cwd() / from_home(python)
    return str(whole) if whole.exists() else python


def from_home(path: str) -> Path:
    """Return a path with ``~`` read as a shell does: of a user there is none of, it stays."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path's own raises then


def limits(given: Iterable[str] | None, metrics: Sequence[str] = METRICS) -> dict[str, float]:
    """Parse ``--slo`` options. UsageError naming the valid thresholds and the nearest one."""
    found: dict[str, float] = {}
    for item in given or ():
        name, equals, limit = (part.strip() for part in item.partition("="))
        if not equals:
            raise UsageError(f"--slo {item}: a threshold is NAME=LIMIT", hint="--slo p95_ms=500")
        if name not in metrics:
            close = nearest(name, list(metrics))
            raise UsageError(
                f"--slo {item}: no threshold is called '{name}'; valid: {', '.join(metrics)}",
                hint=f"did you mean {close}={limit}?" if close else None,
            )
        try:
            found[name] = float(limit)
        except ValueError:
            hint = f"--slo {name}={example_limit(name):g}"
            raise UsageError(f"--slo {item}: '{limit}' is not a number", hint=hint) from None
        if why := why_no_limit(name, found[name]):
            raise UsageError(f"--slo {item}: {why}", hint=f"--slo {name}={example_limit(name):g}")
    return found


def headers(option: str, given: Iterable[str] | None, example: str) -> dict[str, str]:
    """Read ``Name: value`` of an option that may be given again. UsageError for what is no header."""
    found: dict[str, str] = {}
    for line in given or ():
        name, colon, value = line.partition(":")
        if not colon:
            raise UsageError(f"{option} {name[:40]}: a header is 'Name: value'", hint=f"{option} {example}")
        found[name.strip()] = value.strip()
    try:
        return checks.headers(found)
    except Unfit as unfit:
        raise UsageError(f"{option}: {unfit.why}", hint=f"{option} {example}") from None


def is_given(ctx: typer.Context, name: str) -> bool:
    """Whether a parameter was written on the command line, and is not its default."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def alone(
    ctx: typer.Context,
    option: str = "--resume",
    why: str = "goes on with the run's own plan",
    beside: Iterable[str] = BESIDE_RESUME,
) -> None:
    """Refuse what an option makes meaningless: ``--resume`` has a run's own plan. UsageError naming the first."""
    for parameter in ctx.command.params:
        if parameter.name in beside or not is_given(ctx, parameter.name or ""):
            continue
        said = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.opts[0].upper()
        raise UsageError(f"{option} {why}: {said} cannot change it", hint=f"leave {said} away")
    if ctx.obj:
        raise UsageError(f"{option} {why}: pytest arguments cannot change it", hint="leave them away")


def made(folder: Path, run: Path) -> Path:
    """Return the folder for what is made of ``run`` anew. UsageError if it cannot be made, or is another run's."""
    if (folder / FILE).exists() and not folder.samefile(run):
        raise UsageError(
            f"--out {folder}: another run is kept there, and would lose its own judgement", hint="give another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror}", hint="give a writable folder") from None
    return folder
