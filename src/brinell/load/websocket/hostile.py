"""Bad manners, one connection each: what does the subject do with them, and does it still serve the others?

Each is tried in a round: two others are open, one connection sends what it should not, the others are pinged, and one
more comes. Where that harms somebody, it counts only if a quiet round of the same length harms nobody, and a second
bad one does. What is harm is for the check to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from brinell.core import outcomes
from brinell.core.plan import LoadSpec
from brinell.core.redact import one_line, redact
from brinell.core.roles import Room
from brinell.core.socket_manners import (
    BANNED,
    CUT_OFF,
    ENDED,
    HOSTILE,
    MANNERS,
    MUTE,
    NOT_MADE,
    PASSED_ON,
    PONG,
    QUIET,
    SILENT,
    STOPPED,
    WENT_ON,
)
from brinell.core.socket_records import CONNECT, HostileTried
from brinell.core.socket_view import BEYOND, FEW_FDS, is_right
from brinell.load.engine.endpoint import Endpoint
from brinell.load.schedule import Schedule
from brinell.load.watch import SubjectWatch
from brinell.load.websocket.frames import ABNORMAL, BINARY, CLOSE, CONTINUATION, PING, TEXT, frame
from brinell.load.websocket.link import OPEN, Link
from brinell.load.websocket.one_by_one import OneByOne
from brinell.load.websocket.switchboard import Ended, Switchboard
from brinell.load.wire import WorkerSpec

OTHERS = 2
GRACE_S = 1.0  # for an end that comes after the answer to a ping, and where nothing need come
BACK_S = 10.0  # for a subject to come back
LONG_SETTLE_S = 15.0  # for connections that a subject fails late
_PAUSE_S = 0.1
_RSV2 = 0x20
_now = time.monotonic_ns


def _at(data: bytes, first: int) -> bytes:
    """Return a frame with another first byte."""
    return bytes((first,)) + data[1:]


def _unfinished(opcode: int, length: bytes, then: bytes) -> bytes:
    """Return the beginning of a masked frame whose length takes eight bytes; the key is zeros."""
    return bytes((0x80 | opcode, 0x80 | 127)) + length + b"\0\0\0\0" + then


Bytes = Callable[[Iterator[int]], bytes]
_BYTES: dict[str, Bytes] = {
    "ping": lambda _: b"",
    "long-control": lambda keys: frame(PING, b"p" * 126, next(keys)),
    "control-in-pieces": lambda keys: frame(PING, b"p", next(keys), fin=False),
    "reserved-bit": lambda keys: _at(frame(TEXT, b"bit", next(keys)), 0x80 | _RSV2 | TEXT),
    "reserved-opcode": lambda keys: frame(3, b"three", next(keys)),
    "reserved-control": lambda keys: frame(11, b"eleven", next(keys)),
    "lone-continuation": lambda keys: frame(CONTINUATION, b"of nothing", next(keys)),
    "interleaved": lambda keys: frame(TEXT, b"one", next(keys), fin=False) + frame(TEXT, b"two", next(keys)),
    "not-utf8": lambda keys: frame(TEXT, b"caf\xe9 \xff\xfe", next(keys)),
    "not-utf8-in-pieces": lambda keys: (
        frame(TEXT, b"\xed", next(keys), fin=False) + frame(CONTINUATION, b"\xa0\x80", next(keys))  # half a surrogate
    ),
    "unmasked": lambda _: bytes((0x80 | TEXT, 5)) + b"plain",
    "close-of-one-byte": lambda keys: frame(CLOSE, b"\x03", next(keys)),
    "close-code": lambda keys: frame(CLOSE, (1005).to_bytes(2, "big"), next(keys)),
    "close-not-utf8": lambda keys: frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff\xfe", next(keys)),
    "negative-length": lambda _: _unfinished(BINARY, b"\xff" * 8, b"x" * 100),
    "huge": lambda _: _unfinished(BINARY, (1 << 62).to_bytes(8, "big"), b"x" * 65_536),
    "cut": lambda keys: frame(TEXT, b"half of it", next(keys))[:9],
}
_PATIENT = {"huge"}  # waiting for the rest is as good as an end


@dataclass
class _Round:
    """What came of one."""

    outcome: str
    took_ns: int = 0
    said: str = ""
    harm: str = ""
    harmed: str = ""  # who was, in words


class _Ear(Switchboard):
    """Knows which links had an answer to a ping, and by tag how long each handshake took that went through."""

    def __init__(self, endpoint: Endpoint, *arguments: object, **options: object) -> None:
        super().__init__(endpoint, *arguments, **options)  # type: ignore[arg-type]  # those of a switchboard
        self.answered_pings: set[Link] = set()
        self.made_ns: dict[int, int] = {}

    def opened(self, link: Link, now: int) -> None:
        """The handshake is through."""
        super().opened(link, now)
        self.made_ns[link.tag] = now - link.started

    def pong(self, link: Link, payload: bytes, now: int) -> None:
        """An answer to a ping."""
        super().pong(link, payload, now)
        self.answered_pings.add(link)


def try_manners(room: Room, spec: LoadSpec, schedule: Schedule, worker: WorkerSpec, watch: SubjectWatch) -> None:
    """Run the whole trial, or as far as ``Interrupted`` lets it, which passes through after the last record."""
    _HostileTrial(room, spec, schedule, worker, watch).run()


class _HostileTrial(OneByOne):
    mode = HOSTILE
    _board: _Ear

    def __init__(self, room: Room, spec: LoadSpec, schedule: Schedule, worker: WorkerSpec, watch: SubjectWatch) -> None:
        super().__init__(room, spec, schedule, worker, watch)
        self._all = (OTHERS + 2) * (len(MANNERS) + 1)
        self._pongs: bool | None = None  # the subject answers pings; None: not known yet

    def _made(self, endpoint: Endpoint) -> Switchboard:
        return _Ear(endpoint, self._terms(0), timeout_s=self._patience_s)

    def _parts(self) -> None:
        quiet = self._round(QUIET)
        self._tell(QUIET, quiet)
        if quiet.harm or quiet.outcome not in {PONG, SILENT}:
            return
        self._stock("before")
        if not self._each(tell=True):
            return
        self._stock("once", "before")
        before, once = self._fds.get("before"), self._fds.get("once")
        if before is not None and once is not None and once - before > FEW_FDS and self._each(tell=False):
            self._stock("twice", "before", LONG_SETTLE_S)

    def _each(self, *, tell: bool) -> bool:
        """Try all of them; return whether all could be."""
        before = ""
        for name in MANNERS:
            if self._late():
                return False
            one = self._round(name)
            if one.harm and not tell:
                return False
            if one.harm and one.outcome == NOT_MADE and before:  # what was tried before it was slow to do harm
                late = self._confirmed(before, one)
                if late.harm:
                    self._tell(before, late)
                if late.harm in {STOPPED, BANNED}:
                    return False
                one = self._round(name)
            if one.harm:
                one = self._confirmed(name, one)
            if tell:
                self._tell(name, one)
            if one.harm in {STOPPED, BANNED}:
                return False
            before = name
        return True

    def _tell(self, name: str, one: _Round) -> None:
        said, harmed = (one_line(redact(words), 200) for words in (one.said, one.harmed))
        self._room.emit(HostileTried(name, one.outcome, one.took_ns, said, one.harm, harmed))

    # --- a round ----------------------------------------------------------------------------------------------------

    def _round(self, name: str, hold_s: float = 0.0) -> _Round:
        """Let one connection do it, and look at two others and at one more, after ``hold_s``."""
        self._text = MANNERS[name].words if name in MANNERS else name
        self._board.refused.clear()
        self._board.endings.clear()
        others = self._open(OTHERS)
        if len(others) < OTHERS:
            return self._left(_Round(NOT_MADE, harm=self._refusal(), harmed=self._how_refused()))
        began_ns = _now()
        one = self._do(name)
        if hold_s:
            self._wait(lambda: False, hold_s)
        one.took_ns = _now() - began_ns
        return self._left(self._look_at(others, one))

    def _do(self, name: str) -> _Round:
        link = next(iter(self._open(1)), None)
        if link is None or link.state != OPEN:
            return _Round(NOT_MADE, said=self._how_refused())
        board = self._board
        if sent := _BYTES[name](link.terms.keys) if name in _BYTES else b"":
            link.transmit(sent)
        if name == "cut":
            self._wait(lambda: link not in board.open, _PAUSE_S)
            link.abandon(reset=True)
            return _Round(CUT_OFF)
        if link in board.open:
            link.ping(b"still there?")
        is_short = self._pongs is False or name in _PATIENT
        patience_s = min(GRACE_S, self._patience_s) if is_short else self._patience_s
        self._wait(lambda: link not in board.open or link in board.answered_pings, patience_s)
        ponged = link in board.answered_pings
        if self._pongs is None:
            self._pongs = ponged
        if ponged and name in MANNERS and MANNERS[name].code:
            self._wait(lambda: link not in board.open, GRACE_S)
        ended = next((one for one in board.endings if one.tag == link.tag), None)
        if ended is not None:
            return _Round(_outcome(ended), said=ended.ending.reason or ended.ending.why)
        if not ponged:
            return _Round(SILENT)
        return _Round(PONG if name in {QUIET, "ping"} else WENT_ON)

    def _look_at(self, others: list[Link], one: _Round) -> _Round:
        """See whether the others are there, and whether one more is let in; the first connection may still be open."""
        board = self._board
        for link in others:
            board.answered_pings.discard(link)
            if link in board.open:
                link.ping(b"and you?")
        patience_s = self._patience_s if self._pongs else _PAUSE_S
        self._wait(lambda: all(link not in board.open or link in board.answered_pings for link in others), patience_s)
        lost = {link.tag for link in others if link not in board.open}
        if lost:
            ended = [ended for ended in board.endings if ended.tag in lost]
            one.harm, one.harmed = ENDED, ", ".join(sorted({_ending(ended) for ended in ended}))
            if all(is_right(BEYOND, _outcome(ended)) for ended in ended):
                one.harm = BANNED
        elif self._pongs and any(link not in board.answered_pings for link in others):
            one.harm, one.harmed = MUTE, f"no pong in {self._patience_s:g} s"
        if not self._open(1) and (harm := self._refusal()):
            told = [one.harmed, f"one more: {self._how_refused()}"]
            one.harm, one.harmed = harm, "; ".join(words for words in told if words)
        return one

    def _confirmed(self, name: str, first: _Round) -> _Round:
        """Wait for the subject to serve again; then find out whether it was this that harmed the others."""
        self._text = f"{self._text}: does it come back?"
        until_ns, back = _now() + int(BACK_S * 1e9), False
        while not (back := bool(self._open(1))) and _now() < until_ns:
            self._wait(lambda: False, _PAUSE_S)
        self._left(first)
        if not back:
            return first
        hold_s = max(GRACE_S, first.took_ns / 1e9)
        quiet = self._round(QUIET, hold_s)
        again = _Round(first.outcome, first.took_ns, first.said)
        if quiet.harm:
            return again
        second = self._round(name, hold_s)
        if not second.harm:
            return again
        if second.harm == STOPPED:
            second.harm = ENDED  # it has come back once
            self._wait(lambda: bool(self._open(1)), BACK_S)
            self._left(second)
        return second

    # --- connections ------------------------------------------------------------------------------------------------

    def _open(self, count: int) -> list[Link]:
        """Make connections; return those that were."""
        links = [self._dial() for _ in range(count)]
        board = self._board
        board.refused.clear()
        self._wait(lambda: not any(link in board.dialling for link in links), self._patience_s + GRACE_S)
        made = [link for link in links if link in board.open]
        self._tried += count
        for link in links:
            if (took_ns := board.made_ns.pop(link.tag, None)) is not None:
                self._recorder.cell(CONNECT, outcomes.OK).record(took_ns, took_ns)
        for one in board.refused:
            self._recorder.cell(CONNECT, one.outcome).record(one.took_ns, one.took_ns)
        return made

    def _refusal(self) -> str:
        """Whether nobody was let in as one refuses somebody, or otherwise."""
        board = self._board
        how = [one.outcome for one in board.refused] or [_outcome(one) for one in board.endings[-1:]]
        if outcomes.OWN_FAULT in how:
            return ""  # nobody's but ours
        return BANNED if how and all(is_right(BEYOND, one) for one in how) else STOPPED

    def _how_refused(self) -> str:
        board = self._board
        told = [one.detail or one.outcome for one in board.refused] or [_ending(one) for one in board.endings[-1:]]
        return ", ".join(sorted(set(told)))

    def _left(self, one: _Round) -> _Round:
        """Close everything in the ordinary way."""
        board = self._board
        for link in [*board.open]:
            link.shut()
        self._wait(lambda: not board.open, min(GRACE_S, self._patience_s))
        for link in [*board.open]:
            link.abandon("no answer to a close")
        board.answered_pings.clear()
        return one

    def _wait(self, done: Callable[[], bool], patience_s: float) -> None:
        self._board.run(done, patience_s, self._tick)


def _outcome(ended: Ended) -> str:
    """Return how a connection ended, as an outcome."""
    ending = ended.ending
    if ending.own and ending.code != ABNORMAL and not ending.clean:
        return PASSED_ON
    return outcomes.RESET if ending.code == ABNORMAL else outcomes.of_close(ending.code)


def _ending(ended: Ended) -> str:
    """Return how a connection ended, in words."""
    said = ended.ending.reason or ended.ending.why
    return f"{_outcome(ended)} ({said})" if said else _outcome(ended)
