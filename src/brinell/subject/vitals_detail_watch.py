"""Beside a load: the subject in detail twice a second, what its probe says, and stacks of the busiest at its limit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from brinell.core.roles import Room
from brinell.core.vitals_records import ProbeSilent, StacksSeen, VitalsDetail
from brinell.subject import stacks
from brinell.subject.probe import ProbeLine
from brinell.subject.vitals_detail import DetailSampler
from brinell.subject.vitals_log import LogWatch

MOST_SPIED = 2  # processes, the ones with the most processor time
AGAIN_NS = 30_000_000_000
MOST_TIMES = 3
HURRY_NS = 500_000_000  # for py-spy to write down what it has seen
OFTEN_NS = 300_000_000_000  # after so long a run, what the probe says is written down
SELDOM_NS = 5_000_000_000  # only every so often
LEAST_NS = 500_000_000  # between two that are written down of one process: it speaks once a second
MOST_HEARD = 512  # processes


class DetailWatch:
    """``look`` is called from the loop that owns time. ``line``: to the probe, if the service was started with it;
    ``log``: where the service writes, if it was started by this run.
    """

    def __init__(self, room: Room, line: ProbeLine | None = None, log: Path | None = None) -> None:
        self._room = room
        self._log = LogWatch(log)
        self._line = line
        self._sampler = DetailSampler()
        self._last: VitalsDetail | None = None
        self._before: dict[int, float] = {}
        self._spies: list[stacks.Spy] = []
        self._spied_ns = 0
        self._times = 0
        self._begun_ns = room.clock.now_ns()
        self._said: dict[int, int] = {}  # when each process's probe was last written down
        self._silent = line is not None

    def listen(self, now_ns: int, *, strained: bool = False) -> None:
        """Take what the probe has said, and see to py-spy; ``strained``: the subject falls behind."""
        least_ns = SELDOM_NS if now_ns - self._begun_ns > OFTEN_NS else LEAST_NS
        for one in self._line.read() if self._line is not None else ():
            if one.at_ns < self._begun_ns or one.at_ns - self._said.get(one.pid, 0) < least_ns:
                continue
            if one.pid not in self._said and len(self._said) >= MOST_HEARD:
                continue
            self._silent = False
            self._said[one.pid] = one.at_ns
            self._room.emit(one)
        self._follow_spies(now_ns)
        if strained and not self._spies and self._times < MOST_TIMES and now_ns >= self._spied_ns:
            self._spy(now_ns)

    def look(self, now_ns: int, pids: Sequence[int]) -> None:
        """Look from outside."""
        if self._last is not None:
            self._before = {one.pid: one.cpu_s for one in self._last.processes}
        self._last = msgspec.structs.replace(self._sampler.look(now_ns, pids), said=self._log.look())
        self._room.emit(self._last)

    def close(self, now_ns: int) -> None:
        """Say whether the probe was ever heard, and end what still looks."""
        if self._line is not None:
            self.listen(now_ns)
            if self._silent or self._line.malformed:
                self._room.emit(ProbeSilent(now_ns, self._line.malformed))
        for spy in self._spies:
            spy.hurry()
        until = now_ns + HURRY_NS
        while self._spies and self._room.clock.now_ns() < until:
            self._room.clock.sleep(0.02)
            self._follow_spies(self._room.clock.now_ns())
        for spy in self._spies:
            spy.forget()
        self._spies = []

    def _spy(self, now_ns: int) -> None:
        self._times += 1
        self._spied_ns = now_ns + AGAIN_NS
        busiest = sorted(
            self._last.processes if self._last is not None else (),
            key=lambda one: (self._before.get(one.pid, one.cpu_s) - one.cpu_s, one.pid),
        )
        for one in [one for one in busiest if one.listens or one is busiest[0]][:MOST_SPIED]:
            try:
                self._spies.append(stacks.Spy(self._room, one.pid, self._room.plan.root))
            except ValueError as error:
                self._times = MOST_TIMES
                self._room.emit(StacksSeen(now_ns, now_ns, one.pid, why=str(error)))
                return

    def _follow_spies(self, now_ns: int) -> None:
        for spy in list(self._spies):
            seen = spy.poll(now_ns)
            if seen is not None:
                self._spies.remove(spy)
                self._room.emit(seen)
