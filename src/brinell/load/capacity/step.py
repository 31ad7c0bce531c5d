"""One step of the search: a load scenario of one level in a room of its own, ended as soon as it is decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Unpack

from brinell.core.call_records import CallSecond
from brinell.core.clock import Clock
from brinell.core.generator_records import Calibrated
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, Record
from brinell.core.plan import LoadSpec, Plan, Step
from brinell.core.roles import Child, Room, Service, StartOptions
from brinell.core.sequential import BROKEN, HELD, Decision, decide
from brinell.core.socket_records import Deliveries, SocketSecond
from brinell.load.capacity.bounds import Seconds

LOOK_NS = 100_000_000
_KEPT = (LoadStarted, LoadSlice, GeneratorSecond, LoadEnded, Calibrated, CallSecond, Exemplar)
_HEARD = (*_KEPT, Deliveries, SocketSecond)


class StepRoom:
    """The room of one level: what the search's own room gives, with the level's scenario as its step.

    ``records`` are those that say what came of the level. ``calibrated`` stands in for a calibration that a later step
    does not repeat.
    """

    def __init__(
        self,
        room: Room,
        spec: LoadSpec,
        *,
        say: Callable[[float, str], None],
        hear: Callable[[Record], None],
        calibrated: Calibrated | None,
    ) -> None:
        self.step = Step(id=room.step.id, trial="load", spec=spec)
        self.plan: Plan = room.plan
        self.folder: Path = room.folder
        self.clock: Clock = room.clock
        self.records: list[Record] = []
        self._room = room
        self._say = say
        self._hear = hear
        self._calibrated = calibrated

    def emit(self, record: Record) -> Envelope:
        """Append a record under the search's own step; keep it where it says something about the level."""
        kept = record
        if isinstance(record, Calibrated) and self._calibrated is not None:
            kept = self._calibrated
        if isinstance(record, _KEPT):
            self.records.append(kept)
        if isinstance(record, _HEARD):
            self._hear(kept)
        return self._room.emit(record)

    def tick(self) -> None:
        """As the room's own."""
        self._room.tick()

    def progress(self, done: float, total: float | None, text: str) -> None:
        """Say how far the search is, in place of the level; of that only what it does before it begins."""
        self._say(done, text if total is None else "")

    def start(self, argv: Sequence[str], **options: Unpack[StartOptions]) -> Child:
        """As the room's own."""
        return self._room.start(argv, **options)

    def service(self) -> Service:
        """As the room's own: a service that died is started again."""
        return self._room.service()

    def history(self, *kinds: type[Record], source: str) -> Iterator[Envelope]:
        """As the room's own."""
        return self._room.history(*kinds, source=source)


class Judge:
    """Beside the scenario (``load.beside``): decides second by second, and ends what is decided.

    ``rate`` None: nothing falls due. ``warm_s`` seconds are not looked at. After ``lasts_s`` the estimates decide. Held
    is not said before ``least_s``: what comes up rarely takes its time.
    """

    def __init__(self, seconds: Seconds, *, rate: float | None, warm_s: int, least_s: int, lasts_s: int) -> None:
        self.found: Decision | None = None
        self.decided = True  # by the intervals
        self.until = 0  # the first second that was not looked at
        self._warm_s = warm_s
        self._seconds = seconds
        self._rate = rate
        self._least_s = least_s
        self._lasts_s = lasts_s
        self._whole = 0
        self._whole_ns = 0  # when the last second became whole

    def hear(self, record: Record) -> None:
        """Take a record of the level."""
        self._seconds.add(record)

    def look(self, now_ns: int, start_ns: int) -> int | None:  # noqa: ARG002 - the role's signature
        """Return when to be asked again; None once it is decided."""
        if self._seconds.whole > self._whole:
            self._whole, self._whole_ns = self._seconds.whole, now_ns
        whole = self._whole
        complete = now_ns >= self._whole_ns + int(self._seconds.lag_s * 1e9)
        if whole > self.until and self.found is None and complete:
            self.until = min(whole, self._lasts_s)
            found = self._decide(ended=False)
            if found.verdict == HELD and (whole < self._least_s or self._seconds.settled is None):
                found = Decision(None, "")
            if found.verdict is not None:
                self.found = found
            elif whole >= self._lasts_s:
                self.end()
        return None if self.found is not None else now_ns + LOOK_NS

    def end(self) -> Decision:
        """Return what the step showed: no more seconds will come."""
        if self.found is None:
            self.until = min(self._seconds.whole, self._lasts_s)  # what comes after the schedule is a backlog's end
            found = self._decide(ended=False)
            self.decided = found.verdict is not None
            found = found if self.decided else self._decide(ended=True)
            if self._seconds.settled is None and (found.verdict == HELD or not self._seconds.early):
                found = self._seconds.unsettled()
                self.decided = found.verdict is not None
            self.found = found
        return self.found

    @property
    def judged(self) -> range:
        """The seconds that are looked at: without the warm-up, but for a level that did not outlast it."""
        first = max(self._warm_s, self._seconds.settled or 0)
        return range(first if self.until > first else max(0, self.until - 1), self.until)

    @property
    def leaning(self) -> str:
        """What the seconds so far look like: ``held``, ``broken``, or nothing before there are any."""
        return self._decide(ended=True).verdict or "" if self.until > self._warm_s else ""

    def _decide(self, *, ended: bool) -> Decision:
        missing = self._seconds.missing(self.until - 1)
        if missing:
            return Decision(BROKEN, missing)
        if self._seconds.settled is None and not self._seconds.early:
            return Decision(None, "")
        seconds = self._seconds.since(self.judged.start, self.judged.stop)
        # While their number still grows, what falls due grows with it, and so does what is under way.
        rate = self._rate if self._seconds.settled is not None else None
        rate = None if rate is None else self._seconds.pace(seconds, rate)
        return decide(seconds, self._seconds.bounds, rate=rate, ended=ended)
