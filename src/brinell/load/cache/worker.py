"""One worker of a cache object: the worker of calls, whose calls are operations."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.core.key_choice import choice_of, mix_of, prefilled
from brinell.load.cache.traffic import CacheTraffic, filling, words
from brinell.load.calls.traffic import CallTraffic
from brinell.load.calls.worker import CallWorker
from brinell.load.engine.traffic import Means
from brinell.load.wire import WireCall


class CacheWorker(CallWorker):
    """Fills the cache through the same pipe before it asks it. ``call.cache`` says what is asked."""

    def _traffic_of(self, means: Means, call: WireCall) -> CallTraffic:
        spec, wanted = self._spec, call.cache
        if wanted is None:
            raise TypeError("the specification says nothing of a cache")
        choice, mix = choice_of(wanted, spec.seed), mix_of(wanted)
        self._pieces = filling(choice, mix, prefilled(wanted))
        stretches = words(choice, mix, spec.worker, spec.workers)
        closed = self._dues is None
        return CacheTraffic(means, self._caller, call.call, spec.connections, stretches, closed=closed)

    def _poller_with_caller(self) -> Sequence[tuple[int, int]]:
        """As the parent; what the cache is filled with goes into the pipe as there is room."""
        while not self._caller.backlog and (piece := next(self._pieces, None)) is not None:
            self._caller.hand_over(piece)
        return super()._poller_with_caller()
