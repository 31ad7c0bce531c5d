"""Broadcast: publishers publish at due times, and every receiver of every worker times each message from then.

All receivers of one message get the same bytes. So the bytes of a message that was read once are known from then on,
and receiving it again costs a read, a comparison and one number appended: when it came. What follows from these numbers
is worked out for all of them at once, a few times a second (``deliveries``).
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from typing import cast

from brinell.core import outcomes
from brinell.core.socket_records import PUBLISH
from brinell.load.engine.stamps import STAMP_BYTES, Ahead
from brinell.load.engine.traffic import Means
from brinell.load.websocket import frames
from brinell.load.websocket.deliveries import Batch, Book, Group
from brinell.load.websocket.dialler import Part
from brinell.load.websocket.link import OPEN, READ_BYTES, Ending, Link, Terms
from brinell.load.websocket.member import MEMBER, Member
from brinell.load.websocket.population import Population, Told
from brinell.load.websocket.stamps import Stamp

LONGEST_KNOWN = 8192  # bytes of a message that is known as a whole
SIP_NS = 250_000_000  # between two reads of a slow receiver
FLUSH_NS = 100_000_000  # for which a number may wait
_SLOW_BUFFER = 4096  # bytes that the kernel is asked to keep for a slow receiver, so that the subject notices
_now = time.monotonic_ns


class Receiver(Member):
    """``expect`` is the number of the message that comes next if none is lost, ``base`` that of the first one it is
    owed. ``gaps`` are the numbers below ``expect`` that have not come, as ranges; None: there are none.

    ``rank``: which publisher of its room it is; -1: it is none. ``writing``: messages that its socket did not take
    whole yet; ``queue``: those that wait behind them.
    """

    __slots__ = ("base", "expect", "gaps", "group", "queue", "rank", "writing")

    def __init__(self, host: Broadcast, terms: Terms, number: int, group: Group, rank: int) -> None:
        super().__init__(host, terms, number, group.room)
        self.group = group
        self.rank = rank
        self.base = self.expect = -1
        self.gaps: list[tuple[int, int]] | None = None
        self.writing: list[tuple[int, int, int, int]] | None = None
        self.queue: deque[tuple[int, int, int]] | None = None

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once; the newest message, if it is the next one, ends here."""
        try:
            data = self.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._lost(error)
            return
        now = _now()
        batch = self.group.newest
        if data == batch.frame and self.expect == batch.number and self._reader is None:
            self.expect = batch.following
            batch.add(now)
        else:
            self.take(data, now)

    def take(self, data: bytes, now: int) -> None:
        """Take bytes that came: a message that is known, or anything else."""
        fresh = self._reader is None and self.stage == MEMBER and self.state == OPEN and len(data) <= LONGEST_KNOWN
        host = cast("Broadcast", self.host)
        batch = self.group.known.get(data) if fresh else None
        if batch is not None:
            host.again(self, batch, now)
            return
        host.latest = None
        super().take(data, now)
        if fresh and host.latest is not None and frames.is_single(data):
            self.group.learn(host.latest, data)

    def lacks(self, number: int) -> bool:
        """Whether this message has not come yet."""
        return number >= self.expect or any(low <= number < high for low, high in self.gaps or ())


