"""What a judge may read: a plan, a stream of envelopes, a baseline. The on-disk reader is ``journal.reader``; the
one in memory here serves tests and small things, and both behave alike (a conformance test holds them to it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from brinell.core.observation import RUN, VERSION, Envelope, Record, RunStarted, SuiteStarted
from brinell.core.plan import Plan, Step


class Evidence(Protocol):
    """A run read back. ``envelopes`` may be asked for again and again; each call streams from the start."""

    @property
    def run_id(self) -> str:
        """The run's id: the name of its folder."""
        ...

    @property
    def plan(self) -> Plan:
        """The plan the run was made with."""
        ...

    @property
    def baseline(self) -> dict[str, Any] | None:
        """The blessed baseline as it was when the run began."""
        ...

    @property
    def slo(self) -> dict[str, float]:
        """Thresholds that replace those of every load scenario (``judge --slo``); empty: the plan's own."""
        ...

    @property
    def busy_s(self) -> float:
        """Seconds between the first and the last record, summed over epochs (a pause before a resume doesn't count)."""
        ...

    def envelopes(self, *kinds: type[Record], source: str | None = None) -> Iterator[Envelope]:
        """Stream the envelopes of these kinds (none: all), of one source or all, oldest first.

        Records of a step's earlier, unfinished attempts are left out: only the last attempt counts.
        """
        ...


class MemoryEvidence:
    """Evidence from records in memory, sources given by the ``StepStarted`` before them."""

    def __init__(
        self,
        plan: Plan,
        records: Iterable[Record],
        *,
        baseline: dict[str, Any] | None = None,
        slo: dict[str, float] | None = None,
        run_id: str = "run",
    ) -> None:
        self.plan = plan
        self.baseline = baseline
        self.slo = slo or {}
        self.run_id = run_id
        self.busy_s = 0.0
        self._envelopes: list[Envelope] = []
        source = RUN
        for seq, record in enumerate(records):
            name = type(record).__name__
            if name == "StepStarted":
                source = record.step  # type: ignore[union-attr]  # narrowed by the class name
                self._envelopes = [e for e in self._envelopes if e.source != source]
            self._envelopes.append(Envelope(VERSION, seq, source, 0, seq, record))
            if name == "StepFinished":
                source = RUN

    def envelopes(self, *kinds: type[Record], source: str | None = None) -> Iterator[Envelope]:
        """Stream as ``Evidence.envelopes`` says."""
        for envelope in self._envelopes:
            if (not kinds or isinstance(envelope.data, kinds)) and source in (None, envelope.source):
                yield envelope


def observation_id(envelope: Envelope) -> str:
    """Return the id by which findings cite an observation: ``source#seq``."""
    return f"{envelope.source}#{envelope.seq}"


def fingerprint(evidence: Evidence) -> dict[str, str]:
    """Return what the run's numbers depend on: the machine's facts plus the interpreter the suite really ran in."""
    facts: dict[str, str] = {}
    for envelope in evidence.envelopes(RunStarted, SuiteStarted):
        match envelope.data:
            case RunStarted(fingerprint=machine):
                facts.update(machine)
            case SuiteStarted(python=python) if python:
                facts["python"] = python
    return facts


def steps_of(evidence: Evidence, trial: str) -> tuple[Step, ...]:
    """Return the plan's steps of one trial, in order."""
    return tuple(step for step in evidence.plan.steps if step.trial == trial)
