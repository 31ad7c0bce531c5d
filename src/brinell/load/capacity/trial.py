"""The trial of the breaking point: one step after the other, each a load scenario, as ``core.capacity_search`` says.

Every finished step is written down at once. An attempt that follows a killed one takes over the steps that were
finished, writes them down again as its own, and goes on at the next.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence
from itertools import count, takewhile

import msgspec

from brinell.core import outcomes
from brinell.core.capacity_records import CapacityEnded, CapacityStarted, CapacityStep
from brinell.core.capacity_search import (
    CONNECTIONS,
    GONE,
    INVALID,
    PROVING,
    RECEIVERS,
    Search,
    Stop,
    Tried,
    Try,
    ahead,
    bracket,
    next_step,
)
from brinell.core.capacity_words import REQUESTS, SESSIONS, counted, level_words, unit
from brinell.core.errors import SubjectError, UsageError
from brinell.core.generator_records import Calibrated
from brinell.core.load_records import LoadStarted
from brinell.core.observation import Choice, Record, Vitals
from brinell.core.plan import CapacitySpec
from brinell.core.redact import redact
from brinell.core.roles import Room
from brinell.core.sequential import BROKEN, HELD, Decision
from brinell.core.vitals_records import ProbeLook, ProbeSilent, StacksSeen, VitalsDetail
from brinell.load.capacity import telling
from brinell.load.capacity.bounds import PARTLY_OPEN, UNSETTLED, limits_of
from brinell.load.capacity.broadcast_seconds import seconds_for
from brinell.load.capacity.levels import least, level_spec
from brinell.load.capacity.step import Judge, StepRoom
from brinell.load.capacity.telling import Believe, Doubt, Numbers, Ruling
from brinell.load.trial import LoadTrial
from brinell.subject.targets import check_target

REST_S = 0.3  # between two steps
MOST_CONNECTIONS = 20_000
_MORE_CONNECTIONS = 4
_GONE = (outcomes.REFUSED, outcomes.UNREACHABLE, outcomes.RESET, outcomes.CLOSED)  # where it is worth a look
_TICK_S = 0.05
VITALS = (Vitals, VitalsDetail, ProbeLook, StacksSeen, ProbeSilent)


class CapacityTrial:
    """``[capacity]``. ``believe`` says of each step whether its generator can be believed."""

    def __init__(self, load: LoadTrial, believe: Believe) -> None:
        self._load = load
        self._believe = believe

    def run(self, room: Room) -> None:
        """Search until the answer is found or time is up. ``Interrupted`` passes through after the last record."""
        spec = room.step.spec
        if not isinstance(spec, CapacitySpec):
            raise TypeError(f"{room.step.id} is no search for the breaking point")
        _Hunt(room, spec, self._load, self._believe).run()


class _Hunt:
    """One search."""

    def __init__(self, room: Room, spec: CapacitySpec, load: LoadTrial, believe: Believe) -> None:
        self._room = room
        self._spec = spec
        self._load = load
        self._believe = believe
        try:
            self._limits = limits_of(spec.load.thresholds, spec.load)
        except ValueError as error:
            raise UsageError(f"[capacity] {spec.name}: thresholds: {error}") from None
        self._closed = spec.quantity == CONNECTIONS and spec.load.websocket is None
        self._of = counted(spec.load)
        self._search = search_of(spec)
        self._step_s = max(2, round(spec.step_s))
        self._warm_s = max(1, self._step_s // 10)
        self._calibrated: Calibrated | None = None
        self._calibrated_at = 0.0  # level
        self._steps: list[CapacityStep] = []

    def run(self) -> None:
        """Do what the search says until it stops."""
        room, spec = self._room, self._spec
        before = finished(room)
        room.emit(
            CapacityStarted(
                name=spec.name,
                quantity=spec.quantity,
                url=place(room, spec),
                limits=dict(spec.load.thresholds),
                stated=spec.stated,
                start=spec.start,
                limit=spec.limit,
                tolerance=spec.tolerance,
                step_s=float(self._step_s),
                budget_s=spec.budget_s,
                at_least=spec.at_least,
            )
        )
        for record in before:
            room.emit(record)
            if isinstance(record, CapacityStep):
                self._steps.append(record)
        while not isinstance(move := next_step(self._search, tried(self._steps)), Stop):
            room.emit(Choice(f"{spec.name}: step {len(self._steps) + 1}, {self._words(move.level)}", move.reason))
            try:
                step = self._step(move)
            except SubjectError as error:
                room.emit(CapacityEnded(GONE, redact(str(error))))
                raise
            room.emit(step)
            self._steps.append(step)
            if self._is_gone(step):
                room.emit(CapacityEnded(GONE, "nobody accepts connections there any more"))
                return
        room.emit(CapacityEnded(move.why))
        self._say(0.0, "")

    def _step(self, move: Try) -> CapacityStep:
        """Press with one level and return what came of it."""
        room, spec = self._room, self._spec
        began_ns = room.clock.now_ns()
        workers, connections = means(spec, self._steps)
        lasts_s = self._step_s * PROVING if move.whole else self._step_s
        load = level_spec(
            spec.load, spec.quantity, move.level, float(lasts_s), workers=workers, connections=connections
        )
        known = self._known(move.level, load.workers)
        if known is not None:
            load = msgspec.structs.replace(load, calibrate=False)
        book = seconds_for(load, self._limits)
        judge = Judge(
            book,
            rate=None if self._closed else float(load.shape["rate"]),
            warm_s=self._warm_s,
            least_s=lasts_s if move.long else self._step_s if move.whole else 0,
            lasts_s=lasts_s,
        )
        within = StepRoom(
            room,
            load,
            say=lambda done, before: self._say(done, self._so_far(move, judge, before)),
            hear=judge.hear,
            calibrated=known,
        )
        denied = self._press(within, judge)
        if self._calibrated is None:
            self._calibrated, self._calibrated_at = _calibration(within.records), move.level
        self._learn(within.records)
        decision = self._settled(judge.end())
        seen = telling.numbers(within.records, judge.judged, book, spec.load.timeout_s)
        if denied:
            ruling = Ruling(INVALID, denied, telling.WORKERS)  # each has descriptors of its own
        else:
            doubt = Doubt(*self._believe(within.records, spec.load.thresholds))
            quick_ns = _quick_ns(self._steps) if spec.load.websocket is None else None
            ruling = telling.rule(decision, seen, doubt, quick_ns)
        self._rest(seen if ruling.verdict != HELD else None)
        return CapacityStep(
            number=len(self._steps) + 1,
            level=move.level,
            reason=move.reason,
            verdict=ruling.verdict,
            why=ruling.why,
            lack=ruling.lack,
            decided=judge.decided,
            took_s=(room.clock.now_ns() - began_ns) / 1e9,
            workers=load.workers,
            connections=load.connections,
            of=self._of,
            **telling.told(
                within.records,
                self._limits,
                seen,
                judge.judged,
                offered=None if self._closed else float(load.shape["rate"]),
            ),
        )

    def _press(self, within: StepRoom, judge: Judge) -> str:
        """Run a level's scenario; return why it could not be, where lower ones could: descriptors, ports."""
        try:
            self._load.run(within, judge)
        except UsageError as error:
            if not self._steps or within.records:
                raise
            return str(error)
        return ""

    def _settled(self, decision: Decision) -> Decision:
        """Return a step's decision; where sessions did not come to their end that have at a lower level, it broke."""
        if decision.why != UNSETTLED:
            return decision
        if any(step.verdict == HELD for step in self._steps):
            return Decision(BROKEN, UNSETTLED)
        raise UsageError(
            f"[capacity] {self._spec.name}: {UNSETTLED} of {self._step_s} s",
            hint="a longer one, --step 60s or step_s = 60; or begin lower, --start or start",
        )

    def _learn(self, records: Sequence[Record]) -> None:
        """See whether it is sessions that fall due."""
        if any(isinstance(one, LoadStarted) and one.model == PARTLY_OPEN for one in records) and self._of == REQUESTS:
            self._of = SESSIONS

    def _known(self, level: float, workers: int) -> Calibrated | None:
        """Return the one calibration there is, as of this level."""
        if self._calibrated is None:
            return None
        by_request = not self._closed and self._of == REQUESTS
        times = level / self._calibrated_at if self._spec.quantity == RECEIVERS else 1.0  # a message costs each of them
        known = costing(self._calibrated, times)
        return msgspec.structs.replace(known, asked=level if by_request else None, workers=workers)

    def _rest(self, seen: Numbers | None) -> None:
        """Let the subject come back: after what it did not keep up with, as long as its answers took at the end."""
        longest = 0 if seen is None else seen.longest_ns
        rest_ns = int(REST_S * 1e9) + min(longest, int(self._spec.load.timeout_s * 1e9))
        until = self._room.clock.now_ns() + rest_ns
        while (left := until - self._room.clock.now_ns()) > 0:
            self._room.tick()
            self._room.clock.sleep(min(_TICK_S, left / 1e9))

    def _is_gone(self, step: CapacityStep) -> bool:
        """Whether a subject that is not ours accepts no connections any more. One of ours is started again."""
        url = self._spec.load.url
        if url is None or step.verdict != BROKEN or not any(kind in step.errors for kind in _GONE):
            return False
        target = check_target(url, self._room.plan.allow_targets)
        for address in target.addresses:
            with contextlib.suppress(OSError), socket.create_connection((address, target.port), timeout=1.0):
                return False
        return True

    # --- words ------------------------------------------------------------------------------------------------------

    def _words(self, level: float) -> str:
        return level_words(level, unit(self._spec.quantity, self._of))

    def _so_far(self, move: Try, judge: Judge, before: str) -> str:
        leaning = f", {before}" if before else f", {judge.leaning} so far" if judge.leaning else ""
        return f"step {len(self._steps) + 1}, {self._words(move.level)}{leaning}"

    def _say(self, done_s: float, now: str) -> None:
        spent = sum(step.took_s for step in self._steps)
        found = bracket(tried(self._steps))
        parts = [now] if now else []
        parts += [f"{found.low:g} held"] if found.low else []
        parts += [f"{found.high:g} broke"] if found.high is not None else []
        left = max(0.0, self._spec.budget_s - spent - done_s)
        parts.append(f"at most {left:.0f} s left")
        self._room.progress(spent + done_s, self._total_s(spent, done_s), "; ".join(parts))

    def _total_s(self, spent: float, done_s: float) -> float:
        """Return about how long the search will have taken; while nothing bounds it, its budget."""
        left = ahead(self._search, tried(self._steps))
        if left is None:
            return max(self._spec.budget_s, spent + done_s)
        mean = spent / max(1, len(self._steps))
        expected = spent + left[0] * mean + left[1] * (self._step_s + REST_S + 1.0)
        return max(spent + done_s, min(expected, self._spec.budget_s))


