"""WebSocket scenarios, in Markdown."""

from __future__ import annotations

from brinell.core.judgement import Distribution, WebSocket
from brinell.core.verdicts import Verdict
from brinell.reports import outline_socket
from brinell.reports.figures import latency
from brinell.reports.markdown_text import cell, code, table, text

_MARK = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNKNOWN: "?"}


def sockets(one: WebSocket) -> list[str]:
    """Return a scenario's heading, facts and tables."""
    lines = [f"against {code(one.url)}", *(text(line) for line in outline_socket.facts(one))]
    parts = [f"## {text(outline_socket.title(one))}", "\n".join(f"- {line}" for line in lines)]
    rows = [(name, *_row(times)) for name, times in outline_socket.times(one)]
    parts.append(table(("ms", "p50", "p90", "p95", "p99", "p99.9", "max"), rows, numbers=6))
    if one.delivery_ms is not None:
        parts.append("Delivery: milliseconds at every receiver, from when a message was due to be published.")
    if rooms := outline_socket.rooms(one):
        parts.append(table(outline_socket.ROOMS, rooms, numbers=7))
    tried = outline_socket.attempts(one)
    if tried:
        rows = [(_MARK[verdict], *(cell(value) for value in row)) for verdict, row in tried]
        parts.append(table(("", *outline_socket.ATTEMPTS), rows))
        parts.append(table(outline_socket.STOCK, outline_socket.stock(one), numbers=3))
    return parts


def _row(times: Distribution) -> tuple[str, ...]:
    return tuple(latency(v) for v in (times.p50, times.p90, times.p95, times.p99, times.p99_9, times.max))
