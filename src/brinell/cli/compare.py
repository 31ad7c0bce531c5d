"""``brinell compare``: two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brinell.cli import options, say
from brinell.cli.beside import Row, rows
from brinell.core.errors import UsageError
from brinell.journal import runs
from brinell.publish import load

EXAMPLES = """
brinell compare                 the two newest runs
brinell compare A               A and the newest
brinell compare A B             any two: paths, ids or unique prefixes
brinell compare A B --json      for scripts
"""
MOST_ROWS = 40  # of one section


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
    first, second = load(earlier), load(later)
    found = rows(first, second)
    if json:
        say.out(say.as_json({"a": first.run.id, "b": second.run.id, "rows": [row._asdict() for row in found]}))
        return 0
    _print(found, first.run.id, second.run.id)
    differing = [name for name, value in first.run.fingerprint.items() if second.run.fingerprint.get(name) != value]
    if differing:
        say.out(f"\nThe runs differ in {', '.join(differing)}: their times do not compare.")
    say.next_steps([("brinell bless", "make the newest run the baseline"), ("brinell runs", "list them all")])
    return 0


def _before(root: Path, later: str) -> Path:
    """Return the run before another one of the same project."""
    for entry in runs.listing(root):
        if entry.id < later and entry.verdict is not None:
            return entry.path
    raise UsageError("there is no earlier run to compare with", hint="brinell run makes one; or name two runs")


def _print(found: list[Row], a: str, b: str) -> None:
    head = ["", a, b, ""]
    cells = [[f"  {row.name}", row.a, row.b, row.change] for row in found]
    widths = [max(len(line[n]) for line in (head, *cells)) for n in range(3)]
    section = ""
    say.out(say.style(_line(head, widths), "bold"))
    shown = 0
    for row, line in zip(found, cells, strict=True):
        if row.section != section:
            section, shown = row.section, 0
            say.out(say.style(section, "bold"))
        shown += 1
        if shown <= MOST_ROWS:
            say.out(_line(line, widths))
        elif shown == MOST_ROWS + 1:
            more = sum(other.section == section for other in found) - MOST_ROWS
            say.out(f"  and {more} more: brinell compare --json")


def _line(line: list[str], widths: list[int]) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(line, widths, strict=False)]
    return "  ".join([*padded, line[3]]).rstrip()
