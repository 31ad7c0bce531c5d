"""From a level to the load of it: what of a scenario grows with the quantity that is searched for."""

from __future__ import annotations

from typing import Any

import msgspec

from brinell.core.capacity_search import CONNECTIONS, RATE, RECEIVERS, ROOMS
from brinell.core.plan import LoadSpec, WebSocketSpec


def level_spec(
    spec: LoadSpec, quantity: str, level: float, lasts_s: float, *, workers: int, connections: int
) -> LoadSpec:
    """Return the scenario of one level.

    A rate is that of the shape. Connections of a WebSocket scenario say as much each as they did; all others are
    users of a closed model. Rooms have as many members and publishes a second as they had; with more receivers, there
    are as many publishes a second and room.
    """
    name = f"{spec.name}@{level:g}"
    if spec.websocket is not None:
        return _sockets(spec, spec.websocket, quantity, level, lasts_s, name=name, workers=workers)
    if quantity == CONNECTIONS:
        users = int(level)
        habits = spec.shape if spec.shape.get("kind") == "closed" else {}
        shape = {**habits, "kind": "closed", "duration": lasts_s}
        return msgspec.structs.replace(
            spec, name=name, shape=shape, connections=users, workers=min(workers, users), cache=_unprobed(spec)
        )
    shape = {"kind": "constant", "rate": level, "duration": lasts_s}
    return msgspec.structs.replace(
        spec, name=name, shape=shape, connections=connections, workers=workers, cache=_unprobed(spec)
    )


def sockets_at(spec: LoadSpec, does: WebSocketSpec, quantity: str, level: float) -> tuple[int, int, float]:
    """Return the connections, the rooms and the messages a second of one level."""
    rate = float(spec.shape.get("rate", level))
    members, each = spec.connections // does.rooms, rate / does.rooms
    rooms = int(level)
    if quantity == CONNECTIONS:
        return int(level), does.rooms, rate / spec.connections * level
    if quantity == ROOMS:
        return rooms * members, rooms, each * rooms
    if quantity == RECEIVERS:
        return does.rooms * (int(level) + (not does.publisher_hears)), does.rooms, rate
    return spec.connections, does.rooms, level


def least(spec: LoadSpec, quantity: str) -> float:
    """Return the lowest level that there can be: a room has its publishers among its members."""
    does = spec.websocket
    if does is None or quantity in {RATE, ROOMS}:
        return 1.0
    return float(does.publishers if quantity == RECEIVERS else does.rooms)


def _sockets(
    spec: LoadSpec, does: WebSocketSpec, quantity: str, level: float, lasts_s: float, *, name: str, workers: int
) -> LoadSpec:
    connections, rooms, rate = sockets_at(spec, does, quantity, level)
    shape: dict[str, Any] = {"kind": "constant", "rate": rate, "duration": lasts_s}
    return msgspec.structs.replace(
        spec,
        name=name,
        shape=shape,
        connections=connections,
        workers=min(workers, connections),
        websocket=msgspec.structs.replace(does, rooms=rooms),
    )


def _unprobed(spec: LoadSpec) -> Any:
    """Return the cache's table without what comes before its load: crowds and deletes are no matter of a rate."""
    if spec.cache is None:
        return None
    loader = spec.cache.loader if spec.cache.through else None  # by which a function's hits are told
    return msgspec.structs.replace(spec.cache, probe=False, stampede=None, loader=loader, cold_keys=0, expires_s=None)