class StampedReceiver(Receiver):
    """One whose messages are noted by the system when they come: that it has to wait for its turn to be read, behind
    thousands of others, is no delay of the subject's.
    """

    __slots__ = ()

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once; the newest message, if it is the next one, ends here."""
        try:
            data, told, _, _ = self.sock.recvmsg(READ_BYTES, STAMP_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error)
            return
        batch = self.group.newest
        if data == batch.frame and self.expect == batch.number and told and self._reader is None:
            self.expect = batch.following
            batch.stamp(told[0][2])
        else:
            self.take(data, cast("Broadcast", self.host).ahead.arrival_ns(told, self.started))


class SlowReceiver(Member):
    """Reads so many bytes every so often, and is owed nothing: it is there for what it does to the others."""

    __slots__ = ()

    slow = True

    def _attach(self, sock: socket.socket) -> None:
        super()._attach(sock)
        # Before the connection is made: its size is told the peer then.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_BUFFER)

    def listen(self) -> None:
        """Read at once until it takes part, and not by itself from then on."""
        if self.stage == MEMBER:
            self.pause()
        else:
            super().listen()


class Broadcast(Population):
    """Messages that are published: one sample of ``publish`` each, and one of ``delivery`` a receiver.

    Every worker walks the whole schedule, so that it knows when its receivers were owed what; those messages are its
    own to send whose publisher is one of its connections.
    """

    def __init__(self, means: Means, part: Part) -> None:
        super().__init__(means, part)
        does = self.does
        self.book = Book(means.recorder, does.rooms, does.publishers)
        self.latest: Batch | None = None
        self.ahead = Ahead()
        self._receiver = StampedReceiver if self.patient else Receiver
        self._publishers: dict[int, Receiver] = {}  # by number of the connection
        self._slow: list[SlowReceiver] = []
        self._index = self._issued = self._writing = self._queued = 0
        self._sipped_ns = self._flushed_ns = 0
        self._looked = False
        self._limit_ns = part.timeout_ns

    # --- for the engine ---------------------------------------------------------------------------------------------

    @property
    def scheduled(self) -> int:
        """Messages that were this worker's to publish."""
        return self._issued

    @property
    def waiting(self) -> int:
        """Due messages whose publisher's socket takes none."""
        return self._queued

    @property
    def quiet(self) -> bool:
        """Whether every message was written, and came to everybody."""
        return not self._writing and not self._queued and self.book.complete

    def late_ns(self, grain_ns: int) -> int:
        """As of any traffic, whatever the grain: of messages that lie unread together only the last has its stamp."""
        del grain_ns
        return super().late_ns(0)

    def prepare(self, start_ns: int) -> None:
        """As every population; dues are told from the start."""
        super().prepare(start_ns)
        self.book.start_ns = start_ns

    def issue(self, due: int, now: int) -> None:
        """Note what is owed, and publish if it is this worker's turn."""
        does, part = self.does, self.part
        number, room = divmod(self._index, does.rooms)
        self._index += 1
        connection = room + (number % does.publishers) * does.rooms
        own = connection % part.workers == part.worker
        if self._leaving_ns:  # this side came to it after it had closed its connections: no failure of the subject
            if own:
                self._issued += 1
                self.unfinished += 1
                self.cell(PUBLISH, outcomes.UNFINISHED).record(now - due, None)
            return
        publisher = self._publishers.get(connection) if own else None
        group = self.book.groups[room]
        group.upcoming = number + 1
        expected = group.members
        if publisher is not None and not does.publisher_hears:
            expected -= 1
        self.book.owe(room, number, due, expected)
        if own:
            self._issued += 1
            self._publish(publisher, number, due, now)

    def tick(self, now: int, limit_ns: int) -> None:
        """As every population; and let slow receivers sip, and work out what came."""
        if now >= self._flushed_ns + FLUSH_NS:
            self._flushed_ns = now
            self.settle(now)
        if self._slow and now >= self._sipped_ns + SIP_NS:
            self._sipped_ns = now
            most = max(1, self.does.slow_bytes_s * SIP_NS // 1_000_000_000)
            for link in [*self._slow]:
                if link.state == OPEN:
                    link.sip(most)
        super().tick(now, limit_ns)

    def settle(self, now: int) -> None:
        """Work out what came by short ways."""
        count, size = self.book.flush(now, self._limit_ns)
        self.tally.received += count
        self.tally.received_bytes += size
        self._floor_ns = self._exemplars.floor_ns

    def also(self, second: int) -> list[Told]:
        """Return what came of messages in this second."""
        return [*self.book.take(self.part.worker, second)]

    def share(self) -> tuple[int, int]:
        """Return how many of the connections publish, and how many read slowly."""
        numbers = self.part.numbers
        return sum(self._rank(one) >= 0 for one in numbers), sum(self._is_slow(one) for one in numbers)

    def abandon(self, now: int) -> int:
        """Record messages that the socket did not take; and at whom something is missing."""
        if not self._looked:
            self._looked = True
            for link in self.members:
                if isinstance(link, Receiver) and (self.does.publisher_hears or link.rank < 0):
                    self._look_for_missing(link)
        left = [entry for link in self._publishers.values() for entry in self._undone(link)]
        for _, due, _, started in left:
            self.cell(PUBLISH, outcomes.UNFINISHED).record(now - due, now - started if started else None)
        return len(left)

    def _look_for_missing(self, link: Receiver) -> None:
        owed = link.group.upcoming - link.base
        if not owed:
            return
        missing = link.group.upcoming - link.expect + sum(high - low for low, high in link.gaps or ())
        self.tally.served += not missing
        self.tally.short += 0 < missing < owed
        self.tally.unserved += owed <= missing

    # --- from links -------------------------------------------------------------------------------------------------

    def member(self, number: int, room: int, terms: Terms) -> Member:
        """Return a new connection: a publisher, a slow receiver, or any other."""
        rank = self._rank(number)
        if rank < 0 and self._is_slow(number):
            return SlowReceiver(self, terms, number, room)
        return self._receiver(self, terms, number, self.book.groups[room], rank)

    def entered(self, link: Member, now: int) -> None:
        """It is owed what is due from now on."""
        del now
        if isinstance(link, SlowReceiver):
            self._slow.append(link)
            link.pause()
        elif isinstance(link, Receiver):
            group = link.group
            if link.deflate is not None and not link.deflate.repeats:
                group.learn_nothing()  # what its bytes mean depends on those before: all of them must be read
            link.base = link.expect = group.upcoming
            group.members += 1
            if link.rank >= 0:
                self._publishers[link.tag] = link

    def heard(self, link: Member, payload: bytes, now: int) -> None:
        """A message that was read: it is found by its stamp, and known from then on."""
        if not isinstance(link, Receiver):
            return  # slow ones are owed nothing
        stamp = self.stamps.find(payload)
        self.latest = self._read(link, stamp, now)
        for further in self.stamps.more(payload) if stamp is not None else ():
            if link.lacks(further.number):  # else it is told again what came before, which is no second delivery
                self._read(link, further, now)
            self.latest = None  # these bytes are several messages

    def _read(self, link: Receiver, stamp: Stamp | None, now: int) -> Batch | None:
        batch = None if stamp is None else self.book.batch(stamp, link.group, now)
        if batch is None:
            self.tally.strays += 1
            self.tally.foreign += stamp is not None and stamp.room != link.group.room
            return None
        before = len(batch.times)
        if not self._is_own_echo(link, batch):
            self.book.deliver(link, batch, now)
        batch.read += len(batch.times) - before
        return batch

    def again(self, link: Receiver, batch: Batch, now: int) -> None:
        """A known message came, and is not simply the next one of the newest."""
        before = len(batch.times)
        if not self._is_own_echo(link, batch):
            self.book.deliver(link, batch, now)
        if len(batch.times) == before:  # it counts as no delivery, but it came
            self.tally.received += 1
            self.tally.received_bytes += len(batch.frame)

    def drained(self, link: Link, now: int) -> None:
        """What a publisher's socket did not take at once is out."""
        if not isinstance(link, Receiver):
            return
        if link.writing:
            entries, link.writing = link.writing, None
            self._writing -= len(entries)
            for number, due, woken, started in entries:
                self._written(link.group.room, number, (due, woken, started, now))
        while link.queue and link.rest is None and link.fd >= 0:
            self._queued -= 1
            self._write(link, *link.queue.popleft())

    def left(self, link: Member, ending: Ending, now: int) -> None:
        """It is owed nothing any more; what it had not written fails with its close code."""
        if isinstance(link, SlowReceiver) and link in self._slow:
            self._slow.remove(link)
        if not isinstance(link, Receiver):
            return
        if link.stage == MEMBER:
            link.group.members -= 1
        self._publishers.pop(link.tag, None)
        for _, due, woken, started in self._undone(link):
            self._failed_to_publish(due, woken, started, now, ending.code)

    def expire(self, link: Member, now: int, limit_ns: int) -> None:
        """Nothing waits for an answer here."""

    # --- one message ------------------------------------------------------------------------------------------------

    def _publish(self, publisher: Receiver | None, number: int, due: int, woken: int) -> None:
        if publisher is None:
            self._failed_to_publish(due, woken, 0, _now(), frames.ABNORMAL)
        elif publisher.rest is None:
            self._write(publisher, number, due, woken)
        else:
            if publisher.queue is None:
                publisher.queue = deque()
            publisher.queue.append((number, due, woken))
            self._queued += 1

    def _write(self, publisher: Receiver, number: int, due: int, woken: int) -> None:
        started, room = _now(), publisher.room
        stamp = self.stamps.write(room, number, due, started - due)
        payload = self.messages.payload(room, publisher.tag, number, stamp)
        self.sent += 1
        self._writing += 1
        publisher.writing = [(number, due, woken, started)]
        self.say(publisher, self.opcode, payload, self.does.fragments)
        if publisher.rest is None and publisher.writing:
            entry = publisher.writing[0]
            publisher.writing = None
            self._writing -= 1
            self._written(room, number, (*entry[1:], _now()))

    def _undone(self, link: Receiver) -> list[tuple[int, int, int, int]]:
        """Take what a publisher has not written: what its socket took a part of, and what waits behind it."""
        left = [*(link.writing or ())]
        self._writing -= len(left)
        waits = [(number, due, woken, 0) for number, due, woken in link.queue or ()]
        self._queued -= len(waits)
        link.writing = link.queue = None
        return left + waits

    def _written(self, room: int, number: int, instants: tuple[int, int, int, int]) -> None:
        due, _, started, ended = instants
        self.completed += 1
        self.book.sent(room, number, due, ended)
        self.cell(PUBLISH, outcomes.OK).record(ended - due, ended - started)
        if ended - due > self._floor_ns:
            self._exemplars.slow(PUBLISH, outcomes.OK, instants, f"room {room}, number {number}")
            self._floor_ns = self._exemplars.floor_ns

    def _failed_to_publish(self, due: int, woken: int, started: int, now: int, code: int) -> None:
        outcome = outcomes.of_close(code)
        self.cell(PUBLISH, outcome).record(now - due, now - started if started else None)
        detail = "" if started else "the publisher is not connected"
        self._exemplars.error(PUBLISH, outcome, (due, woken, started, now), detail)

    def _is_own_echo(self, link: Receiver, batch: Batch) -> bool:
        """Whether a publisher hears itself where that is not part of the scenario."""
        return link.rank >= 0 and not self.does.publisher_hears and batch.number % self.does.publishers == link.rank

    def _rank(self, number: int) -> int:
        """Return which publisher of its room a connection is; -1: it is none."""
        rank = number // self.does.rooms
        return rank if rank < self.does.publishers else -1

    def _is_slow(self, number: int) -> bool:
        share = self.does.slow_share
        return self._rank(number) < 0 and int((number + 1) * share) > int(number * share)
