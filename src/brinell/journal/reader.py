"""A journal read back as evidence, streaming: memory does not grow with the run's length.

One pass over the file when it is opened finds where each step's last attempt begins and whether the run ended; each
call of ``envelopes`` is a further pass that decodes only the lines of the wanted kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec

from brinell.core.errors import UsageError
from brinell.core.observation import (
    VERSION,
    BaselineRead,
    Envelope,
    Record,
    RunEnded,
    RunStarted,
    StepFinished,
    StepStarted,
)
from brinell.core.plan import Plan
from brinell.journal.store import FILE, UNREADABLE

PLAN_FILE = "plan.json"
_THIS_VERSION = b'{"v":%d,' % VERSION
_HEAD = re.compile(rb'"epoch":(\d+),"t_ns":(\d+),"data":\{"kind":"([a-z]+)"')
_KINDS = frozenset(kind.__name__.lower().encode() for kind in get_args(Record))
_LANDMARKS = (RunStarted, StepStarted, StepFinished, RunEnded, BaselineRead)
_decoder = msgspec.json.Decoder(Envelope)


class _Version(msgspec.Struct):
    v: int


class JournalEvidence:
    """Evidence from a run's folder. ``torn``: the last line was cut."""

    def __init__(self, folder: Path, plan: Plan, slo: dict[str, float]) -> None:
        self.run_id = folder.resolve().name
        self.plan = plan
        self.slo = slo
        self.baseline: dict[str, Any] | None = None
        self.torn = False
        self.run_state: str | None = None
        self.finished: dict[str, str] = {}
        self.busy_s = 0.0
        self._path = folder / FILE
        self._since: dict[str, int] = {}
        self._damaged: set[int] = set()
        self._survey()

    @property
    def damaged(self) -> int:
        """Other lines that can't be read, as far as they were looked at until now."""
        return len(self._damaged)

    def envelopes(self, *kinds: type[Record], source: str | None = None) -> Iterator[Envelope]:
        """Stream as ``core.evidence.Evidence`` says."""
        for envelope in self._decoded(kinds):
            if source in (None, envelope.source) and envelope.seq >= self._since.get(envelope.source, 0):
                yield envelope

    def attempts(self, *kinds: type[Record], source: str) -> Iterator[Envelope]:
        """Stream what attempts at a step wrote before its last one, oldest first: what ``envelopes`` leaves out."""
        for envelope in self._decoded(kinds):
            if source == envelope.source and envelope.seq < self._since.get(source, 0):
                yield envelope

    def _decoded(self, kinds: tuple[type[Record], ...]) -> Iterator[Envelope]:
        wanted = frozenset(kind.__name__.lower().encode() for kind in kinds)
        for line in self._lines():
            found = _HEAD.search(line, 0, 400)
            if not line.startswith(_THIS_VERSION) or (wanted and (found is None or found[3] not in wanted)):
                continue
            try:
                envelope = _decoder.decode(line)
            except UNREADABLE:
                self._damaged.add(hash(line))
                continue
            yield envelope

    def _lines(self) -> Iterator[bytes]:
        """Yield the whole lines; the torn end of the file is not one."""
        with self._path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line
                else:
                    self.torn = True

    def _survey(self) -> None:
        names = frozenset(kind.__name__.lower().encode() for kind in _LANDMARKS)
        spans: dict[int, tuple[int, int]] = {}
        for line in self._lines():
            found = _HEAD.search(line, 0, 400)
            if found is None or found[3] not in _KINDS or not line.startswith(_THIS_VERSION):
                self._unreadable(line)
                continue
            epoch, t_ns = int(found[1]), int(found[2])
            spans[epoch] = (spans.get(epoch, (t_ns, t_ns))[0], t_ns)
            if found[3] not in names:
                continue
            try:
                self._landmark(_decoder.decode(line))
            except UNREADABLE:
                self._unreadable(line)
        self.busy_s = sum(last - first for first, last in spans.values()) / 1e9

    def _landmark(self, envelope: Envelope) -> None:
        match envelope.data:
            case RunStarted(run_id=identity) if identity:
                self.run_id = identity
            case StepStarted(step=step):
                self._since[step] = envelope.seq
                self.finished.pop(step, None)
                self.run_state = None
            case StepFinished(step=step, state=state):
                self.finished[step] = state
            case RunEnded(state=state):
                self.run_state = state
            case BaselineRead(content=content):
                self.baseline = content

    def _unreadable(self, line: bytes) -> None:
        """Count a damaged line; a line of a newer version ends the reading with the fix."""
        try:
            version = msgspec.json.decode(line, type=_Version).v
        except UNREADABLE:
            self._damaged.add(hash(line))
            return
        if version > VERSION:
            raise UsageError(
                f"{self._path} was written by a newer Brinell (journal version {version}, this one reads {VERSION})",
                hint="upgrade Brinell to read this run",
            )
        self._damaged.add(hash(line))


def read(folder: Path, slo: dict[str, float] | None = None) -> JournalEvidence:
    """Open a run for reading. ``slo`` replaces the thresholds of every load scenario. UsageError if it is no run."""
    try:
        plan = msgspec.json.decode((folder / PLAN_FILE).read_bytes(), type=Plan)
        return JournalEvidence(folder, plan, slo or {})
    except PermissionError as error:
        raise UsageError(
            f"{error.filename or folder} cannot be read: {error.strerror}", hint="make it readable, as its owner"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{folder} is not a run: {error.strerror} ({PLAN_FILE}, {FILE})", hint="brinell runs"
        ) from None
    except UNREADABLE as error:
        raise UsageError(f"{folder / PLAN_FILE} cannot be read: {error}", hint="it is damaged, or newer") from None
