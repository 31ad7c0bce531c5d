"""``brinell flaky``: which tests can be trusted, why the others cannot, and how to see it."""

from __future__ import annotations

from pathlib import Path

import typer

from brinell.cli import options
from brinell.cli.examining import examining, shown_plainly
from brinell.config import for_tests, source
from brinell.core.plan import Plan

EXAMPLES = """
brinell flaky                           every test of this project, within a minute
brinell flaky --budget 5m               longer: rarer failures, more of the pairs
brinell flaky tests/api -- -m "not slow"    part of them; what follows -- is pytest's
brinell flaky --json > verdicts.json    judgement.flaky holds them
brinell flaky --resume latest           do an interrupted examination again
"""


@examining(shown_plainly)
def command(
    ctx: typer.Context,
    directory: options.Directory = None,
    *,
    python: options.Python = None,
    budget: options.Budget = None,
    seed: options.Seed = None,
) -> Plan:
    """Say of every test whether it can be trusted: alone, twice, in other orders, under other conditions.

    A test that depends on others is named with them, the state that leaks, and a command that was run in a fresh
    process and shows it. brinell suite --deep does the same after a run of the suite.
    """
    root, paths = source.suite_place(directory, Path.cwd())
    return for_tests(
        root, paths=paths, args=ctx.obj or (), python=options.interpreter(python), budget_s=budget, seed=seed
    )
