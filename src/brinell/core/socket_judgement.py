"""What a judgement says of a WebSocket scenario beside what it says of every load; ``core.judgement`` has the rules of
its structs.
"""

from __future__ import annotations

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the parts."""


class Sockets(_Part, frozen=True, kw_only=True):
    """The scenario's connections and what went over them. ``closes``: by close code, of those that the other side
    ended; 1006 is an end without a close frame. ``memory_bytes``: of the generator, for each connection.

    ``foreign``: messages that came to a connection and were another one's, of a broadcast another room's. Of an echo,
    ``again``: those that came once more, ``changed``: those that did not hold what was sent, ``retyped``: text for
    binary or the reverse. Of a broadcast, receivers at its end: ``served`` had all they were owed, ``short`` a part of
    it, ``unserved`` nothing. ``after_close``: connections on which the subject sent data after its own close frame.
    """

    opened: int
    failed: dict[str, int]
    most_open: int
    closes: dict[str, int]
    own_closes: dict[str, int]
    sent: int
    received: int
    sent_bytes: int
    received_bytes: int
    pings: int
    pongs: int
    ping_max_ms: float | None
    peer_pings: int
    strays: int
    publishers: int
    slow: int
    memory_bytes: int | None
    foreign: int = 0
    again: int = 0
    changed: int = 0
    retyped: int = 0
    served: int = 0
    short: int = 0
    unserved: int = 0
    after_close: int = 0


class RoomCount(_Part, frozen=True, kw_only=True):
    """One room: messages published, and deliveries that were owed, came, did not come, or came in another way.

    ``delivery_max_ms`` and ``skew_max_ms`` are those of its slowest message. None: none came.
    """

    room: int
    published: int
    expected: int
    received: int
    lost: int
    duplicated: int
    reordered: int
    reach: float | None
    delivery_max_ms: float | None = None
    skew_max_ms: float | None = None


class SocketCourse(_Part, frozen=True, kw_only=True):
    """Columns beside those of the scenario's timeline, of the same seconds: ``open`` connections at the column's end,
    messages a second, ``closed`` by the other side, and the ``reach`` of what fell due in the column.
    """

    open: tuple[int | None, ...]
    sent: tuple[float | None, ...]
    received: tuple[float | None, ...]
    closed: tuple[int | None, ...]
    reach: tuple[float | None, ...]


class LimitPart(_Part, frozen=True, kw_only=True):
    """Attempts of one part of a limit trial that came to the same; ``right``: as they should in that part."""

    part: str
    outcome: str
    count: int
    longest_ms: float
    right: bool
    detail: str = ""


class LimitStockNow(_Part, frozen=True, kw_only=True):
    """What the subject held at a moment of a limit trial."""

    moment: str
    connections: int
    rss_bytes: int | None
    fds: int | None


class Limit(_Part, frozen=True, kw_only=True):
    """A limit of connections, tried. ``accepted`` of the first ``configured``; ``rejected`` the right way of all tried
    beyond; ``recovered``: afterwards as many were accepted as in the beginning. None: not tried.

    ``freed_s``: from a close to the attempt that was accepted; ``cut_freed_s``: from the end of a connection that was
    cut without one. ``raced``: how many were accepted of those that came at once to ``race_places`` places.
    ``leaked_fds``: descriptors that the refusals left behind; ``leaked_bytes``: memory that the second half of them
    did, as the first may fill pools and caches.
    """

    configured: int
    accepted: int
    rejected: int
    recovered: bool | None
    tried: int
    freed_s: float | None
    free_bound_s: float
    leaked_fds: int | None
    leaked_bytes: int | None
    parts: tuple[LimitPart, ...]
    stock: tuple[LimitStockNow, ...]
    cut_freed_s: float | None = None
    raced: int | None = None
    race_places: int = 0


class HostileCase(_Part, frozen=True, kw_only=True):
    """What came of one of the things that a client may not do. ``tolerated``: the subject went on where it had to fail
    the connection (RFC 6455); ``harm``: a word of ``core.socket_manners``, empty where nobody else was harmed.
    """

    case: str
    outcome: str
    took_ms: float
    tolerated: bool
    said: str = ""
    harm: str = ""
    harmed: str = ""


class Hostile(_Part, frozen=True, kw_only=True):
    """Bad manners, tried. ``whole``: all of them were. ``leaked_fds``: descriptors that they left behind, of two rounds
    the second one; None: not known.
    """

    cases: tuple[HostileCase, ...]
    whole: bool
    leaked_fds: int | None
    stock: tuple[LimitStockNow, ...] = ()
