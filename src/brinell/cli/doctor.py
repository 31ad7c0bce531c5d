"""``brinell doctor``: what this machine and this project allow, and what would enable the rest."""

from __future__ import annotations

import json as jsons
from typing import Annotated

import typer

from brinell.cli import options, say
from brinell.cli.machine import machine
from brinell.cli.project import project
from brinell.cli.row import LIMITED, MISSING, OK
from brinell.config import source
from brinell.core.verdicts import Exit

EXAMPLES = """
brinell doctor          this machine and this project
brinell doctor --json   for scripts
"""
_STYLE = {OK: "good", LIMITED: "warn", MISSING: "bad"}


def command(*, json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False) -> int:
    """Say what works here, what is limited, what is missing, and the line that would change that.

    It starts the project's Python once to ask for pytest, and nothing else. Exits 0 unless the configuration is
    broken (2).
    """
    root = options.here()
    parts = {"This machine": machine(root), "This project": project(root)}
    broken = any(row.breaks for rows in parts.values() for row in rows)
    if json:
        told = [row._asdict() | {"part": part} for part, rows in parts.items() for row in rows]
        say.out(jsons.dumps(told, indent=2))
        return Exit.USAGE if broken else Exit.PASS
    width = max(len(row.name) for rows in parts.values() for row in rows)
    for part, rows in parts.items():
        say.out(say.style(part, "bold"))
        for row in rows:
            say.out(f"  {say.style(f'{row.state:<7}', _STYLE[row.state])}  {row.name:<{width}}  {row.said}")
            if row.enable:
                say.out(f"  {'':7}  {'':{width}}  {say.style('enable:', 'dim')} {row.enable}")
        say.out()
    states = [row.state for rows in parts.values() for row in rows]
    say.out(f"{states.count(OK)} ok, {states.count(LIMITED)} limited, {states.count(MISSING)} missing")
    if broken:
        steps = [("brinell plan", "says what is wrong with the configuration")]
    elif any(row.name == "pytest" and row.state == MISSING for row in parts["This project"]):
        steps = [("brinell doctor", "again, once the tests' Python has pytest: the line above adds it")]
    elif source.read(root).file is None:
        steps = [("brinell init", "write brinell.toml"), ("brinell suite", "run the tests without it")]
    else:
        steps = [("brinell run", "examine the project")]
    say.next_steps(steps)
    return Exit.USAGE if broken else Exit.PASS
