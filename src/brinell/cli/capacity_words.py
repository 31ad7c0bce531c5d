"""What a search for the breaking point would do, in words for ``brinell plan``."""

from __future__ import annotations

from brinell.config.durations import spell
from brinell.core.capacity_search import CONNECTIONS
from brinell.core.plan import CapacitySpec


def search(spec: CapacitySpec) -> list[str]:
    """Say in some lines how a search goes."""
    closed = spec.quantity == CONNECTIONS
    what = "number of users" if closed else "rate"
    unit = " connections" if closed else "/s"
    usual = "" if spec.stated else " (usual limits: none are stated)"
    limits = ", ".join(f"{name} {limit:g}" for name, limit in spec.load.thresholds.items())
    near = f"{spec.tolerance * 100:.3g}%"
    lines = [
        f"the highest {what} at which {limits} hold{usual}, against {spec.load.url or 'the service'}",
        f"from {spec.start:g}{unit}, at most {spec.limit:g}{unit}, to within {near} of what breaks",
        f"steps of at most {spell(spec.step_s)}, for {spell(spec.budget_s)}",
    ]
    if spec.at_least is not None:
        lines.append(f"must hold at least {spec.at_least:g}{unit}")
    return lines
