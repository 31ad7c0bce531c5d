"""``brinell compare``: two runs side by side."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from brinell.cli import options, say
from brinell.core.comparison import compare
from brinell.core.errors import UsageError
from brinell.journal import runs
from brinell.live.console import look_at
from brinell.publish import load
from brinell.reports.comparison import comparison

EXAMPLES = """
brinell compare                 the two newest runs
brinell compare A               A and the newest
brinell compare A B             any two: paths, ids or unique prefixes
brinell compare A B --json      for scripts
"""


def command(
    a: Annotated[str | None, typer.Argument(metavar="A", help="The earlier run. Default: the one before B.")] = None,
    b: Annotated[str, typer.Argument(metavar="B", help="The later run.")] = "latest",
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> int:
    """Put two runs side by side: verdicts, bugs, tests that changed, times, latencies.

    It shows differences and judges none of them: whether something got slower is a verdict that needs a blessed
    baseline (brinell bless) and comparable machines. Exits 0.
    """
    root = options.here()
    later = runs.find(root, b)
    earlier = runs.find(root, a) if a is not None else _before(root, later.name)
    found = compare(load(earlier), load(later))
    if json:
        say.out(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return 0
    screen = look_at(sys.stdout, os.environ)
    say.out(comparison(found, width=screen.width, color=screen.color, encoding=screen.encoding).rstrip("\n"))
    steps = [("brinell runs", "list them all")]
    if runs.project_of(later) is not None:  # a demo's is gone
        steps.insert(0, (f"brinell bless {say.near(later)}", "make the later run the baseline"))
    say.next_steps(steps)
    return 0


def _before(root: Path, later: str) -> Path:
    """Return the run before another one of the same project."""
    for entry in runs.listing(root):
        if entry.id < later and entry.verdict is not None:
            return entry.path
    raise UsageError("there is no earlier run to compare with", hint="brinell run makes one; or name two runs")
