"""``brinell property``: what Hypothesis tests cost, how many examples they should get, and whether that holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import options
from brinell.cli.examining import examining, shown_plainly
from brinell.config import for_properties, source
from brinell.config.properties import MOST_EXAMPLES
from brinell.core.plan import Plan

EXAMPLES = """
brinell property                        every Hypothesis test of this project
brinell property --budget 30s           all of them within 30 s under the ci profile
brinell property tests/unit -- -k codec part of them; what follows -- is pytest's
brinell property --examples 500 --ci-examples 100
brinell property --no-verify            recommend only; do not try it
brinell property --resume latest        go on with an interrupted examination
"""

Budget = Annotated[
    float | None,
    typer.Option(
        "--budget", metavar="60s", parser=options.duration, help="All property tests in CI. Default: 1m, advisory."
    ),
]
Examples = Annotated[
    int | None,
    typer.Option("--examples", metavar="N", min=1, max=MOST_EXAMPLES, help="max_examples of local. Default: 200."),
]
CiExamples = Annotated[
    int | None,
    typer.Option("--ci-examples", metavar="N", min=1, max=MOST_EXAMPLES, help="max_examples of ci. Default: 50."),
]
Effort = Annotated[
    float | None,
    typer.Option("--effort", metavar="4m", parser=options.duration, help="About how long to measure. Default: 4m."),
]
TestTimeout = Annotated[
    float | None,
    typer.Option("--test-timeout", metavar="100s", parser=options.duration, help="A test that takes longer is ended."),
]
Coverage = Annotated[
    bool | None,
    typer.Option("--coverage/--no-coverage", help="See after how many examples no new lines run. Default: yes."),
]
Verify = Annotated[bool, typer.Option("--verify/--no-verify", help="Run both profiles as recommended. Default: yes.")]


@examining(shown_plainly)
def command(
    ctx: typer.Context,
    directory: options.Directory = None,
    *,
    python: options.Python = None,
    budget: Budget = None,
    examples: Examples = None,
    ci_examples: CiExamples = None,
    effort: Effort = None,
    test_timeout: TestTimeout = None,
    coverage: Coverage = None,
    verify: Verify = True,
) -> Plan:
    """Say what each Hypothesis test costs per example, and recommend max_examples for a ci and a local profile.

    Both profiles come as code for your conftest.py, and are run: predicted seconds beside measured ones. Your
    interpreter needs Hypothesis 6.92 or newer for all of it; older ones give times and no more.
    """
    root, paths = source.suite_place(directory, Path.cwd())
    return for_properties(
        root,
        paths=paths,
        args=ctx.obj or (),
        python=options.interpreter(python),
        verify=verify,
        budget_s=budget,
        local=examples,
        ci=ci_examples,
        effort_s=effort,
        test_timeout_s=test_timeout,
        coverage=coverage,
    )
