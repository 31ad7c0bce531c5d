"""Failures of a parallel run, run again as a serial pytest reaches them: what counts is the serial outcome."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from brinell.core.examination import ParallelOnly
from brinell.core.observation import Record, SeenTest
from brinell.suite.parallel_crew import Crew
from brinell.suite.parallel_ledger import Ledger, Span, outcome_of

LEAST_S = 5.0  # of tests, by what they took: so much may always be run again
_MOST_NAMED = 20
_MOST_HISTORIES = 5


class Check:
    """Runs failures again within ``budget_s`` of tests, by what they took in parallel."""

    def __init__(self, crew: Crew, ledger: Ledger, tests: Sequence[str], budget_s: float, repeat: int) -> None:
        self._crew = crew
        self._ledger = ledger
        self._tests = tests
        self._budget_s = budget_s
        self._repeat = repeat
        self._seconds = {span.test: (span.end_ns - span.start_ns) / 1e9 for span in ledger.spans}
        self._died = {test for test, seen in ledger.done.items() if "crash" in seen.phases}

    def run(self, emit: Callable[[Record], object], ask: Callable[[], None]) -> None:
        """Settle every failure that is held: the serial outcome is recorded, a difference is noted."""
        held = set(self._ledger.held)
        failing = [number for number, test in enumerate(self._tests) if test in held]
        prefix = self._affordable(failing)
        serial: dict[str, tuple[SeenTest, str]] = {}
        if prefix:
            seen = self._crew.serially(prefix, ask)
            serial = {test: (record, "all") for test, record in seen.items()}
        for number in failing:
            if self._tests[number] not in serial:
                module = self._module(number)
                seen = self._crew.serially(module, ask)
                if self._tests[number] in seen:
                    serial[self._tests[number]] = (seen[self._tests[number]], "module")
        found = [only for test, (record, after) in serial.items() for only in self._settle(test, record, after)]
        for number, only in enumerate(found):
            emit(self._with_history(only, ask) if number < _MOST_HISTORIES else only)

    def _affordable(self, failing: Sequence[int]) -> list[int]:
        """The longest piece of the default order, from its beginning to a failure, that the budget pays for."""
        best = 0
        spent = 0.0
        wanted = set(failing)
        for number, test in enumerate(self._tests):
            spent += 0.0 if test in self._died else self._seconds.get(test, 0.0)
            if spent > self._budget_s:
                break
            if number in wanted:
                best = number + 1
        if best:
            self._budget_s -= sum(self._seconds.get(test, 0.0) for test in self._tests[:best])
        return [number for number in range(best) if self._tests[number] not in self._died]

    def _module(self, number: int) -> list[int]:
        file = self._tests[number].split("::", 1)[0]
        before = (n for n in range(number) if self._tests[n].split("::", 1)[0] == file)
        return [*(n for n in before if self._tests[n] not in self._died), number]

    def _settle(self, test: str, again: SeenTest, after: str) -> Iterator[ParallelOnly]:
        parallel = self._ledger.done.get(test)
        attempts = self._ledger.held.pop(test, None)
        if parallel is None or outcome_of(parallel) == outcome_of(again):
            if attempts:
                self._ledger.settle(attempts)
            return
        self._ledger.take_serial(test)
        if attempts:
            self._ledger.settle([again])
        else:
            self._ledger.replace(parallel, again)
        spans = {span.test: span for span in self._ledger.spans}
        said = parallel if parallel.chain or parallel.longrepr else again
        message = f"{said.chain[0].type}: {said.chain[0].message}" if said.chain else said.longrepr[-300:]
        yield ParallelOnly(
            parallel.id, outcome_of(parallel), outcome_of(again), after, parallel.worker,
            beside=tuple(self._names(_beside(spans[test], self._ledger.spans))[:_MOST_NAMED]),
            before=tuple(self._names(_before(spans[test], self._ledger.spans))[-_MOST_NAMED:]),
            message=message[:500],
            repeat=self._repeat,
        )  # fmt: skip

    def _names(self, spans: Sequence[Span]) -> list[str]:
        return [self._ledger.done[span.test].id for span in spans]

    def _with_history(self, record: ParallelOnly, ask: Callable[[], None]) -> ParallelOnly:
        """Run it after what ran before it on its worker, with nothing beside it, if the budget pays for that."""
        raw = next(test for test, seen in self._ledger.done.items() if seen.id == record.test)
        span = next(span for span in self._ledger.spans if span.test == raw)
        history = [*(one.test for one in _before(span, self._ledger.spans)), raw]
        cost = sum(self._seconds.get(test, 0.0) for test in history)
        if cost > self._budget_s or self._died.intersection(history):
            return record
        self._budget_s -= cost
        index = {test: number for number, test in enumerate(self._tests)}
        seen = self._crew.serially([index[test] for test in history], ask).get(raw)
        fields = {name: getattr(record, name) for name in record.__struct_fields__}
        return ParallelOnly(**{**fields, "same_history": outcome_of(seen) if seen else ""})


def _beside(span: Span, spans: Sequence[Span]) -> list[Span]:
    """Tests that ran on another worker while it ran."""
    return [
        one for one in spans if one.worker != span.worker and one.start_ns < span.end_ns and one.end_ns > span.start_ns
    ]


def _before(span: Span, spans: Sequence[Span]) -> list[Span]:
    """Tests that ran before it on its worker, in order."""
    own = sorted((one for one in spans if one.worker == span.worker), key=lambda one: one.start_ns)
    return own[: bisect_right([one.start_ns for one in own], span.start_ns - 1)]
