"""What forked workers say of tests, on its way into the journal: failures are held back until they are checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import msgspec

from brinell.core.observation import CollectError, Record, SeenTest
from brinell.suite import wire_lines as wire
from brinell.suite.recording import Recording

_FAILED = frozenset({"failed", "error"})


class Span(msgspec.Struct, frozen=True):
    """When a test ran, by the machine's monotonic clock, and on which worker."""

    test: str
    worker: str
    start_ns: int
    end_ns: int


class Ledger:
    """One run's tests. ``done`` are raw ids of tests that ended; ``held`` are failures, with their earlier attempts."""

    def __init__(self, recording: Recording, emit: Callable[[Record], object]) -> None:
        self.recording = recording
        self.done: dict[str, SeenTest] = {}
        self.held: dict[str, list[SeenTest]] = {}
        self.spans: list[Span] = []
        self.failed = 0
        self.interrupted = ""
        self._emit = emit
        self._counts: Counter[str] = Counter()
        self._open: dict[str, list[SeenTest]] = {}
        self._again: dict[str, SeenTest] | None = None  # while failures are run again
        self.counting: dict[str, tuple[int, SeenTest]] = {}  # test -> the job whose outcome counts, and that
        self._ran_again: dict[str, tuple[int, SeenTest]] = {}
        self._warnings = _Warnings()

    def main(self, raw: bytes) -> list[Record]:
        """Take a line of the server's own wire; return its records, which are not emitted yet."""
        if raw.startswith((b'{"kind":"warning"', b'{"kind":"done"')):
            return self._said_at_end(raw, -1)
        records = list(self.recording.feed(raw))
        for record in records:
            if isinstance(record, CollectError):
                self._counts["error"] += 1
            elif isinstance(record, SeenTest):
                self._counts[record.outcome] += 1
        return records

    def take(self, raw: bytes, job: int) -> str | None:
        """Take a line of a job; return the id of the test that ended with it."""
        if raw.startswith((b'{"kind":"warning"', b'{"kind":"done"')):
            self._said_at_end(raw, job)
            return None
        before = len(self.recording.finished)
        ended = None
        for record in self.recording.feed(raw):
            final = self.recording.finished[before:]
            if isinstance(record, SeenTest):
                ended = final[0] if final else None
                self._seen(record, ended, job)
        return ended

    def _seen(self, record: SeenTest, ended: str | None, job: int) -> None:
        if self._again is not None:
            if ended is not None:
                self._again[ended] = record
                self._ran_again[ended] = (job, record)
                self.recording.finished.pop()
            return
        end_ns = record.start_ns + round(sum(phase.seconds for phase in record.phases.values()) * 1e9)
        if ended is None:
            self._open.setdefault(record.id, []).append(record)
            return
        self.spans.append(Span(ended, record.worker, record.start_ns, end_ns))
        attempts = [*self._open.pop(record.id, ()), record]
        self.done[ended] = record
        self.counting[ended] = (job, record)
        if failed(record):
            self.held[ended] = attempts
        else:
            self.settle(attempts)

    def begin_check(self) -> dict[str, SeenTest]:
        """From now on tests are run again: their records go into the mapping that is returned, and nowhere else."""
        self._again = {}
        return self._again

    def settle(self, attempts: list[SeenTest]) -> None:
        """Emit what became of a test."""
        for record in attempts:
            self._emit(record)
            self._counts.update(_counted(record))
        self.failed += failed(attempts[-1])

    def take_serial(self, test: str) -> None:
        """What counts of ``test`` is what it gave when it was last run again."""
        self.counting[test] = self._ran_again[test]

    def replace(self, given: SeenTest, serial: SeenTest) -> None:
        """Emit a serial outcome in place of what a worker gave and what was emitted already."""
        self._emit(msgspec.structs.replace(serial, instead=True))
        self._counts.subtract(_counted(given))
        self._counts.update(_counted(serial))
        self.failed += failed(serial) - failed(given)

    def settle_rest(self) -> None:
        """Emit what is still held, also attempts whose last one never came."""
        for attempts in (*self.held.values(), *self._open.values()):
            self.settle(attempts)
        self.held.clear()
        self._open.clear()

    def _said_at_end(self, raw: bytes, job: int) -> list[Record]:
        try:
            line = wire.decode(raw)
        except wire.MalformedError:
            self.recording.malformed += 1
            return []
        if isinstance(line, wire.Warned) and self._again is None:
            first = self._warnings.take(line, job)
            if first is not None:
                list(self.recording.feed(first))
        elif isinstance(line, wire.Done) and (self._again is None or job < 0):
            self._warnings.more(line.warnings.repeats, job)
            self._counts["warnings"] += line.summary.get("warnings", 0)
            if job < 0:
                self._counts["deselected"] += line.summary.get("deselected", 0)
                self.interrupted = line.interrupted or ""
                self.recording.done = line
        return []

    def close(self, exit_status: int | None, stopped_by: str) -> None:
        """Make one session's end of all that was said."""
        done = wire.Done(
            exit_status,
            None,
            {name: n for name, n in self._counts.items() if n},
            stopped_by or self.interrupted or None,
            wire.WarningTotals(self._counts["warnings"], self._warnings.repeats()),
        )
        self.recording.done = done


class _Warnings:
    """Warnings of several processes: the same one is one, and counted."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._of: dict[tuple[int, int], int] = {}
        self._times: Counter[int] = Counter()

    def take(self, line: wire.Warned, job: int) -> bytes | None:
        """Return the line to record, None for a warning that is known."""
        key = (line.message, line.category, line.file, line.line)
        known = key in self._numbers
        number = self._numbers.setdefault(key, len(self._numbers) + 1)
        self._of[job, line.n] = number
        self._times[number] += 1
        return None if known else msgspec.json.encode(msgspec.structs.replace(line, n=number))

    def more(self, repeats: Mapping[str, int], job: int) -> None:
        """Count the further times that a process tells at its end."""
        for n, times in repeats.items():
            if n.isdecimal() and (job, int(n)) in self._of:
                self._times[self._of[job, int(n)]] += max(0, times)

    def repeats(self) -> dict[str, int]:
        """Return further times by number."""
        return {str(number): times - 1 for number, times in self._times.items() if times > 1}


def failed(record: SeenTest) -> bool:
    """Whether anything about it failed."""
    return record.teardown_error or record.outcome in _FAILED


def outcome_of(record: SeenTest) -> str:
    """Return its outcome in a word, ``passed+error`` where its teardown failed."""
    return f"{record.outcome}+error" if record.teardown_error else record.outcome


def _counted(record: SeenTest) -> list[str]:
    """What pytest's summary counts for one attempt."""
    if record.counted:
        return [word for word in record.counted if word]
    return [record.outcome, "error"] if record.teardown_error else [record.outcome]
