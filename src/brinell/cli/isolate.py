"""``brinell isolate TEST``: what one test depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import options
from brinell.cli.examining import examining, shown_plainly
from brinell.config import factors, for_tests, source
from brinell.core.errors import UsageError
from brinell.core.plan import Plan

EXAMPLES = """
brinell isolate tests/test_a.py::test_b     whom it depends on, and what they leave
brinell isolate test_b                      a part of its id will do, if only one has it
brinell isolate test_b --with tz=Asia/Kathmandu     with and without, alternately
brinell isolate test_b --with hash=7 --budget 30s
"""
Test = Annotated[str | None, typer.Argument(metavar="TEST", help="The test's id, or a part that no other id has.")]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="FACTOR=LEVEL",
        help=f"Try this condition; may be given again. Factors: {', '.join(factors.FACTORS)}.",
        autocompletion=lambda incomplete: [f"{name}=" for name in factors.FACTORS if name.startswith(incomplete)],
    ),
]


@examining(shown_plainly)
def command(
    ctx: typer.Context,
    test: Test = None,
    directory: options.Directory = None,
    *,
    with_: With = None,
    python: options.Python = None,
    budget: options.Budget = None,
    seed: options.Seed = None,
) -> Plan:
    """Find out what one test depends on: other tests, what they leave behind, or a condition of its surroundings.

    All tests are collected; only this one gets a verdict, the others are who may have caused it.
    """
    if not test or not test.strip():
        raise UsageError("brinell isolate needs the test to look at", hint="brinell isolate tests/test_a.py::test_b")
    root, paths = source.suite_place(directory, Path.cwd())
    return for_tests(
        root,
        paths=paths,
        args=ctx.obj or (),
        python=options.interpreter(python),
        budget_s=budget,
        seed=seed,
        tests=(test.strip(),),
        factors=factors.levels(with_ or ()),
    )
