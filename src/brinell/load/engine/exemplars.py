"""Single requests worth keeping: the slowest, and the first few of every error kind; and how many said what. Bounded,
whatever happens.
"""

from __future__ import annotations

import heapq

from brinell.core import outcomes
from brinell.core.error_records import FOLDED, ErrorText
from brinell.core.load_records import Exemplar
from brinell.core.redact import one_line, redact

SLOWEST = 10
EACH_ERROR = 3
DETAIL_CHARACTERS = 300
MOST_TEXTS = 1000  # distinct ones that are counted by themselves

Instants = tuple[int, int, int, int]
"""Due, woken, started (0: never sent) and ended, in nanoseconds of the monotonic clock."""


class Exemplars:
    """``floor_ns`` is the response time that a request must exceed to be among the slowest: compare before calling.

    Under growing delays every request is the slowest so far, so keeping one must stay cheap: records are made when
    they are taken.
    """

    __slots__ = ("_errors", "_fresh", "_slowest", "_texts", "_tie", "_told", "floor_ns")

    def __init__(self) -> None:
        self.floor_ns = -1
        self._slowest: list[tuple[int, int, str, str, Instants, str]] = []
        self._told = 0
        self._tie = 0
        self._errors: dict[str, int] = {}
        self._fresh: list[Exemplar] = []
        self._texts: dict[tuple[str, str], list[int]] = {}  # count, first and last end

    def slow(self, operation: str, outcome: str, instants: Instants, detail: str) -> None:
        """Keep one of the slowest so far."""
        self._tie += 1
        entry = (instants[3] - instants[0], self._tie, operation, outcome, instants, detail)
        if len(self._slowest) < SLOWEST:
            heapq.heappush(self._slowest, entry)
        else:
            heapq.heapreplace(self._slowest, entry)
        if len(self._slowest) == SLOWEST:
            self.floor_ns = self._slowest[0][0]

    def error(self, operation: str, outcome: str, instants: Instants, detail: str) -> None:
        """Keep one of the first of its kind; statuses count by code."""
        seen = self._errors.get(outcome, 0)
        if seen < EACH_ERROR:
            self._errors[outcome] = seen + 1
            self._fresh.append(_exemplar(operation, outcome, instants, detail))
        if not outcome.startswith(outcomes.STATUS):  # what comes again is counted elsewhere, and says no more
            self._count(outcome, detail[: DETAIL_CHARACTERS * 10], instants[3])

    def texts(self) -> tuple[ErrorText, ...]:
        """Return what failed requests said so far."""
        merged: dict[tuple[str, str], list[int]] = {}
        for (outcome, text), (count, first, last) in self._texts.items():
            one = merged.setdefault((outcome, _said(text)), [0, first, last])
            one[:] = one[0] + count, min(one[1], first), max(one[2], last)
        return tuple(ErrorText(*key, *numbers) for key, numbers in merged.items())

    def _count(self, outcome: str, text: str, ended_ns: int) -> None:
        key = outcome, text
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) >= MOST_TEXTS:
                key = outcome, FOLDED
            found = self._texts.setdefault(key, [0, ended_ns, ended_ns])
        found[0] += 1
        found[2] = ended_ns

    def take(self) -> list[Exemplar]:
        """Return what is new since the last call. A request can be among the slowest and an error, and come twice."""
        new = sorted(entry for entry in self._slowest if entry[1] > self._told)
        taken = self._fresh + [_exemplar(*entry[2:]) for entry in new]
        self._fresh = []
        self._told = self._tie
        return taken


def _exemplar(operation: str, outcome: str, instants: Instants, detail: str) -> Exemplar:
    return Exemplar(operation, outcome, *instants, detail=_said(detail[: DETAIL_CHARACTERS * 10]))


def _said(text: str) -> str:
    # Redaction first, cutting second: a cut must not split a secret into a part that no rule knows.
    return one_line(redact(text), DETAIL_CHARACTERS)
