"""Records of a WebSocket trial; see ``core.observation``.

What is timed are ``LoadSlice``s like any other, under the operations named here, their ``outcome`` a word of
``core.outcomes`` (an answer to the upgrade other than 101 is ``status-503``):

``connect``: from the instant its connection was due by the connect rate to the end of the handshake; ``service`` from
the actual connect. ``echo`` and ``reply``: one sample a message that was due; ``publish``: one a message that was due
to be published, ended when it was written. These three are the scenario's requests, one of them for each due time.
``delivery``: one sample a message and receiver, from the due time of the publish; ``service`` from when it was written.
``join``: from the end of the handshake to the answer to what was sent first, where one is wanted. ``ping``: to a pong.

Second 0 begins with the schedule. Connections are made before it, in seconds below 0.
"""

from __future__ import annotations

from brinell.core.entry import Entry

CONNECT = "connect"
ECHO = "echo"
REPLY = "reply"
PUBLISH = "publish"
DELIVERY = "delivery"
JOIN = "join"
PING = "ping"

ASIDE = frozenset({CONNECT, JOIN, PING, DELIVERY})
"""Operations that are timed beside a scenario's requests: nothing of the schedule is due for them."""


class SocketSecond(Entry, frozen=True):
    """One second of one worker. ``opened`` and ``failed`` are handshakes that ended; ``open`` and ``connecting`` are
    what there was at the second's end. ``closes`` counts connections that ended, by close code, those that the worker
    itself ended apart (``own_closes``); 1006 is an end without a close frame. Bytes are those of whole frames.
    """

    worker: int
    second: int
    open: int
    connecting: int
    opened: int = 0
    failed: int = 0
    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    closes: dict[str, int] = {}
    own_closes: dict[str, int] = {}
    pings: int = 0
    pongs: int = 0  # that answered one of ours
    max_ping_ns: int = 0
    peer_pings: int = 0
    strays: int = 0  # messages that came and were nothing that anybody waited for
    foreign: int = 0  # of them those of another connection's, of a broadcast of another room's
    again: int = 0  # of them echoes that had come before
    changed: int = 0  # echoes that did not hold what was sent
    retyped: int = 0  # echoes of binary messages that came as text, or the reverse
    served: int = 0  # told once, at the end: receivers to whom everything came that they were owed,
    short: int = 0  # to whom a part of it did not,
    unserved: int = 0  # and to whom nothing did
    after_close: int = 0  # connections on which data came behind the other side's close frame


class Deliveries(Entry, frozen=True):
    """What one worker saw, in one second, of messages that were published: columns, a row for each message.

    Rows of one message (``rooms``, ``numbers``) from several workers or seconds add up: ``received`` (its first copy at
    a receiver) is a sum, ``first_ns`` a minimum, ``last_ns`` a maximum, so that nothing need be kept until the end.
    ``due_ns`` counts from the start; ``sent_ns``, ``first_ns`` and ``last_ns`` from the message's due time; -1: not by
    this worker, or not in this second. ``expected`` is told once by each worker: its receivers in that room when the
    message was due, who had joined before and not left since; 0 in all later rows. A message that nobody wrote
    (no row has ``sent_ns``) is owed to nobody.
    """

    worker: int
    second: int
    rooms: tuple[int, ...]
    numbers: tuple[int, ...]
    due_ns: tuple[int, ...]
    sent_ns: tuple[int, ...]
    first_ns: tuple[int, ...]
    last_ns: tuple[int, ...]
    received: tuple[int, ...]
    expected: tuple[int, ...]


class Disorder(Entry, frozen=True):
    """Deliveries of one second of one worker that were not as they should be, by room; no record where all were.

    ``duplicated``: a second copy at the same receiver. ``reordered``: a number below one that it had seen
    of the same publisher.
    """

    worker: int
    second: int
    rooms: tuple[int, ...]
    duplicated: tuple[int, ...]
    reordered: tuple[int, ...]


class Membership(Entry, frozen=True):
    """How the connections were dealt, once a worker: receivers and publishers, and how many of them were to read
    slowly. ``memory_bytes``: what one connection of ours was found to cost; None: not measured.
    """

    worker: int
    connections: int
    publishers: int = 0
    slow: int = 0
    memory_bytes: int | None = None


class LimitTried(Entry, frozen=True):
    """Attempts of a limit trial that came to the same, in one ``part`` (``core.socket_view``).

    ``outcome``: ``accepted``, ``status-503``, ``closed-1013``, ``hang`` (no answer to the upgrade in time), or an
    error's word. ``held_s``: of accepted ones that were closed again, the longest time until then.
    """

    part: str
    outcome: str
    count: int
    longest_ns: int
    held_s: float = 0.0
    detail: str = ""
    places: int = 0  # that were free for all attempts of the part, where more were made at once


class LimitFreed(Entry, frozen=True):
    """A connection was closed, or cut without a word (``part``), and a new one was tried until it was accepted.
    None: it was not within ``bound_s``.
    """

    freed_s: float | None
    bound_s: float
    attempts: int
    part: str = "free"


class LimitStock(Entry, frozen=True):
    """What the subject held at a ``moment`` of a limit trial: before, filled, half and refused (of the storm), emptied;
    of a hostile one: before, once and twice.
    None: not known.
    """

    moment: str
    connections: int  # of ours, open
    rss_bytes: int | None = None
    fds: int | None = None


class HostileTried(Entry, frozen=True):
    """What came of one connection that sent what it should not (``core.socket_manners``), and what that did to others.

    ``said``: of its end; ``harm``: a word, empty where nobody was harmed, with ``harmed``: how.
    """

    case: str
    outcome: str
    took_ns: int
    said: str = ""
    harm: str = ""
    harmed: str = ""
