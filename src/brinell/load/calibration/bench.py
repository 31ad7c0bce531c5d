"""The engine as the calibration has it: connecting is no part of what it counts, and it ends after what was asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

from brinell.load.engine.connection import IDLE
from brinell.load.engine.engine import Engine, Limits, Report
from brinell.load.engine.traffic import Means

CONNECT_S = 2.0  # for all connections, handshakes included
_LOOK_NS = 10_000_000
_now = time.monotonic_ns


class Bench(Engine):
    """Requests by a schedule, or of connections that are always busy (``dues`` None), for ``busy_s`` then.

    Where connections stay, counting begins once each of them has carried a request. ``used``: seconds that were
    counted, and what of them this process had of a processor; None: they were never all there.
    """

    def __init__(
        self, means: Means, limits: Limits, dues: Iterator[int] | None, report: Report, *, busy_s: float = 0.0
    ) -> None:
        super().__init__(means, limits, dues, report)
        self.used: tuple[float, float] | None = None
        self._keeps = means.keep_alive
        self._busy_ns = int(busy_s * 1e9)
        self._from: tuple[int, float] | None = None

    def gather(self) -> bool:
        """Before a schedule is run, let every connection carry a request that does not count. False: one did not."""
        traffic, now = self._traffic, _now()
        if self._keeps:
            until = traffic.until_ns = now + int(CONNECT_S * 1e9)
            for _ in range(self._limits.connections):
                traffic.issue(now, now)
            while traffic.in_flight and _now() < until:
                self._look(_LOOK_NS)
            self._recorder.take(0)
            if traffic.in_flight:
                traffic.give_up(record=False)
                return False
        return True

    def run(self, start_ns: int) -> int:
        """Work as every engine, and note what it took."""
        self._from = None if self._busy_ns and self._keeps else (start_ns, time.process_time())
        ended = super().run(start_ns)
        if self.used is None and self._from is not None and not self._busy_ns:
            self._note(_now())
        return ended

    def _tick(self, now: int, late_ns: int) -> None:
        super()._tick(now, late_ns)
        if not self._busy_ns or self._stopped:
            return
        if self._from is None:
            if all(one.started for one in self._traffic.open if one.operation is not IDLE):
                self._recorder.take(0)
                self._from = _now(), time.process_time()
        elif now >= self._from[0] + self._busy_ns:
            self._note(now)
            self.stop()

    def _note(self, now: int) -> None:
        if self._from is not None:
            since, cpu_s = self._from
            self.used = (now - since) / 1e9, time.process_time() - cpu_s
