"""What a baseline keeps of scenarios and searches: numbers with their intervals, and what they were measured with."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from brinell.core.cache_judgement import Cache
from brinell.core.capacity_judgement import Capacity
from brinell.core.judgement import Load, WebSocket
from brinell.core.load_comparison import load_conditions
from brinell.core.measured import Measured
from brinell.core.measured_cache import cache_conditions, cache_measured
from brinell.core.measured_capacity import HIGHEST, capacity_conditions, capacity_measured
from brinell.core.measured_load import load_measured

LOAD, WEBSOCKET, CACHE, CAPACITY = "load", "websocket", "cache", "capacity"
KINDS = (LOAD, WEBSOCKET, CACHE, CAPACITY)
BRIEF = "the baseline's run was too brief, or in doubt, to say how much it varies"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario or search."""

    conditions: dict[str, str]
    measured: dict[str, Measured]


class Blessed(msgspec.Struct, frozen=True, kw_only=True):
    """The same as a baseline has it: value, low and high of every number, and the environment they are of."""

    fingerprint: dict[str, str]
    conditions: dict[str, str]
    measured: dict[str, tuple[float, float | None, float | None]]

    def known(self) -> Known:
        """Return it as what was measured now."""
        return Known(
            conditions=self.conditions,
            measured={
                name: Measured(value=value, low=low, high=high, why="" if low is not None else BRIEF)
                for name, (value, low, high) in self.measured.items()
            },
        )


def known(
    load: Iterable[Load], websocket: Iterable[WebSocket], cache: Iterable[Cache], capacity: Iterable[Capacity]
) -> dict[str, dict[str, Known]]:
    """Return kind -> name -> what is known. A cache has its load's numbers with its own; a trial one by one none."""
    loads = {one.scenario: one for one in load}
    found: dict[str, dict[str, Known]] = {kind: {} for kind in KINDS}
    for one in cache:
        under = loads.pop(one.scenario, None)
        conditions = (load_conditions(under) if under else {}) | cache_conditions(one)
        numbers = (load_measured(under) if under else {}) | cache_measured(one)
        found[CACHE][one.scenario] = _known(conditions, numbers)
    for name, plain in loads.items():
        found[LOAD][name] = _known(load_conditions(plain), load_measured(plain))
    for sockets in websocket:
        if not sockets.one_by_one:
            conditions = load_conditions(sockets) | {"mode": sockets.mode, "rooms": str(sockets.room_count)}
            found[WEBSOCKET][sockets.scenario] = _known(conditions, load_measured(sockets))
    for search in capacity:
        found[CAPACITY][search.name] = _known(capacity_conditions(search), {HIGHEST: capacity_measured(search)})
    return found


def _known(conditions: dict[str, str], measured: dict[str, Measured]) -> Known:
    return Known(conditions=conditions, measured={name: one for name, one in measured.items() if one.value is not None})
