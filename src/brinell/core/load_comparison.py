"""Two runs of a load scenario side by side, with what chance may explain of their difference: see ``measured_load``."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from brinell.core.judgement import Load
from brinell.core.measured import Change, Measured, by_points, by_ratio
from brinell.core.measured_load import load_measured

CONDITIONS = ("model", "shape", "target_rate", "peak_rate", "connections", "workers", "timeout_s")
BY_POINTS = frozenset({"error_rate", "reach", "hit_rate"})


class LoadChange(msgspec.Struct, frozen=True, kw_only=True):
    """Both runs of one scenario. ``conditions`` holds what was not the same about the load itself: name -> (a, b).

    ``changes``: response_p50_ms and so on, achieved_rate, error_rate (a share of the requests), reach of a broadcast.
    """

    conditions: dict[str, tuple[str, str]]
    changes: dict[str, Change]


def load_change(a: Load, b: Load) -> LoadChange:
    """Compare the earlier run ``a`` of a scenario with the later ``b``. The same two always give the same."""
    return LoadChange(
        conditions=differing(load_conditions(a), load_conditions(b)),
        changes=changes(load_measured(a), load_measured(b)),
    )


def changes(a: Mapping[str, Measured], b: Mapping[str, Measured]) -> dict[str, Change]:
    """Compare what was measured in both."""
    return {name: (by_points if name in BY_POINTS else by_ratio)(one, b[name]) for name, one in a.items() if name in b}


def load_conditions(load: Load) -> dict[str, str]:
    """Return what a load was, as words; what a run of before did not tell is left out."""
    found = {name: _word(getattr(load, name)) for name in CONDITIONS}
    if not load.shape:  # a run of before there were other shapes
        found.pop("shape")
    if load.peak_rate is None:
        found.pop("peak_rate")
    return found


def differing(a: Mapping[str, str], b: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the conditions that both tell, and that are not the same. Where the rate differs, its peak does, too."""
    found = {name: (one, b[name]) for name, one in a.items() if name in b and one != b[name]}
    if "target_rate" in found:
        found.pop("peak_rate", None)
    return found


def _word(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
