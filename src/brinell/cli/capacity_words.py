"""What a search for the breaking point would do, in words for ``brinell plan``."""

from __future__ import annotations

from brinell.config.durations import spell
from brinell.core.capacity_search import RATE
from brinell.core.capacity_words import WHAT, counted, level_words, unit
from brinell.core.plan import CapacitySpec, LoadSpec, WebSocketSpec
from brinell.load.capacity.levels import sockets_at


def search(spec: CapacitySpec) -> list[str]:
    """Say in some lines how a search goes."""

    def words(level: float) -> str:
        return level_words(level, unit(spec.quantity, counted(spec.load)))

    usual = "" if spec.stated else " (usual limits: none are stated)"
    limits = ", ".join(f"{name} {limit:,.12g}" for name, limit in spec.load.thresholds.items())
    near = f"{spec.tolerance * 100:.3g}%"
    lines = [
        f"the highest {WHAT[spec.quantity]} at which {limits} hold{usual}, against {_place(spec.load)}",
        f"from {words(spec.start)}, at most {words(spec.limit)}, to within {near} of what breaks",
        f"steps of at most {spell(spec.step_s)}, for {spell(spec.budget_s)}",
    ]
    if spec.at_least is not None:
        lines.append(f"must hold at least {words(spec.at_least)}")
    if spec.load.websocket is not None:
        lines.append(_sockets(spec, spec.load.websocket))
    return lines


def _place(load: LoadSpec) -> str:
    if load.cache is not None:
        return load.cache.target
    return load.call or load.url or "the service"


def _sockets(spec: CapacitySpec, does: WebSocketSpec) -> str:
    """Say what stays as it is while the quantity grows."""
    connections, rooms, rate = sockets_at(spec.load, does, spec.quantity, spec.start)
    counts = f"{connections} connections" + (f" in {rooms} rooms" if does.mode == "broadcast" else "")
    if spec.quantity == RATE:
        return f"over {counts} ({does.mode})"
    return f"at first {counts}, which say {rate:.4g} {counted(spec.load)}/s together ({does.mode})"
