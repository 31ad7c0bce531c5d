"""A condition to be changed."""

from __future__ import annotations

from typing import Any

import msgspec


class Factor(msgspec.Struct, frozen=True):
    """A factor at a level; ``control`` is the level that must change nothing for the factor to be the cause.

    ``certain``: a test that it makes fail fails under it each time, so that one run can clear it.
    """

    name: str
    level: Any
    control: Any = None
    certain: bool = False
