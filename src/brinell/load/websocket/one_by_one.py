"""What trials have in common that make connections one by one, and measure no rates: limits, and bad manners."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import ClassVar

from brinell.core.errors import Interrupted
from brinell.core.load_records import LoadEnded, LoadStarted
from brinell.core.plan import LoadSpec
from brinell.core.redact import redact
from brinell.core.roles import Room
from brinell.core.socket_records import LimitStock, SocketSecond
from brinell.load import tls
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.recorder import Recorder
from brinell.load.schedule import Schedule
from brinell.load.watch import SubjectWatch
from brinell.load.websocket.deflate import Offer
from brinell.load.websocket.handshake import Opening
from brinell.load.websocket.link import Link, Terms
from brinell.load.websocket.switchboard import Switchboard
from brinell.load.wire import WorkerSpec
from brinell.subject.vitals import Sampler

SETTLE_S = 3.0  # for a subject to let go of what it holds
_PATIENCE_S = 0.1  # between two looks at a subject that lets go of things
_now = time.monotonic_ns


class OneByOne(ABC):
    """``mode`` is its name in the records; ``_all`` attempts are expected, for the progress that is shown."""

    mode: ClassVar[str]

    def __init__(self, room: Room, spec: LoadSpec, schedule: Schedule, worker: WorkerSpec, watch: SubjectWatch) -> None:
        if worker.socket is None:
            raise TypeError(f"{room.step.id} is no WebSocket step")
        self._room = room
        self._spec = spec
        self._schedule = schedule
        self._watch = watch
        self._wire = worker.socket
        self._does = self._wire.does
        self._patience_s = spec.timeout_s
        self._sampler = Sampler(watch.pids)
        secure = tls.context(verify=worker.verify_tls) if worker.tls_name is not None else None
        endpoint = Endpoint(worker.family, worker.address, secure, worker.tls_name)
        self._recorder = Recorder(0)
        self._dialled = self._tried = self._all = 0
        self._text = ""
        self._fds: dict[str, int | None] = {}
        self._start_ns = room.clock.now_ns()
        self._until_ns = self._start_ns + int(schedule.span_s * 1e9)
        self._told_ns = 0
        self._board = self._made(endpoint)

    def run(self) -> None:
        """Do all of it, or as far as ``Interrupted`` lets it, which passes through after the last record."""
        self._begin()
        try:
            self._parts()
        except Interrupted:
            self._stopped()
            self._end(interrupted=True)
            raise
        finally:
            self._board.close()
        self._end(interrupted=False)

    @abstractmethod
    def _parts(self) -> None:
        """Try everything."""

    def _stopped(self) -> None:
        """Write down what is not yet, of a trial that is stopped; by itself nothing."""
        return

    def _made(self, endpoint: Endpoint) -> Switchboard:
        return Switchboard(endpoint, self._terms(0), timeout_s=self._patience_s)

    def _dial(self) -> Link:
        self._board.terms = self._terms(self._dialled)
        self._dialled += 1
        return self._board.dial()

    def _terms(self, number: int) -> Terms:
        wire = self._wire
        path = wire.path.replace("{{room}}", str(number % self._does.rooms))
        path = path.replace("{{connection}}", str(number))
        offer = Offer() if wire.compression else None
        opening = Opening(wire.authority, path, wire.headers, self._does.subprotocols, offer)
        return Terms(opening, self._does.max_message_bytes)

    def _stock(self, moment: str, like: str = "", settle_s: float = SETTLE_S) -> None:
        """Look at the subject; where it should hold what it held at another moment, wait a little for it to let go."""
        wanted = self._fds.get(like)
        until_ns = _now() + (int(settle_s * 1e9) if wanted is not None else 0)
        lowest = self._look(moment)
        while wanted is not None and (lowest.fds or 0) > wanted and _now() < until_ns:
            self._board.run(lambda: False, _PATIENCE_S, self._tick)
            found = self._look(moment)
            if (found.fds or 0) <= (lowest.fds or 0):
                lowest = found
        self._fds[moment] = lowest.fds
        self._room.emit(lowest)

    def _look(self, moment: str) -> LimitStock:
        held = len(self._board.open)
        if not self._watch.pids:
            return LimitStock(moment, held)
        vitals = self._sampler.sample(_now())
        return LimitStock(moment, held, vitals.rss_bytes, vitals.fds)

    def _tick(self) -> None:
        room, now = self._room, _now()
        room.tick()
        self._watch.look(now)
        if now - self._told_ns < 1_000_000_000:
            return
        self._told_ns = now
        self._take()
        board = self._board
        room.emit(SocketSecond(0, self._second(), len(board.open), len(board.dialling)))
        room.progress(self._tried, self._all, f"{len(board.open)} open; {self._text}")

    def _take(self) -> None:
        """Write down how long the attempts took."""
        for record in self._recorder.take(self._second()):
            self._room.emit(record)

    def _second(self) -> int:
        return (_now() - self._start_ns) // 1_000_000_000

    def _late(self) -> bool:
        return _now() >= self._until_ns

    def _begin(self) -> None:
        spec, watch = self._spec, self._watch
        self._room.emit(
            LoadStarted(
                scenario=spec.name,
                model="closed",
                url=redact(spec.url or self._room.service().url),
                start_ns=self._start_ns,
                span_s=self._schedule.span_s,
                target_rate=None,
                connections=self._spec.connections,
                workers=1,
                timeout_s=spec.timeout_s,
                subject_pids=tuple(watch.pids),
                subject_reason=watch.reason,
                subject_others=watch.others,
                shape=self._schedule.kind,
                socket=self.mode,
            )
        )

    def _end(self, *, interrupted: bool) -> None:
        self._take()
        self._watch.close(_now())
        span_s = (_now() - self._start_ns) / 1e9
        completed = self._recorder.completed
        self._room.emit(
            LoadEnded(
                scheduled=self._tried,
                completed=completed,
                unfinished=0,
                span_s=span_s,
                interrupted=interrupted,
                sent_in_span=self._tried,
                completed_in_span=completed,
            )
        )
        self._room.progress(self._all, self._all, f"{self._tried} attempts")
