"""Panels of a WebSocket scenario, on the time axis of its load's: connections, messages, and the reach of what fell
due.
"""

from __future__ import annotations

from brinell.core.socket_judgement import SocketCourse
from brinell.reports import plot
from brinell.reports.load_charts import LOW, Panel, strip
from brinell.reports.load_picture import Picture

COLUMNS = {"open": "open", "sent": "sent_rate", "received": "received_rate", "closed": "closed", "reach": "reach"}
"""Fields of the course, and what a script calls them: the name says how a value is written."""


def panels(picture: Picture) -> list[Panel]:
    """Return the panels; none of any other load."""
    course = picture.sockets
    if course is None:
        return []
    found = [_connections(picture, course), _messages(picture, course), _reach(picture, course)]
    return [panel for panel in found if panel is not None]


def _connections(picture: Picture, course: SocketCourse) -> Panel | None:
    lines = [("open", "open", COLUMNS["open"], course.open)]
    if any(course.closed):
        lines.append(("cut", "ended by the subject", COLUMNS["closed"], course.closed))
    return strip(picture, "Connections", lines, plot.number_label)


def _messages(picture: Picture, course: SocketCourse) -> Panel | None:
    if not any(course.received) and not any(course.sent):
        return None  # a limit is tried without a message
    lines = (
        ("rate", "received", COLUMNS["received"], course.received),
        ("due", "sent", COLUMNS["sent"], course.sent),
    )
    return strip(picture, "Messages a second, on all connections", lines, plot.number_label)


def _reach(picture: Picture, course: SocketCourse) -> Panel | None:
    if not plot.known(course.reach):
        return None
    lines = (("reach", "of what fell due then", COLUMNS["reach"], course.reach),)
    return strip(picture, "Reach", lines, plot.number_label, height=LOW, least=1.0)
