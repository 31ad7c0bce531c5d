"""What the levels of a search are counted in: ``954.2/s``, ``410 publishes/s``, ``12 rooms``."""

from __future__ import annotations

from brinell.core.capacity_search import CONNECTIONS, RATE, RECEIVERS, ROOMS
from brinell.core.plan import LoadSpec

REQUESTS = "requests"
SESSIONS = "sessions"
WHAT = {
    RATE: "rate",
    CONNECTIONS: "number of connections",
    ROOMS: "number of rooms",
    RECEIVERS: "number of receivers in a room",
}
"""Quantities in words."""

OPEN = "connections were open"
"""Stands in why a step broke in which connections were missing; behind it, in brackets, what became of them."""

STAYING = {"messages", "publishes"}
"""What a rate counts where connections stay."""

_UNITS = {CONNECTIONS: "connections", ROOMS: "rooms", RECEIVERS: "receivers a room"}
_PER_SECOND = "/s"


def counted(load: LoadSpec) -> str:
    """Return of what a scenario's rate is one, as far as its table says. Sessions may also show when it runs."""
    if load.websocket is not None:
        return "publishes" if load.websocket.mode == "broadcast" else "messages"
    if load.cache is not None:
        return "operations"
    if load.call is not None:
        return "calls"
    return SESSIONS if load.sessions or load.flows else REQUESTS


def unit(quantity: str, of: str) -> str:
    """Return the unit of a level; ``of`` what a rate counts."""
    if quantity != RATE:
        return _UNITS[quantity]
    return _PER_SECOND if of in {"", REQUESTS} else f"{of}{_PER_SECOND}"


def level_words(level: float, unit: str) -> str:
    """Return a level with its unit."""
    return f"{level:,.6g}{unit if unit == _PER_SECOND else f' {unit}'}"
