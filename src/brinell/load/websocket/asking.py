"""Echo, and request and reply: messages fall due by the schedule and go over all members in turn.

The short way is for an echo that is the last message sent, in the frame a server puts around it: it is compared as a
whole. Where the system notes when it came, its instants are put aside and worked out for hundreds at once. Every other
answer is read, and belongs to the message whose number it names, by the stamp or by the protocol. Who was asked what
is kept for a while, to know an answer that nobody waits for: another's, or one that came before.
"""

from __future__ import annotations

import ssl
import time
from array import array
from collections import deque
from typing import cast

from brinell.core import outcomes
from brinell.core.socket_records import ECHO, REPLY
from brinell.load.engine.poller import READ
from brinell.load.engine.recorder import MANY
from brinell.load.engine.stamps import STAMP_BYTES, Ahead
from brinell.load.engine.traffic import Means
from brinell.load.websocket import frames
from brinell.load.websocket.comparison import MOST_KEPT, holds
from brinell.load.websocket.dialler import Part
from brinell.load.websocket.echoes import Echoes
from brinell.load.websocket.link import READ_BYTES, Ending, Link, Terms
from brinell.load.websocket.member import Member, Pending
from brinell.load.websocket.population import Population
from brinell.load.websocket.stamps import SIZE, Stamp

MOST_TRIED = 64  # members that are asked in turn whether their socket takes something
LATE_NS = 5_000_000  # about how long an answer may lie unread whose arrival the system has noted
_LONG_BYTES = 16384  # of answers that must not lie: they fill the socket's buffer, and the peer would wait for us
_NUMBERS = 0xFFFFFFFF
_REMEMBERED = 1 << 16  # messages of which it is known who was asked
_PLACE = _REMEMBERED - 1
_now = time.monotonic_ns


