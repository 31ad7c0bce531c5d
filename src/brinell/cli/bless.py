"""``brinell bless``: this run becomes the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import options, say
from brinell.core.clock import SystemClock, iso
from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.core.verdicts import Verdict
from brinell.journal import baseline, runs
from brinell.journal.reader import read
from brinell.publish import load

EXAMPLES = """
brinell bless           the latest run becomes the baseline
brinell bless RUN       another one does
git add brinell-baselines && git commit     it is reviewed like code
"""


def command(
    run: options.Run = "latest",
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also a run that was interrupted or measured nothing.")
    ] = False,
) -> int:
    """Make a run the baseline that later runs are compared with: brinell-baselines/baseline.json, meant for git.

    What the run did not measure keeps its place in the baseline.
    """
    folder = runs.find(options.here(), run)
    judgement = load(folder)
    root = Path(read(folder).plan.root)
    if not root.is_dir():
        raise UsageError(
            f"the project {folder.name} examined is gone ({root})", hint="a demo's run cannot become a baseline"
        )
    if not force:
        _refuse_poor(judgement, folder)
    path = baseline.bless(root, judgement, iso(SystemClock().utc()))
    say.out(f"{folder.name} is the baseline now: {say.near(path)}")
    if judgement.verdict is not Verdict.PASS:
        say.note(
            f"Note: its verdict is {judgement.verdict}; what failed in it will count as it was, not as a regression."
        )
    say.next_steps([(f"git add {say.near(path.parent)}", "review it like code"), ("brinell run", "compare with it")])
    return 0


def _refuse_poor(judgement: Judgement, folder: Path) -> None:
    if judgement.run.state != "complete":
        raise UsageError(
            f"{folder.name} is {judgement.run.state}, not complete: a poor baseline",
            hint=f"brinell run --resume {folder.name}, or bless it all the same with --force",
        )
    if not baseline.holds_anything(judgement):
        raise UsageError(f"{folder.name} measured nothing a baseline could hold", hint="brinell runs lists others")
