"""``brinell suite``: run the test suite, keep what happened, sort the failures into bugs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from brinell.cli import options, session, write_tests
from brinell.config import for_suite, source
from brinell.core.errors import UsageError
from brinell.suite.against.sides import resolve

EXAMPLES = """
brinell suite                           the suite of this project
brinell suite tests/api -- -k login -x  part of it; what follows -- is pytest's
brinell suite --workers auto            side by side, from one collection
brinell suite --workers 4 --serial-too  and serially: the speed-up, and every outcome compared
brinell suite --deep --budget 2m        and which test can be trusted, and why not
brinell suite --against main            did it get slower than main is, and by what
brinell suite --coverage 80             and which modules it runs less than 80 % of
brinell suite --repeat 3                three times: flaky tests show themselves
brinell suite --python .venv/bin/python --target 60s
brinell suite --from recording.jsonl    what `pytest --brinell` recorded elsewhere
brinell suite --resume latest           go on where an interrupted run stopped
brinell suite --write-tests             examine it, and write tests that keep what was found
brinell suite --write-tests --run RUN   the same from a run that was made
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
Against = Annotated[
    str | None, typer.Option("--against", metavar="REV|DIR", help="Did it get slower than this revision or checkout?")
]
Quality = Annotated[
    bool | None,
    typer.Option("--quality/--no-quality", help="Read the tests for what they fail to check. Default: yes."),
]
Coverage = Annotated[
    float | None,
    typer.Option(
        "--coverage", metavar="PERCENT", min=0, max=100, help="Run once more under coverage; modules below this show."
    ),
]
Pairs = Annotated[
    int | None,
    typer.Option("--pairs", metavar="N", min=8, max=500, help="With --against: at most N pairs of runs. Default: 30."),
]
Recording = Annotated[
    Path | None, typer.Option("--from", metavar="RECORDING", help="Read this instead of running anything.")
]
WriteTests = Annotated[
    bool,
    typer.Option(
        "--write-tests", help="Write tests that keep what was found fixed and the suite fast. Implies --deep."
    ),
]
Into = Annotated[Path | None, typer.Option("--into", metavar="DIR", help="Write them here. Default: tests/hardening.")]
Force = Annotated[bool, typer.Option("--force", help="Write over files that were edited, and the baseline.")]
FromRun = Annotated[
    str | None, typer.Option("--run", metavar="RUN", help="With --write-tests: from this run; nothing is run.")
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
    against: Against = None,
    pairs: Pairs = None,
    quality: Quality = None,
    coverage: Coverage = None,
    write_tests_: WriteTests = False,
    into: Into = None,
    force: Force = False,
    run: FromRun = None,
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
    request = _request(write_tests_, into, force=force, run=run)
    if request is not None and run is not None:
        options.alone(ctx, "--run", "writes from a run that was made", ("write_tests_", "into", "force", "run"))
        return write_tests.write_from(run, request)
    if resume is not None:
        options.alone(ctx)
        done = session.resume(options.here(), resume, output)
        return session.show(done, output)
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
        deep=True if deep is None and request is not None and recording is None else deep,
        budget_s=budget,
        seed=seed,
        against=_other_side(root, against, pairs),
        quality=quality,
        coverage=coverage,
    )
    if request is not None:
        write_tests.look_ahead(write_tests.folder_of(plan, request), request)
    done = session.examine(plan, output)
    code = session.show(done, output)
    if request is not None:
        write_tests.write(done.judgement, plan, request)
    return code


def _request(asked: bool, into: Path | None, *, force: bool, run: str | None) -> write_tests.Request | None:  # noqa: FBT001 - an option's value
    if asked:
        return write_tests.Request(into, force)
    for option, value in (("--into", into), ("--force", force), ("--run", run)):
        if value:
            raise UsageError(f"{option} goes with --write-tests", hint=f"brinell suite --write-tests {option} …")
    return None


def _other_side(root: Path, against: str | None, pairs: int | None) -> dict[str, Any] | None:
    if against is None:
        if pairs is not None:
            raise UsageError("--pairs goes with --against", hint="brinell suite --against main --pairs 20")
        return None
    other = resolve(root, against)
    return {"against": other.name, "commit": other.commit, "folder": other.folder, "pairs": pairs}


def _recording(path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise UsageError(f"--from {path}: there is no such file", hint="pytest --brinell makes a recording")
    return path
