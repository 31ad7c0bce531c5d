"""The numbers of one WebSocket scenario for the judgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from brinell.checks.load.numbers import distribution, operation
from brinell.checks.websocket.hostile import hostile_of
from brinell.checks.websocket.limit import limit_of
from brinell.checks.websocket.seen import Seen
from brinell.core.judgement import Load, Operation, WebSocket
from brinell.core.load_judgement import Heat
from brinell.core.socket_judgement import RoomCount, SocketCourse, Sockets
from brinell.core.socket_manners import HOSTILE
from brinell.core.socket_records import CONNECT, DELIVERY, PUBLISH
from brinell.core.timeline import Course

MOST_ROOMS = 200


def entry(load: Load, seen: Seen) -> WebSocket:
    """Return a load's entry with what only sockets have."""
    fields: dict[str, Any] = {field.name: getattr(load, field.name) for field in msgspec.structs.fields(load)}
    whole, heard = seen.account.whole, seen.broadcasts
    fields["operations"] = _operations(load, seen)
    if seen.does.one_by_one:
        fields |= {"steady": None, "warm_up_s": None}  # attempts are no schedule that could be steady
    return WebSocket(
        **fields,
        mode=seen.mode,
        reach=whole.reach if heard else None,
        delivery_ms=load.response_ms if heard else None,
        skew_ms=distribution(seen.account.skew) if heard else None,
        expected=whole.expected if heard else None,
        received=whole.received if heard else None,
        lost=whole.lost if heard else None,
        duplicated=whole.duplicated if heard else None,
        reordered=whole.reordered if heard else None,
        connect_ms=distribution(seen.connect.response),
        sockets=_sockets(seen),
        rooms=_rooms(seen) if heard else (),
        room_count=len(seen.account.rooms),
        limit=limit_of(seen) if seen.does.limit else None,
        sockets_course=_course(load, seen),
        connect_heat=_handshakes(seen),
        hostile=hostile_of(seen) if seen.mode == HOSTILE else None,
    )


def _operations(load: Load, seen: Seen) -> dict[str, Operation]:
    """Deliveries are counted by what came: a load's tally has them as times only, and publishes as counts only."""
    found = dict(load.operations)
    if DELIVERY in found:
        found[DELIVERY] = msgspec.structs.replace(found[DELIVERY], requests=seen.account.whole.received)
    if seen.broadcasts:
        found.pop(PUBLISH, None)
    return found | {name: operation(one) for name, one in seen.beside.items() if name != CONNECT}


def _sockets(seen: Seen) -> Sockets:
    rows = seen.seconds.rows.values()
    memory = [one.memory_bytes for one in seen.members if one.memory_bytes is not None]
    return Sockets(
        opened=seen.opened or sum(one.opened for one in rows),
        failed=dict(sorted(seen.failed.items(), key=lambda item: (-item[1], item[0]))),
        most_open=max((one.open for one in rows), default=0),
        closes=_codes([one.closes for one in rows]),
        own_closes=_codes([one.own_closes for one in rows]),
        sent=sum(one.sent for one in rows),
        received=sum(one.received for one in rows),
        sent_bytes=sum(one.sent_bytes for one in rows),
        received_bytes=sum(one.received_bytes for one in rows),
        pings=sum(one.pings for one in rows),
        pongs=sum(one.pongs for one in rows),
        ping_max_ms=max((one.max_ping_ns for one in rows), default=0) / 1e6 if any(one.pongs for one in rows) else None,
        peer_pings=sum(one.peer_pings for one in rows),
        strays=sum(one.strays for one in rows),
        publishers=sum(one.publishers for one in seen.members),
        slow=sum(one.slow for one in seen.members),
        memory_bytes=max(memory, default=None),
        foreign=sum(one.foreign for one in rows),
        again=sum(one.again for one in rows),
        changed=sum(one.changed for one in rows),
        retyped=sum(one.retyped for one in rows),
        served=sum(one.served for one in rows),
        short=sum(one.short for one in rows),
        unserved=sum(one.unserved for one in rows),
        after_close=sum(one.after_close for one in rows),
    )


def _codes(seconds: Sequence[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for codes in seconds:
        for code, number in codes.items():
            found[code] = found.get(code, 0) + number
    return dict(sorted(found.items()))


def _rooms(seen: Seen) -> tuple[RoomCount, ...]:
    rooms = [
        RoomCount(
            room=room,
            published=one.published,
            expected=one.expected,
            received=one.received,
            lost=one.lost,
            duplicated=one.duplicated,
            reordered=one.reordered,
            reach=one.reach,
            delivery_max_ms=one.slowest_ns / 1e6 if one.slowest_ns >= 0 else None,
            skew_max_ms=one.skew_ns / 1e6 if one.skew_ns >= 0 else None,
        )
        for room, one in seen.account.rooms.items()
    ]
    rooms.sort(key=lambda one: (2.0 if one.reach is None else one.reach, -(one.delivery_max_ms or 0.0), one.room))
    return tuple(rooms[:MOST_ROOMS])


def _handshakes(seen: Seen) -> Heat | None:
    """Return the times of handshakes by second; None where none ended. What is known of a limit stands in its parts."""
    if not seen.connects or seen.does.one_by_one:
        return None
    first = min(one.second for one in seen.connects)
    course = Course(0)
    for one in seen.connects:
        course.add(msgspec.structs.replace(one, second=one.second - first))
    timeline = course.timeline()
    return None if timeline is None else timeline.heat


def _course(load: Load, seen: Seen) -> SocketCourse | None:
    if load.timeline is None:
        return None
    return seen.seconds.course(load.timeline, lambda column: _reach(seen, column))


def _reach(seen: Seen, column: range) -> float | None:
    owed = [seen.account.seconds[second] for second in column if second in seen.account.seconds]
    expected = sum(one.expected for one in owed)
    return sum(min(one.received, one.expected) for one in owed) / expected if expected else None