def search_of(spec: CapacitySpec) -> Search:
    """Return what is searched for, by the plan."""
    return Search(
        quantity=spec.quantity,
        start=spec.start,
        limit=spec.limit,
        tolerance=spec.tolerance,
        budget_s=spec.budget_s,
        least=least(spec.load, spec.quantity),
        at_least=spec.at_least,
    )


def place(room: Room, spec: CapacitySpec) -> str:
    """Return what is pressed on, as it may be written down."""
    load = spec.load
    if load.cache is not None:
        return f"cache:{redact(load.cache.target)}"
    return f"call:{load.call}" if load.call else redact(load.url or room.service().url)


def tried(steps: Sequence[CapacityStep]) -> list[Tried]:
    """Return finished steps as the search knows them."""
    return [Tried(step.level, step.verdict, step.took_s) for step in steps]


def finished(room: Room) -> list[Record]:
    """Return the steps that earlier attempts at this search finished, in order, each once, and the vitals of each."""
    found: dict[int, list[Record]] = {}
    vitals: list[Record] = []  # of the step that is not over yet
    for envelope in room.history(CapacityStarted, CapacityStep, *VITALS, source=room.step.id):
        match envelope.data:
            case CapacityStep() as step:
                found[step.number] = [*vitals, step]
                vitals = []
            case CapacityStarted():
                vitals = []
            case other:
                vitals.append(other)
    whole = takewhile(lambda number: number in found, count(1))
    return [record for number in whole for record in found[number]]


