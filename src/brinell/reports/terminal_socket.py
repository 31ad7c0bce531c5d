"""The part of the summary on WebSocket scenarios: connections, deliveries, limits."""

from __future__ import annotations

from brinell.core.judgement import WebSocket
from brinell.reports import outline_socket
from brinell.reports.figures import latency
from brinell.reports.layout import STYLE, Pen

_MOST_ROOMS = 5


def sockets(pen: Pen, one: WebSocket) -> None:
    """Write a scenario's heading, facts and tables."""
    pen.heading(outline_socket.title(one))
    for line in outline_socket.facts(one):
        pen.say(line, indent=2)
    rows: list[tuple[str, ...]] = [("ms", "p50", "p95", "p99", "max")]
    for name, times in outline_socket.times(one):
        rows.append((name, *(latency(value) for value in (times.p50, times.p95, times.p99, times.max))))
    pen.table(rows, indent=2)
    if one.delivery_ms is not None:
        pen.say("milliseconds at every receiver, from when a message was due to be published", indent=2, style="dim")
    rooms = outline_socket.rooms(one)
    if any(room.lost or room.duplicated or room.reordered for room in one.rooms):
        pen.table([outline_socket.ROOMS, *rooms[:_MOST_ROOMS]], indent=2)
    for verdict, (part, outcome, number, _, said) in outline_socket.attempts(one):
        why = f" ({said})" if said else ""
        pen.say(f"{number} {part}: {outcome}{why}", lead=pen.mark(verdict), indent=2, lead_style=STYLE[verdict])
