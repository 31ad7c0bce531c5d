"""Trying a limit of connections: fill it, go beyond, leave and come again, refuse a thousand times, be cut off, come
all at once, fill it once more.

Not a measurement of rates: connections are made one by one, by the trial itself. What is right is for the check to say;
here only what came of each attempt is written down, and what the subject held at each moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from brinell.core import outcomes
from brinell.core.plan import LoadSpec
from brinell.core.redact import one_line, redact
from brinell.core.roles import Room
from brinell.core.socket_records import CONNECT, LimitFreed, LimitTried
from brinell.core.socket_view import (
    ACCEPTED,
    BEYOND,
    CUT,
    FILL,
    FREE,
    HANG,
    KEPT,
    LIMIT,
    RACE,
    REFILL,
    STORM,
    is_right,
)
from brinell.load.schedule import Schedule
from brinell.load.watch import SubjectWatch
from brinell.load.websocket.frames import ABNORMAL
from brinell.load.websocket.link import Link
from brinell.load.websocket.one_by_one import OneByOne
from brinell.load.websocket.switchboard import Ended, Refused
from brinell.load.wire import WorkerSpec
from brinell.load.worker import allow_descriptors

HOLD_S = 1.0  # a subject that accepts first and refuses by a close has so long for it
AT_ONCE = 20  # attempts under way
ENOUGH = 20  # wrong answers of a storm, after which it ends: they decide
RACERS = 20  # that come at once, beyond those for whom there is a place
RACED_FOR = 5  # places, at most
_PAUSE_S = 0.02  # between attempts at a place that is being freed; grows
_LONGEST_PAUSE_S = 0.25
_LOOK_S = 0.02
_SPARE_DESCRIPTORS = 64
_now = time.monotonic_ns


@dataclass
class _Part:
    """What came of the attempts of one part: by outcome, how many, the longest, and the words of the first."""

    name: str
    counts: dict[str, list[int]] = field(default_factory=dict)
    held_ns: dict[str, int] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    places: int = 0

    def add(self, outcome: str, took_ns: int, detail: str, held_ns: int = 0) -> None:
        row = self.counts.setdefault(outcome, [0, 0])
        row[0] += 1
        row[1] = max(row[1], took_ns)
        self.held_ns[outcome] = max(held_ns, self.held_ns.get(outcome, 0))
        self.details.setdefault(outcome, one_line(detail, 200))

    def wrong(self) -> int:
        """Attempts that did not come to what they should."""
        return sum(row[0] for outcome, row in self.counts.items() if not is_right(self.name, outcome))

    def records(self) -> list[LimitTried]:
        return [
            LimitTried(
                self.name, outcome, count, longest, self.held_ns[outcome] / 1e9, self.details[outcome], self.places
            )
            for outcome, (count, longest) in self.counts.items()
        ]


def try_limit(room: Room, spec: LoadSpec, schedule: Schedule, worker: WorkerSpec, watch: SubjectWatch) -> None:
    """Run the whole trial, or as far as ``Interrupted`` lets it, which passes through after the last record."""
    _LimitTrial(room, spec, schedule, worker, watch).run()


class _LimitTrial(OneByOne):
    mode = LIMIT

    def __init__(self, room: Room, spec: LoadSpec, schedule: Schedule, worker: WorkerSpec, watch: SubjectWatch) -> None:
        super().__init__(room, spec, schedule, worker, watch)
        self._parting: set[int] = set()
        self._all = 2 * self._does.limit + 3 + self._does.refusals + RACERS
        self._freed_s = 0.0  # how long the last place took to be free
        self._part: _Part | None = None  # under way: of a trial that is stopped, it is told as far as it came
        self._kept = _Part(KEPT)
        allow_descriptors(self._does.limit + AT_ONCE + _SPARE_DESCRIPTORS)

    def _stopped(self) -> None:
        if self._part is not None:
            self._tell(self._part)
        self._tell(self._kept)

    def _parts(self) -> None:
        limit = self._does.limit
        self._stock("before")
        fill = self._attempts(FILL, limit)
        self._stock("filled")
        if fill.counts.get(ACCEPTED, [0])[0] >= limit:
            beyond = self._attempts(BEYOND, 1)
            if not beyond.wrong():
                freed = self._free(FREE, "one leaves, another one comes")
                if not self._storm().wrong() and freed and not self._late():
                    self._free(CUT, "one is cut off, another one comes")
                    self._race()
            self._leave()
            self._stock("emptied", "before")
            self._wait_for_places()
            self._attempts(REFILL, limit)
        self._leave()
        self._tell(self._kept)

    # --- parts ------------------------------------------------------------------------------------------------------

    def _attempts(self, name: str, wanted: int) -> _Part:
        """Try to connect so many times; what is accepted beyond a full subject is closed again."""
        part = self._part = _Part(name)
        self._text = f"{name}: {wanted} attempts"
        self._try(part, wanted, stop=self._late)
        self._done(part)
        return part

    def _storm(self) -> _Part:
        """A thousand attempts at a full subject, in two halves: what the second one leaves behind is a leak."""
        part = self._part = _Part(STORM)
        first = self._does.refusals // 2
        self._text = f"storm: {self._does.refusals} attempts at a full subject"
        for wanted, moment in ((first, "half"), (self._does.refusals - first, "refused")):
            self._try(part, wanted, stop=lambda: part.wrong() >= ENOUGH or self._late())
            self._stock(moment, "filled")
        self._done(part)
        return part

    def _free(self, name: str, what: str) -> bool:
        """Close one, or cut it off, and try until another is accepted; return whether one was. Where the subject has
        ended all of them, there is none to close.
        """
        link = next(iter(self._board.open), None)
        if link is None:
            return False
        part = self._part = _Part(name)
        self._text = f"{name}: {what}"
        if name == CUT:
            link.abandon(reset=True)
        else:
            self._shut(link)
        closed_ns = _now()
        until_ns, pause_s, attempts, freed_s = closed_ns + int(self._does.free_s * 1e9), _PAUSE_S, 0, None
        while freed_s is None and _now() < until_ns:
            attempts += 1
            began_ns = _now()
            if self._try(part, 1, stop=lambda: False):
                freed_s = (began_ns - closed_ns) / 1e9
            else:
                self._board.run(lambda: False, pause_s, self._tick)
                pause_s = min(_LONGEST_PAUSE_S, 1.5 * pause_s)
        self._done(part)
        self._room.emit(LimitFreed(freed_s, self._does.free_s, attempts, name))
        self._freed_s = max(self._freed_s, self._does.free_s if freed_s is None else freed_s)
        return freed_s is not None

    def _shut(self, *links: Link) -> None:
        for link in links:
            self._part_from(link)
        self._board.run(lambda: not any(link in self._board.open for link in links), self._patience_s, self._tick)
        for link in links:
            if link in self._board.open:
                link.abandon("no answer to a close")

    def _wait_for_places(self) -> None:
        """Places may be kept for a while for whoever comes again: wait for longer than one took to be free."""
        self._board.run(lambda: False, min(self._does.free_s, 2 * self._freed_s + _PAUSE_S), self._tick)

    def _race(self) -> None:
        """Let some leave, and once their places are free more come at once than there are: counting one's connections
        and taking one more has to be one step.
        """
        part = self._part = _Part(RACE)
        links = [*self._board.open][:RACED_FOR]
        before = len(self._board.open)
        self._text = "race: all come at once"
        self._shut(*links)
        self._wait_for_places()
        part.places = self._does.limit - (before - len(links))
        self._try(part, part.places + RACERS, stop=lambda: False)
        self._done(part)

    def _leave(self) -> None:
        """Close everything in the ordinary way."""
        self._text = "closing"
        self._shut(*self._board.open)

    def _try(self, part: _Part, wanted: int, *, stop: Callable[[], bool]) -> int:
        """Make attempts, a few at a time and not faster than the connect rate; return how many were accepted.

        An attempt is over when it failed, or ``HOLD_S`` after it was accepted: until then a subject may still refuse.
        """
        begun_ns, begun, accepted = _now(), 0, 0
        waiting: dict[int, Link] = {}
        while waiting or (begun < wanted and not stop()):
            allowed = min(wanted, 1 + int((_now() - begun_ns) / 1e9 * self._does.connect_rate))
            allowed = wanted if part.name == RACE else allowed
            at_once = AT_ONCE if part.name == STORM else wanted
            while begun < allowed and len(waiting) < at_once and not stop():
                link = self._dial()
                waiting[link.tag] = link
                begun += 1
            self._board.run(self._heard, _LOOK_S, self._tick)
            accepted += self._settle(part, waiting)
        return accepted

    def _heard(self) -> bool:
        return bool(self._board.refused or self._board.endings)

    def _settle(self, part: _Part, waiting: dict[int, Link]) -> int:
        """Write down the attempts that are over, and forget them; return how many were accepted."""
        board = self._board
        for refused in board.refused:
            if waiting.pop(refused.tag, None) is not None:
                outcome = HANG if refused.outcome == outcomes.TIMEOUT else refused.outcome
                self._record(part, outcome, refused.took_ns, _words(refused))
        board.refused.clear()
        for ended in board.endings:
            said = ended.ending.reason or ended.ending.why
            if (link := waiting.pop(ended.tag, None)) is not None:
                self._record(part, _ended(ended), max(0, _now() - link.attempt), said, ended.held_ns)
            elif not ended.ending.own and ended.tag not in self._parting:
                self._kept.add(_ended(ended), 0, said, ended.held_ns)
        board.endings.clear()
        return self._accepted(part, waiting)

    def _accepted(self, part: _Part, waiting: dict[int, Link]) -> int:
        """Find those that have been open for long enough; keep them, or close them where there was no place."""
        now, count = _now(), 0
        for tag, link in [*waiting.items()]:
            took_ns = self._board.took_ns.get(link)
            if took_ns is None or now < link.started + took_ns + int(HOLD_S * 1e9):
                continue
            del waiting[tag]
            count += 1
            self._record(part, ACCEPTED, took_ns, "")
            if part.name in {BEYOND, STORM}:
                self._part_from(link)
        return count

    def _part_from(self, link: Link) -> None:
        """Close it in the ordinary way; however the subject answers, it was this side that ended it."""
        self._parting.add(link.tag)
        link.shut()

    # --- what is told -----------------------------------------------------------------------------------------------

    def _record(self, part: _Part, outcome: str, took_ns: int, detail: str, held_ns: int = 0) -> None:
        part.add(outcome, took_ns, detail, held_ns)
        self._tried += 1
        word = outcomes.OK if is_right(part.name, outcome) else outcome
        self._recorder.cell(CONNECT, word).record(took_ns, took_ns)

    def _done(self, part: _Part) -> None:
        self._part = None
        self._tell(part)

    def _tell(self, part: _Part) -> None:
        for record in part.records():
            self._room.emit(record)


def _ended(ended: Ended) -> str:
    """Return the outcome of an attempt that was accepted and ended at once."""
    code = ended.ending.code
    return outcomes.RESET if code == ABNORMAL else outcomes.of_close(code)


def _words(refused: Refused) -> str:
    """Return what a subject said as it refused, else how it did; nothing where the status says it all."""
    refusal = refused.refusal
    if refusal is None or refusal.redirects:
        return redact(refused.detail)
    return redact(refusal.text)