class Asker(Member):
    """``answer`` are the bytes that answer the message ``number``; None: none is known, or none is wanted. That
    message's instants are the link's own (``due``, ``woken``, ``started``), those of further ones in ``more``,
    with what was sent if it is to be compared.
    """

    __slots__ = ("answer", "more", "number")

    def __init__(self, host: Asking, terms: Terms, number: int, room: int) -> None:
        super().__init__(host, terms, number, room)
        self.answer: bytes | None = None
        self.number = 0
        self.more: dict[int, tuple[Pending, bytes]] | None = None

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once; the usual answer ends here."""
        try:
            data, now = self.receive(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._lost(error)
            return
        if data == self.answer and self._reader is None:
            self.answer = None
            cast("Asking", self.host).echoed(self, len(data), now)
        else:
            if len(data) >= _LONG_BYTES:
                cast("Asking", self.host).hurry(self)
            self.take(data, now)


class StampedAsker(Asker):
    """One whose answers are noted by the system when they come."""

    __slots__ = ()

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once; the usual answer ends here."""
        try:
            data, told, _, _ = self.sock.recvmsg(READ_BYTES, STAMP_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(error)
            return
        host: Asking = self.host  # type: ignore[assignment]  # without a call of ``cast``: once for every message
        if data == self.answer and told and self._reader is None:
            self.answer = None
            host.stamped(self, told[0][2], len(data))
        else:
            if len(data) >= _LONG_BYTES:
                host.hurry(self)
            self.take(data, host.ahead.arrival_ns(told, 0))


class Asking(Population):
    """Messages that are answered, one sample each: ``echo`` or ``reply``."""

    def __init__(self, means: Means, part: Part) -> None:
        super().__init__(means, part)
        self._asks = self.does.mode == "request-reply"
        self._name = REPLY if self._asks else ECHO
        self._named = self._asks and part.codec.acknowledges
        self._ok = means.recorder.cell(self._name, outcomes.OK)
        self._add_response = self._ok.response.append
        self._add_service = self._ok.service.append
        self.ahead = Ahead()
        self._asker = StampedAsker if self.patient else Asker
        self._echoes = Echoes(self._ok, self._exemplars)
        self._came = self._echoes.stamps.append
        self._came_due, self._came_woken, self._came_started = (one.append for one in self._echoes.instants)
        self._make: frames.Make | None = None  # None: messages differ in more than their stamps
        self._issued = self._number = self._turn = self._under_way = 0
        self._hurries = False
        self._askers = array("I", bytes(4 * _REMEMBERED))  # by number: the connection that was asked,
        self._dues = array("q", bytes(8 * _REMEMBERED))  # and when it was due
        self._failed: dict[int, None] = {}  # numbers that may be answered still
        self._kept = 0  # bytes of messages that are kept to be compared
        self._opcode = 0  # of the message that is being read
        self._waits: deque[tuple[int, int]] = deque()  # due and woken of those for whom nobody was free
        self._plain_frames = self.does.fragments <= 1
        self._head = b""
        self._head_size = -1
        self._asked = self._asked_bytes = self._echo_bytes = 0  # by the short ways, since they were last counted

    # --- for the engine ---------------------------------------------------------------------------------------------

    @property
    def scheduled(self) -> int:
        """Messages that fell due."""
        return self._issued

    @property
    def waiting(self) -> int:
        """Due messages that no connection took yet."""
        return len(self._waits)

    @property
    def quiet(self) -> bool:
        """Whether every message has come to its end."""
        return not self._under_way and not self._waits

    def prepare(self, start_ns: int) -> None:
        """As every population; where messages differ in their stamps only, all else in them is worked out now."""
        super().prepare(start_ns)
        if self.messages.fixed is not None and self._plain_frames and not self._named:
            before, behind = self.messages.fixed
            self._make = frames.mould(self.opcode, before, SIZE, behind)

    def late_ns(self, grain_ns: int) -> int:
        """As of any traffic, and longer: members need not be free."""
        return max(LATE_NS, 2 * grain_ns)

    def issue(self, due: int, now: int) -> None:
        """Send a message that fell due over the next member whose socket takes it, after those that wait."""
        self._issued += 1
        if self._leaving_ns:  # this side came to it after it had closed its connections: no failure of the subject
            self.unfinished += 1
            self.cell(self._name, outcomes.UNFINISHED).record(now - due, None)
            return
        link = self._next_free()
        if self._waits and link is not None:
            self.drained(link, now)
            link = self._next_free()
        if self.patient and link is not None and (link.answer is not None or link.more):
            link = self._read_first(link)
        if link is not None:
            self._ask(link, due, now)
        elif self.members or self.dialling or self._arriving:
            self._waits.append((due, now))
        else:
            self._fail((due, now, 0), _now(), outcomes.of_close(frames.ABNORMAL), "no connection is open")

    # --- from links -------------------------------------------------------------------------------------------------

    def tick(self, now: int, limit_ns: int) -> None:
        """As every population; and work out what came, where it is much."""
        self._echoes.mark(now)
        if len(self._echoes.stamps) >= MANY:
            self.settle(now)
        super().tick(now, limit_ns)

    def settle(self, now: int) -> None:
        """Work out what came by the short way, and count what went by it."""
        tally = self.tally
        tally.received += self._echoes.work_out(now)
        tally.received_bytes += self._echo_bytes
        tally.sent += self._asked
        tally.sent_bytes += self._asked_bytes
        self._asked = self._asked_bytes = self._echo_bytes = 0
        self._floor_ns = self._exemplars.floor_ns

    def member(self, number: int, room: int, terms: Terms) -> Asker:
        """Return a new connection."""
        return self._asker(self, terms, number, room)

    def entered(self, link: Member, now: int) -> None:
        """Whoever waits for a connection has one."""
        self.drained(link, now)

    def drained(self, link: Link, now: int) -> None:
        """The socket takes more: send what waits."""
        del now
        while self._waits and link.rest is None and link.fd >= 0 and isinstance(link, Asker) and link.place >= 0:
            self._ask(link, *self._waits.popleft())

    def echoed(self, link: Asker, size: int, now: int) -> None:
        """The last message came back as it was, and the system noted nothing."""
        self.tally.received += 1
        self.tally.received_bytes += size
        self._complete(link)
        response = now - link.due
        if response > self._floor_ns:
            self._sample((link.due, link.woken, link.started), now, outcomes.OK)
            return
        self._add_response(response)
        self._add_service(now - link.started)

    def stamped(self, link: Asker, stamp: bytes, size: int) -> None:
        """The last message came back as it was, when a stamp of the system's says."""
        self._came(stamp)
        self._came_due(link.due)
        self._came_woken(link.woken)
        self._came_started(link.started)
        self._echo_bytes += size
        self._complete(link)

    def hurry(self, link: Asker) -> None:
        """Answers are long here: from now on nothing lies unread."""
        self._hurries = True
        self.urgent.add(link)

    def message(self, link: Link, opcode: int, payload: bytes, now: int) -> None:
        """A whole message came."""
        self._opcode = opcode
        super().message(link, opcode, payload, now)

    def heard(self, link: Member, payload: bytes, now: int) -> None:
        """A message that is perhaps an answer."""
        if not isinstance(link, Asker):
            raise TypeError(link)
        number, stamp = self.codec.answer_to(payload) if self._named else None, None
        if number is None:
            stamp = self.stamps.find(payload)
            number = -1 if stamp is None else stamp.number
            for further in self.stamps.more(payload) if stamp is not None else ():
                if self._is_waited_for(link, further):  # else it is told again what came before
                    self._answer(link, further.number, further, payload, now)
        self._answer(link, number, stamp, payload, now)

    def _answer(self, link: Asker, number: int, stamp: Stamp | None, payload: bytes, now: int) -> None:
        """Find the message that an answer names."""
        is_ours = stamp is None or self._dues[number & _PLACE] == stamp.due_ns  # of this worker, and not too long ago
        claimed = self._claim(link, number) if is_ours else None
        if claimed is None:
            self._unclaimed(link, number, stamp, is_ours=is_ours)
            return
        pending, sent = claimed
        self._complete(link)
        self._sample(pending, now, outcomes.OK)
        if not self._asks:
            self.tally.retyped += self._opcode != self.opcode
            if sent and payload != sent:
                self.tally.changed += not holds(payload, sent)

    def left(self, link: Member, ending: Ending, now: int) -> None:
        """What it had not answered failed with its close code."""
        if isinstance(link, Asker):
            for pending in self._claim_all(link):
                self._fail(pending, now, outcomes.of_close(ending.code), ending.reason or ending.why)
        if not self.members and not self.dialling and not self._arriving:
            while self._waits:
                due, woken = self._waits.popleft()
                self._fail((due, woken, 0), now, outcomes.of_close(ending.code), "no connection is open")

    def expire(self, link: Member, now: int, limit_ns: int) -> None:
        """Fail what this member was sent so long ago, at the limit and not at this look."""
        if not isinstance(link, Asker):
            return
        if link.answer is not None and link.started + limit_ns <= now:
            link.answer = None
            self._give_up_on(link.number)
            self._time_out((link.due, link.woken, link.started), limit_ns)
        if link.more:
            for number, (pending, sent) in [*link.more.items()]:
                if pending[2] + limit_ns > now:
                    break  # in the order they were sent
                del link.more[number]
                self._give_up_on(number)
                self._kept -= len(sent)
                self._time_out(pending, limit_ns)

    def abandon(self, now: int) -> int:
        """Record what has no answer at its age."""
        left: list[Pending] = [(due, woken, 0) for due, woken in self._waits]
        self._waits.clear()
        for link in self.members:
            if isinstance(link, Asker):
                left += self._claim_all(link)
        self._under_way = 0
        for due, _, started in left:
            self.cell(self._name, outcomes.UNFINISHED).record(now - due, now - started if started else None)
        return len(left)

    # --- one message ------------------------------------------------------------------------------------------------

    def _next_free(self) -> Asker | None:
        """Return the next member in turn whose socket takes something; None: none does."""
        members = self.members
        turn, count = self._turn + 1, len(members)
        if turn < count and members[turn].rest is None:  # nearly always
            self._turn = turn
            return members[turn]  # type: ignore[return-value]  # all members are
        for _ in range(min(count, MOST_TRIED)):
            turn = turn if turn < count else 0
            if members[turn].rest is None:
                self._turn = turn
                return cast("Asker", members[turn])
            turn += 1
        self._turn = turn - 1
        return None

    def _read_first(self, link: Asker) -> Asker | None:
        """Read what came for this member before it is sent more: bytes that are read together have one stamp, the last
        one's. Where an answer is still under way, nothing may lie unread any more.
        """
        link.on_ready(READ)
        if link.place < 0 or link.rest is not None:
            return self._next_free()
        if link.answer is not None or link.more:
            self.urgent.add(link)
        return link

    def _ask(self, link: Asker, due: int, woken: int) -> None:
        number = self._number
        self._number = number + 1 & _NUMBERS
        started = _now()
        stamp = self.stamps.write(link.room, number, due, started - due)
        at = number & _PLACE
        self._askers[at], self._dues[at] = link.tag, due
        self.sent += 1
        self._under_way += 1
        if self._make is not None and link.answer is None and not link.more and link.deflate is None:
            link.answer, frame = self._make(stamp, next(self.keys))
            link.number, link.due, link.woken, link.started = number, due, woken, started
            self._asked += 1
            self._asked_bytes += len(frame)
            link.transmit(frame)
            return
        payload = self.messages.payload(link.room, link.tag, number, stamp, ask=self._asks)
        whole = self._plain_frames and link.deflate is None
        if whole and link.answer is None and not link.more:
            size = len(payload)
            if size != self._head_size:
                self._head, self._head_size = frames.server_head(self.opcode, size), size
            link.answer = self._head + payload
            link.number, link.due, link.woken, link.started = number, due, woken, started
        else:
            if link.more is None:
                link.more = {}
            link.more[number] = (due, woken, started), self._keep(payload)
        if whole:
            self.count_sent(link.transmit(frames.frame(self.opcode, payload, next(self.keys))))
        else:
            self.say(link, self.opcode, payload, self.does.fragments)

    def _complete(self, link: Asker) -> None:
        self.completed += 1
        self._under_way -= 1
        if self.urgent and not self._hurries and link.answer is None and not link.more:
            self.urgent.discard(link)

    def _keep(self, payload: bytes) -> bytes:
        """Return what is kept of a message to be compared with its echo: all of it, or nothing."""
        if self._asks or self._kept + len(payload) > MOST_KEPT:
            return b""
        self._kept += len(payload)
        return payload

    def _claim(self, link: Asker, number: int) -> tuple[Pending, bytes] | None:
        """Take the message of that number off those without an answer; return it, and what was sent."""
        if link.answer is not None and number == link.number:
            sent = b"" if self._asks else frames.body(link.answer)
            link.answer = None
            return (link.due, link.woken, link.started), sent
        found = link.more.pop(number, None) if link.more else None
        if found is not None:
            self._kept -= len(found[1])
        return found

    def _give_up_on(self, number: int) -> None:
        """Its answer may come all the same: that is late, and not the second one."""
        self._failed[number] = None
        if len(self._failed) > _REMEMBERED:
            del self._failed[next(iter(self._failed))]

    def _is_waited_for(self, link: Asker, stamp: Stamp) -> bool:
        waits = link.answer is not None and link.number == stamp.number
        return waits or (link.more is not None and stamp.number in link.more)

    def _unclaimed(self, link: Asker, number: int, stamp: Stamp | None, *, is_ours: bool) -> None:
        """A message came that this connection does not wait for: see whose it is."""
        self.tally.strays += 1
        age = self._number - number & _NUMBERS
        if number < 0 or not is_ours:
            oldest_ns = self._dues[self._number & _PLACE]  # what was asked before is not remembered
            if stamp is not None and self.part.workers > 1 and stamp.due_ns > oldest_ns:
                self.tally.foreign += 1  # another worker's
        elif not 0 < age <= _REMEMBERED:
            return
        elif self._askers[number & _PLACE] != link.tag:
            self.tally.foreign += 1
        elif not self._asks:
            self.tally.again += number not in self._failed

    def _claim_all(self, link: Asker) -> list[Pending]:
        left = []
        for number, (pending, sent) in (link.more or {}).items():
            self._give_up_on(number)
            self._kept -= len(sent)
            left.append(pending)
        link.more = None
        if link.answer is not None:
            link.answer = None
            self._give_up_on(link.number)
            left.append((link.due, link.woken, link.started))
        return left

    def _time_out(self, pending: Pending, limit_ns: int) -> None:
        self._fail(pending, pending[2] + limit_ns, outcomes.TIMEOUT, "no answer")

    def _fail(self, pending: Pending, ended: int, outcome: str, detail: str) -> None:
        if pending[2]:
            self._under_way -= 1
        self._sample(pending, ended, outcome, detail)

    def _sample(self, pending: Pending, ended: int, outcome: str, detail: str = "") -> None:
        due, woken, started = pending
        self.cell(self._name, outcome).record(ended - due, ended - started if started else None)
        instants = due, woken, started, ended
        if outcome != outcomes.OK:
            self._exemplars.error(self._name, outcome, instants, detail)
        if ended - due > self._floor_ns:
            self._exemplars.slow(self._name, outcome, instants, detail)
            self._floor_ns = self._exemplars.floor_ns
