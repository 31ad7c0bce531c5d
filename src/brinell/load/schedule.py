"""A scenario's shape as this run follows it: read, cut where a bound on requests ends it, and as workers get it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.load.contract import Shape
from brinell.load.shapes.profile import SECOND_NS, Stage

_PARTS = 100


class Schedule:
    """``span_s`` is when the schedule ends. ``requests``: begun at most, None without such a bound."""

    def __init__(self, spec: LoadSpec, shape: Shape, folder: Path, *, partly: bool = False) -> None:
        """Read the shape into ``folder``. UsageError where that cannot be done.

        ``partly``: what falls due are sessions, so that a bound on requests says nothing of when the schedule ends.
        """
        self.kind = str(spec.shape.get("kind", ""))
        self.requests = spec.max_requests
        self._partly = partly
        try:
            self.shape = shape.prepared(folder)
            self.span_s = self.shape.span_s
        except (ValueError, OSError) as error:
            raise UsageError(f"[[load]] {spec.name}: shape: {error}") from None
        if self._cut:
            self.span_s = self._end_s(self.requests or 0)

    @property
    def target_rate(self) -> float | None:
        """What is due a second, on average, until the schedule ends."""
        if self._cut and self.shape.target_rate != self.shape.peak_rate:
            return (self.planned() or 0) / self.span_s
        return self.shape.target_rate

    @property
    def peak_rate(self) -> float | None:
        """The highest rate until the schedule ends; where it is cut, of a hundredth of it."""
        highest = self.shape.peak_rate
        if highest is None or not self._cut or highest == self.shape.target_rate:
            return highest
        edges = [self.shape.planned(self.span_s * part / _PARTS) or 0 for part in range(_PARTS + 1)]
        return min(highest, max(late - early for early, late in pairwise(edges)) * _PARTS / self.span_s)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Parts that are judged by themselves, as far as the schedule goes."""
        return tuple(one for one in self.shape.stages if one.to_s <= self.span_s)

    @property
    def wire(self) -> tuple[str, dict[str, Any]]:
        """The shape's class as ``module:Class``, and its fields."""
        kind = type(self.shape)
        return f"{kind.__module__}:{kind.__qualname__}", msgspec.to_builtins(self.shape)

    def planned(self, until_s: float | None = None) -> int | None:
        """How many requests are due by then; None in a closed model, and where sessions make them."""
        found = None if self._partly else self.shape.planned(until_s)
        return found if found is None or self.requests is None else min(found, self.requests)

    def share(self, worker: int, workers: int) -> int | None:
        """One worker's part of the bound: every W-th request from the w-th on is its own."""
        return None if self.requests is None else max(0, -(-(self.requests - worker) // workers))

    @property
    def _cut(self) -> bool:
        return self.requests is not None and self.shape.model == "open" and not self._partly

    def _end_s(self, requests: int) -> float:
        """When the first request would be due that may not be sent any more: the first of so many and one workers'."""
        dues = self.shape.due_ns(requests, requests + 1)
        end_ns = None if dues is None else next(dues, None)
        return self.shape.span_s if end_ns is None else max(end_ns, 1) / SECOND_NS
