"""What a WebSocket scenario does, in words for the plan."""

from __future__ import annotations

from brinell.config.durations import spell
from brinell.config.scenarios import shape_of
from brinell.core.plan import LoadSpec, WebSocketSpec
from brinell.core.socket_manners import MANNERS

_DOES = {
    "echo": "every message comes back",
    "request-reply": "every message is answered",
    "broadcast": "every message goes to its whole room",
}


def sockets(spec: LoadSpec, does: WebSocketSpec) -> list[str]:
    """Return what is done to the subject, a line each."""
    path = spec.requests[0].path if spec.requests else "/"
    place = f"websocket to {spec.url or 'the service'}, {path}"
    if does.limit:
        return [
            f"tries whether {does.limit} connections fit, and {does.refusals:,} more are refused, {place}",
            f"a place is free again within {spell(does.free_s)}; all of it in {spell(shape_of(spec.shape).span_s)}",
        ]
    if does.one_by_one:
        return [
            f"sends what no client may, {len(MANNERS)} kinds, a connection each, {place}",
            f"others are open beside it; all of it in {spell(shape_of(spec.shape).span_s)}",
        ]
    shape = shape_of(spec.shape)
    average = "" if shape.target_rate == shape.peak_rate else " on average"
    rate = f"{shape.target_rate:g} messages/s{average}"
    lines = [f"{spec.connections:,} connections, {rate} for {spell(shape.span_s)}, {place}"]
    lines.append(f"{_DOES.get(does.mode, does.mode)}{_rooms(does)}; connections are made at {does.connect_rate:g}/s")
    habits = {
        f"codec {does.codec}": does.codec != "json",
        "compressed": spec.compression,
        f"in {does.fragments} fragments": does.fragments > 1,
        f"a ping every {does.ping_s:g} s": does.ping_s > 0,
        f"{does.slow_share:.0%} of the receivers read slowly": does.slow_share > 0,
        f"back {spell(does.reconnect_s or 0)} after the server ended one": does.reconnect_s is not None,
    }
    said = ", ".join(word for word, holds in habits.items() if holds)
    return [*lines, said] if said else lines


def _rooms(does: WebSocketSpec) -> str:
    if does.mode != "broadcast":
        return ""
    rooms = f", {does.rooms} rooms" if does.rooms > 1 else ""
    return rooms + (f", {does.publishers} publishers in each" if does.publishers > 1 else "")
