"""Records of a small run of load, whose numbers are known."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import msgspec
import pytest

from brinell.core.evidence import MemoryEvidence
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import VERSION, Envelope, Epoch, StepFinished, StepStarted, Vitals
from brinell.core.plan import LoadSpec, Plan, Step

START_NS = 50_000_000_000
WALL_S = 1_700_000_000.0  # of START_NS
SECOND_NS = 1_000_000_000


def histogram(values_ns):
    made = Histogram()
    for value, count in Counter(values_ns).items():
        made.record(value, count)
    return made


def piece(second, values_ns, *, worker=0, operation="GET /notes", outcome="ok", service_ns=None):
    response, service = histogram(values_ns), histogram(values_ns if service_ns is None else service_ns)
    return LoadSlice(
        worker, second, operation, outcome, response.count, response.sparse(), service.sparse(), response.max_ns,
        service.max_ns, bytes_in=10 * response.count,
    )  # fmt: skip


def own(second, worker=0, due=3, **fields):
    lag = histogram([30_000] * due)
    return GeneratorSecond(worker, second, due, due, 0.25, lag.sparse(), lag.max_ns, **fields)


def started(name="browse", workers=2, **fields):
    given = {"model": "open", "url": "http://127.0.0.1:8000", "span_s": 3.0, "target_rate": 6.0, **fields}
    return LoadStarted(
        scenario=name, start_ns=START_NS, connections=4, workers=workers, timeout_s=5.0, subject_pids=(1,), **given
    )


def records():
    """Two workers, three seconds: two operations, one of them with errors."""
    yield started()
    for second in range(3):
        yield Vitals(START_NS + second * SECOND_NS + 400_000_000, 1, 1.0 + second * 0.5, 1000 + second, 5, 2)
        for worker in range(2):
            yield piece(second, [1_000_000, 2_000_000 + second], worker=worker, service_ns=[900_000, 1_900_000])
            if second == 1:
                yield piece(second, [5_000_000_000], worker=worker, operation="POST /notes", outcome="timeout")
                yield piece(second, [700_000], worker=worker, operation="POST /notes", outcome="status-503")
            yield own(second, worker, waiting=worker)
    yield LoadEnded(scheduled=18, completed=14, unfinished=0, span_s=3.0)


def envelopes(entries=None, step="load:browse"):
    """The records as the journal has them: told a moment after the second that they are about."""
    told = list(records() if entries is None else entries)
    for seq, record in enumerate(told):
        second = getattr(record, "second", -1)
        yield Envelope(VERSION, seq, step, 0, START_NS + (second + 1) * SECOND_NS + 10_000_000, record)


class Told(MemoryEvidence):
    """Evidence with an epoch, so that there is a wall clock, and the moments of ``envelopes``."""

    def __init__(self, entries=None, step="load:browse"):
        spec = LoadSpec(name="browse", shape={})
        super().__init__(Plan(name="p", root=".", steps=(Step(step, "load", spec),)), [])
        epoch = Epoch("2023-11-14T22:13:10+00:00", START_NS - 10 * SECOND_NS, "boot", 1, "0")
        self._envelopes = [
            Envelope(VERSION, 0, "run", 0, START_NS - 10 * SECOND_NS, epoch),
            Envelope(VERSION, 1, step, 0, START_NS - 5, StepStarted(step)),
            *envelopes(entries, step),
            Envelope(VERSION, 2, step, 0, START_NS + 9 * SECOND_NS, StepFinished(step)),
        ]

    def write(self, folder):
        """Write it as a run's folder."""
        folder.mkdir(parents=True)
        (folder / "plan.json").write_bytes(msgspec.json.encode(self.plan))
        lines = [json.dumps(json.loads(msgspec.json.encode(one)), separators=(",", ":")) for one in self._envelopes]
        (folder / "journal.jsonl").write_text("\n".join([*lines, ""]))
        return folder


@pytest.fixture
def evidence():
    return Told()


@pytest.fixture(scope="session")
def told():
    return Told


@pytest.fixture(scope="session")
def made():
    """What these records are made with."""
    return SimpleNamespace(
        started=started, piece=piece, own=own, records=records, envelopes=envelopes, start_ns=START_NS
    )
