"""``brinell suite``: run the test suite, keep what happened, sort the failures into bugs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import options, session
from brinell.config import for_suite, source
from brinell.core.errors import UsageError

EXAMPLES = """
brinell suite                           the suite of this project
brinell suite tests/api -- -k login -x  part of it; what follows -- is pytest's
brinell suite --workers auto            side by side, from one collection
brinell suite --workers 4 --serial-too  and serially: the speed-up, and every outcome compared
brinell suite --deep --budget 2m        and which test can be trusted, and why not
brinell suite --repeat 3                three times: flaky tests show themselves
brinell suite --python .venv/bin/python --target 60s
brinell suite --from recording.jsonl    what `pytest --brinell` recorded elsewhere
brinell suite --resume latest           go on where an interrupted run stopped
"""


Repeat = Annotated[
    int | None, typer.Option("--repeat", metavar="N", min=1, max=1000, help="Run the suite N times. Default: 1.")
]
Target = Annotated[
    float | None,
    typer.Option("--target", metavar="300s", parser=options.duration, help="Longer fails. Default: 5m, advisory."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N|auto", parser=options.workers, help="Run tests side by side; 0: plain pytest (default)."
    ),
]
SerialToo = Annotated[
    bool | None,
    typer.Option(
        "--serial-too/--no-serial-too", help="With --workers: in one process, too; tells the speed-up. Default: no."
    ),
]
Deep = Annotated[
    bool | None,
    typer.Option("--deep/--no-deep", help="Examine each test too: alone, twice, after others. Default: no."),
]
Recording = Annotated[
    Path | None, typer.Option("--from", metavar="RECORDING", help="Read this instead of running anything.")
]


def command(
    ctx: typer.Context,
    directory: options.Directory = None,
    *,
    python: options.Python = None,
    workers: Workers = None,
    serial_too: SerialToo = None,
    deep: Deep = None,
    budget: options.Budget = None,
    seed: options.Seed = None,
    repeat: Repeat = None,
    target: Target = None,
    recording: Recording = None,
    resume: options.Resume = None,
    out: options.Out = None,
    json: options.Json = False,
    open_: options.Open = False,
    quiet: options.Quiet = False,
) -> int:
    """Run the project's pytest suite and judge it: which bug first, what is slow, what changed since the baseline.

    Works without any configuration; [suite] and [project] of brinell.toml are used where they are. Your
    interpreter needs pytest and nothing of ours.
    """
    output = session.Output(out=out, json=json, open=open_, quiet=quiet)
    if resume is not None:
        options.alone(ctx)
        done = session.resume(options.here(), resume, output)
        return session.show(done.judgement, done.folder, output)
    root, paths = source.suite_place(directory, Path.cwd())
    plan = for_suite(
        root,
        paths=paths,
        args=ctx.obj or (),
        python=options.interpreter(python),
        repeat=repeat,
        target_s=target,
        recording=_recording(recording),
        workers=workers,
        serial_too=serial_too,
        deep=deep,
        budget_s=budget,
        seed=seed,
    )
    done = session.examine(plan, output)
    return session.show(done.judgement, done.folder, output)


def _recording(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise UsageError(f"--from {path}: there is no such file", hint="pytest --brinell makes a recording")
    return path
