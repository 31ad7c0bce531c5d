"""``brinell runs``: the runs there are."""

from __future__ import annotations

from typing import Annotated

import typer

from brinell.cli import say
from brinell.cli.options import here
from brinell.journal import runs

EXAMPLES = """
brinell runs            the newest 20
brinell runs --all      every one
brinell runs --json     for scripts
"""
_SHOWN = 20


def command(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Show every run, not only the newest 20.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> int:
    """List the runs of this project, newest first."""
    entries = runs.listing(here())
    if json:
        fields = ("id", "path", "started", "name", "verdict", "exit_code", "size_bytes")
        told = [{name: getattr(entry, name) for name in fields} for entry in entries]
        say.out(say.as_json([entry | {"path": str(entry["path"])} for entry in told]))
        return 0
    shown = entries if everything else entries[:_SHOWN]
    if not shown:
        say.out(f"No runs below {say.near(here())} yet.")
        say.next_steps([("brinell run", "make one"), ("brinell demo", "see one made on the built-in backend")])
        return 0
    rows = [[entry.id, entry.verdict or "not judged", _size(entry.size_bytes)] for entry in shown]
    say.table(rows, head=("RUN", "VERDICT", "SIZE"))
    if len(shown) < len(entries):
        say.out(f"and {len(entries) - len(shown)} older: brinell runs --all")
    steps = [("brinell report", "show the newest")]
    if len(entries) > 1:
        steps.append(("brinell compare", "put the newest two side by side"))
    say.next_steps(steps)
    return 0


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:.1f} kB"
