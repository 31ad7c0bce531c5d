"""All connections of a worker: dialled by the connect rate, welcomed, joined, pinged, counted, and let go at the end.

What they say to each other is for a subclass: ``asking`` (echo, request and reply) and ``broadcast``.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator

from brinell.core import outcomes
from brinell.core.socket_records import CONNECT, JOIN, Deliveries, Disorder, Membership, SocketSecond
from brinell.load.engine.agenda import Schedule
from brinell.load.engine.connection import Connection
from brinell.load.engine.recorder import Cell
from brinell.load.engine.traffic import Means, Traffic
from brinell.load.engine.work import Operation
from brinell.load.websocket import frames, memory
from brinell.load.websocket.codec import Codec, opcode_of
from brinell.load.websocket.dialler import Dialler, Part
from brinell.load.websocket.frames import TEXT
from brinell.load.websocket.link import OPEN, Ending, Link, Terms
from brinell.load.websocket.member import GREETING, JOINING, MEMBER, STRANDED, Member
from brinell.load.websocket.messages import Messages
from brinell.load.websocket.pings import Pings
from brinell.load.websocket.stamps import Stamps
from brinell.load.websocket.tally import Tally

CLOSING_NS = 3_000_000_000  # for close handshakes at the end
CLOSED_AT_ONCE = 640  # connections closed between two looks at the sockets
SWEEPS = 25  # ticks in which every member is looked at once
NOT_LET_IN_NS = 1_000_000_000  # whoever waited so long at the end, and takes no part, was not let in
MOST_SAID = 200  # bytes that are kept of what is no welcome
MOST_WAITING = 1 << 20  # bytes that a socket did not take; more and the peer reads nothing
_now = time.monotonic_ns

Told = SocketSecond | Deliveries | Disorder | Membership


class Population(Traffic):
    """``sent`` and ``completed`` are the scenario's messages: those that were sent, and those that came to an end as
    they should; ``tally`` counts everything that went over the connections.
    """

    def __init__(self, means: Means, part: Part) -> None:
        super().__init__(means, len(part.numbers))
        self.patient = means.patient
        self.part = part
        self.does = part.wire.does
        self.codec = part.codec
        self.opcode = opcode_of(part.codec, binary=self.does.binary)
        self.stamps = Stamps(0)
        self.messages = self._messages()
        self.members: list[Member] = []
        self.sent = self.completed = self.unfinished = 0
        self.tally = Tally()
        self._pings = Pings(self.does.ping_s, means.recorder, self.tally)
        self.keys: Iterator[int] = frames.keys()
        self._dialler = Dialler(part, self.keys, self._dial)
        self._operation = Operation(CONNECT, 1.0, b"", means.recorder)
        self._dialling: dict[Member, None] = {}  # in the order of their attempts
        self._arriving: dict[Member, bytes] = {}  # open, and not members yet; what the subject said to them last
        self._swept = 0
        self._leaving_ns = 0  # since when connections are closed; 0: not yet
        self._over = False
        self._to_close: list[Member] = []
        self._wanted_joined = None if self.does.joined is None else self.does.joined.encode()
        self._plain = type(part.codec).reaction is Codec.reaction
        self._weight = memory.Weight()
        self._membership_told = False

    # --- for the engine ---------------------------------------------------------------------------------------------

    @property
    def resting(self) -> list[Member]:  # type: ignore[override]  # members are connections, and nobody adds to it
        """Who takes part: any of them can take the next message, whatever it has not read yet."""
        return self.members

    @property
    def in_flight(self) -> int:
        """Whether anything is left to wait for: the engine goes on as long as there is."""
        return 0 if self._over else 1

    @property
    def in_span(self) -> tuple[int, int]:
        """Messages sent, and messages answered, so far."""
        return self.sent, self.completed

    def agenda(self, schedule: Schedule) -> Schedule:
        """The schedule, and beside it when the next connection is due."""
        return self._dialler.agenda(schedule)

    def prepare(self, start_ns: int) -> None:
        """Let connections fall due, for a schedule that starts then. Every worker of a run is told the same moment."""
        self.stamps = Stamps(run_of(start_ns))
        self.messages = self._messages()
        self._dialler.prepare(start_ns - self.part.wire.lead_ns)

    def tick(self, now: int, limit_ns: int) -> None:
        """Fail what has exceeded its limit, look at a part of the members, ping; after the end, let them go."""
        del limit_ns
        limit_ns = self.part.timeout_ns
        for link in [*self._late(now, limit_ns)]:
            link.break_off(outcomes.TIMEOUT, link.phase, link.attempt + limit_ns)
        for link in [*self._unanswered(now, limit_ns)]:
            said = self._arriving.pop(link)
            link.stage = STRANDED
            self._not_let_in(link, outcomes.TIMEOUT, limit_ns, said)
        first, members = self._swept, self.members
        count = -(-len(members) // SWEEPS)
        self._swept = 0 if first + count >= len(members) else first + count
        for link in members[first : first + count]:
            self._look_at(link, now, limit_ns)
        if now < self.until_ns or not self.until_ns:
            self._pings.send(self.members, now)
        else:
            self._end(now)

    def give_up(self, *, record: bool) -> int:
        """Close everything that is left, and return how many messages have no end."""
        if record:
            self._abandon(_now())
        self.settle(_now())
        for connection in self.open:
            connection.close()
        self.open.clear()
        self.members.clear()
        return self.unfinished

    def take(self, second: int) -> list[Told]:
        """Return what happened since the last call."""
        held = len(self.open) - len(self._dialling)
        told = self.tally.take(self.part.worker, second, held, len(self._dialling))
        return [*self._membership(second), told, *self.also(second)]

    # --- from links -------------------------------------------------------------------------------------------------

    def opened(self, link: Link, now: int) -> None:
        """The handshake is through; what the protocol and the room want comes next."""
        self._dialling.pop(link, None)  # type: ignore[call-overload]  # links here are members
        self.tally.opened += 1
        response = now - link.due
        self._operation.cell(outcomes.OK).record(response, now - link.started)
        if response > self._floor_ns:
            self._example(link, now, outcomes.OK, "")
        if not isinstance(link, Member):
            raise TypeError(link)
        link.due = link.woken = link.started = link.attempt = 0  # numbers take room, too
        link.joining_ns = now
        self._arriving[link] = b""
        if self.codec.greeting is not None:
            self.say(link, TEXT, self.codec.greeting)
        else:
            self._join(link, now)

    def failed(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        """A connection came to nothing."""
        self._dialling.pop(connection, None)  # type: ignore[call-overload]  # links here are members
        self.tally.failed += 1
        super().failed(connection, ended_ns, outcome, detail)
        if connection.failures and isinstance(connection, Link):
            self._dialler.again(connection.tag, ended_ns, connection.failures)

    def message(self, link: Link, opcode: int, payload: bytes, now: int) -> None:
        """A whole message came: the protocol's own, the answer to a join, or one of the scenario's."""
        self.tally.received += 1
        if not self._plain and (answer := self.codec.reaction(payload)) is not None:
            if answer and link.state == OPEN:
                self.say(link, opcode, answer)
            return
        if isinstance(link, Member):
            if link.stage == MEMBER:
                self.heard(link, payload, now)
            else:
                self._admit(link, payload, now)

    def pong(self, link: Link, payload: bytes, now: int) -> None:
        """An answer to a ping, perhaps to the last one of ours."""
        if isinstance(link, Member):
            self._pings.answered(link, payload, now)

    def pinged(self, link: Link, now: int) -> None:
        """The peer pinged."""
        del link, now
        self.tally.peer_pings += 1

    def closed(self, link: Link, ending: Ending, now: int) -> None:
        """A connection is over. What it owed an answer to failed with its close code."""
        self.open.discard(link)
        self.tally.close(ending.code, own=ending.own)
        self.tally.after_close += ending.late
        if isinstance(link, Member):
            self._arriving.pop(link, None)
            if link.place >= 0:
                self._strike(link)
            self.left(link, ending, now)
            if not ending.own and now < self.until_ns:
                self._dialler.again(link.tag, now, 0)

    def drained(self, link: Link, now: int) -> None:
        """What the socket did not take at once is out."""

    # --- for subclasses ---------------------------------------------------------------------------------------------

    @abstractmethod
    def member(self, number: int, room: int, terms: Terms) -> Member:
        """Return a new connection."""

    def entered(self, link: Member, now: int) -> None:
        """It takes part from now on."""

    @abstractmethod
    def heard(self, link: Member, payload: bytes, now: int) -> None:
        """A message of the scenario's came, or one that nobody waited for."""

    @abstractmethod
    def left(self, link: Member, ending: Ending, now: int) -> None:
        """It is gone."""

    @abstractmethod
    def expire(self, link: Member, now: int, limit_ns: int) -> None:
        """Fail what this member has waited for too long."""

    @property
    @abstractmethod
    def quiet(self) -> bool:
        """Whether everything that was sent has come to its end."""

    @abstractmethod
    def abandon(self, now: int) -> int:
        """Record what has no end as unfinished, forget it, and return how many that were."""

    def settle(self, now: int) -> None:
        """Count what the short ways did not."""

    def also(self, second: int) -> list[Told]:
        """Return further records of the second."""
        del second
        return []

    def share(self) -> tuple[int, int]:
        """Return how many of the connections publish, and how many read slowly."""
        return 0, 0

    def say(self, link: Link, opcode: int, payload: bytes, pieces: int = 1) -> None:
        """Send a message. A peer that has read nothing of a megabyte is given up."""
        size = link.send_message(opcode, payload, pieces)
        self.tally.sent += 1
        self.tally.sent_bytes += size
        if link.rest is not None and len(link.rest) > max(MOST_WAITING, 4 * size):
            link.abandon(f"the peer reads nothing: {len(link.rest)} bytes wait")

    def count_sent(self, size: int) -> None:
        """Count a message that was sent past ``say``."""
        self.tally.sent += 1
        self.tally.sent_bytes += size

    def cell(self, operation: str, outcome: str) -> Cell:
        """Return where samples of that kind go."""
        return self._recorder.cell(operation, outcome)

    @property
    def dialling(self) -> bool:
        """Whether connections are still to come."""
        return bool(self._dialling) or self._dialler.expects

    # --- connections come -------------------------------------------------------------------------------------------

    def _messages(self) -> Messages:
        return Messages(self.does, self.codec, self.stamps, self.part.seed, "[[load]]", fresh=self.part.fresh)

    def _dial(self, number: int, terms: Terms, due: int, failures: int) -> None:
        link = self.member(number, number % self.does.rooms, terms)
        link.failures = failures
        self.open.add(link)
        self._dialling[link] = None
        link.open(self._operation, due, _now())

    def _late(self, now: int, limit_ns: int) -> Iterator[Member]:
        for link in self._dialling:
            if link.attempt + limit_ns > now:
                return
            yield link

    def _unanswered(self, now: int, limit_ns: int) -> Iterator[Member]:
        for link in self._arriving:
            if link.joining_ns + limit_ns > now:
                return
            yield link

    def _join(self, link: Member, now: int) -> None:
        payload = self.messages.join(link.room, link.tag)
        if payload is not None:
            link.stage = JOINING
            self.say(link, self.opcode, payload)
            if self._wanted_joined is not None:
                return
        self._enter(link, now)

    def _admit(self, link: Member, payload: bytes, now: int) -> None:
        """Take a message that came before the connection takes part."""
        if link.stage == GREETING:
            if self.codec.greeted(payload):
                self._join(link, now)
            elif link in self._arriving:
                self._arriving[link] = payload[:MOST_SAID]
        elif link.stage == JOINING and self._wanted_joined is not None and self._wanted_joined in payload:
            took = now - link.joining_ns
            self._recorder.cell(JOIN, outcomes.OK).record(took, took)
            self._enter(link, now)
        elif link in self._arriving:
            self._arriving[link] = payload[:MOST_SAID]

    def _not_let_in(self, link: Member, outcome: str, waited_ns: int, said: bytes) -> None:
        """Record that it never came to take part, and what the subject said last."""
        self._recorder.cell(JOIN, outcome).record(waited_ns, waited_ns)
        since = link.joining_ns
        instants = since, since, since, since + waited_ns
        self._exemplars.error(JOIN, outcome, instants, said.decode("utf-8", "replace"))

    def _enter(self, link: Member, now: int) -> None:
        self._arriving.pop(link, None)
        link.joining_ns = 0
        if link.fd >= 0:
            link.stage = MEMBER
            link.place = len(self.members)
            self.members.append(link)
            self.entered(link, now)

    def _strike(self, link: Member) -> None:
        """Take a member off the list; the last one takes its place."""
        last = self.members.pop()
        if last is not link:
            last.place = link.place
            self.members[link.place] = last
        link.place = -1

    # --- and stay ---------------------------------------------------------------------------------------------------

    def _look_at(self, link: Member, now: int, limit_ns: int) -> None:
        self._pings.expire(link, now, limit_ns)
        self.expire(link, now, limit_ns)

    # --- and go -----------------------------------------------------------------------------------------------------

    def _end(self, now: int) -> None:
        """After the schedule: wait for what is under way, then close, and be over once everything is closed."""
        settled = now >= self.until_ns + int(self.does.settle_s * 1e9)
        if not self._leaving_ns and (settled or self.quiet):
            self._leave(now)
        if not self._leaving_ns:
            return
        if now >= self._leaving_ns + CLOSING_NS or not self.open:
            for connection in [*self.open]:
                if isinstance(connection, Link):
                    connection.abandon("no answer to a close")
            self._over = True
            return
        for link in self._to_close[-CLOSED_AT_ONCE:]:
            if link.state == OPEN:
                if link.slow:
                    link.stage = STRANDED  # it has to read now, to hear the answer
                    link.resume()
                if link.rest is not None:
                    link.abandon("closed while bytes waited to be sent")
                else:
                    link.shut()
        del self._to_close[-CLOSED_AT_ONCE:]

    def _leave(self, now: int) -> None:
        """Begin nothing more, and account for what has no end."""
        self._leaving_ns = now
        self._dialler.stop()
        self._abandon(now)
        for link, said in self._arriving.items():
            if (waited_ns := now - link.joining_ns) >= NOT_LET_IN_NS:
                self._not_let_in(link, outcomes.UNFINISHED, waited_ns, said)
        self._arriving.clear()
        for link in [*self._dialling]:
            link.close()
            self.open.discard(link)
        self._dialling.clear()
        self._to_close = [link for link in self.open if isinstance(link, Member)]

    def _abandon(self, now: int) -> None:
        self.unfinished += self.abandon(now)

    def _membership(self, second: int) -> list[Told]:
        """Tell once, when the schedule has begun, how the connections were dealt."""
        if self._membership_told or second < 0:
            return []
        self._membership_told = True
        publishers, slow = self.share()
        return [
            Membership(
                worker=self.part.worker,
                connections=len(self.part.numbers),
                publishers=publishers,
                slow=slow,
                memory_bytes=self._weight.each(len(self.open)),
            )
        ]

    # --- connections carry no single requests here ------------------------------------------------------------------

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """Never: links have no usual answer."""
        raise AssertionError(connection, operation, ended_ns)

    def _go_on(self, connection: Connection, now: int) -> None:
        raise AssertionError(connection, now)

    def _replace(self, gone: Connection, now: int) -> None:
        """A connection that failed is not made again."""

    def _open_owed(self, now: int) -> None:
        """Nothing is owed."""


def run_of(start_ns: int) -> int:
    """Return the 32 bits that tell this run from others: of the moment it started, which all its workers know."""
    return (start_ns * 0x9E3779B97F4A7C15 >> 32) & 0xFFFFFFFF