def means(spec: CapacitySpec, steps: Sequence[CapacityStep]) -> tuple[int, int]:
    """Return the workers and connections of the next step: the plan's, and more after a step that lacked them."""
    workers, connections = spec.load.workers, spec.load.connections
    for step in steps:
        if step.verdict != INVALID:
            continue
        if step.lack == telling.CONNECTIONS:
            connections = min(connections * _MORE_CONNECTIONS, max(connections, MOST_CONNECTIONS))
        elif step.lack == telling.WORKERS:
            workers = max(workers, min(workers * 2, os.cpu_count() or 1, connections))
    return workers, connections


def costing(calibrated: Calibrated, times: float) -> Calibrated:
    """Return a calibration as it would be were each message so many times as much work: heard by more receivers."""
    return msgspec.structs.replace(calibrated, most_rate=calibrated.most_rate / times, cpu_ns=calibrated.cpu_ns * times)


def _quick_ns(steps: Sequence[CapacityStep]) -> int | None:
    """Return the shortest median service time of a step that held; None before there was one."""
    held = [step.service_p50_ns for step in steps if step.verdict == HELD and step.service_p50_ns is not None]
    return min(held, default=None)


def _calibration(records: Sequence[Record]) -> Calibrated | None:
    return next((one for one in records if isinstance(one, Calibrated)), None)
