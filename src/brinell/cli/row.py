"""One row of the doctor's table."""

from __future__ import annotations

from typing import NamedTuple

OK = "ok"
LIMITED = "limited"
MISSING = "missing"


class Row(NamedTuple):
    """What was looked at, how it stands, and the line that would enable it; ``breaks``: no command can work so."""

    name: str
    state: str
    said: str
    enable: str = ""
    breaks: bool = False
