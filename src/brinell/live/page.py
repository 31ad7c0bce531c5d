"""What a browser is shown of a run: fed with the run's records and progress, drawn when somebody watches."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brinell.core.capacity_records import CapacityStarted, CapacityStep
from brinell.core.clock import Clock, SystemClock
from brinell.core.drill_records import DrillMark
from brinell.core.histogram import Histogram
from brinell.core.judgement import Judgement
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Envelope, Record, StepFinished, StepStarted, Vitals
from brinell.core.redact import one_line
from brinell.core.socket_course import SocketSeconds
from brinell.core.socket_records import SocketSecond
from brinell.core.socket_view import as_load
from brinell.core.timeline import Course, curve
from brinell.core.vitals_records import ProbeLook, VitalsDetail
from brinell.live.events import aim, told
from brinell.live.load_now import LoadNow
from brinell.live.page_server import PageServer
from brinell.live.searching import Searching
from brinell.live.searching import sentence as sentence_of
from brinell.reports import figures
from brinell.reports.live_page import RunNow, ScenarioNow, SearchNow, StepNow, fragment
from brinell.reports.load_figures import drawn
from brinell.reports.load_figures import told as told_columns
from brinell.reports.load_picture import Picture, end_of, limits, words_of
from brinell.reports.outline import sentence
from brinell.reports.outline_drills import spaced

_MOST_NOTES = 30
_MOST_MARKS = 100
_MOST_SHOWN = 2  # scenarios: what is drawn and sent every second must not grow with a plan
_MARGIN_S = 20.0  # after the schedule and its last time-out, so that columns need not widen
_SHARES = (0.5, 0.95, 0.99)


@dataclass
class _Step:
    name: str
    state: str = "waiting"
    text: str = ""
    share: float | None = None


class _Scenario:
    """A load scenario under way."""

    def __init__(self, started: LoadStarted, thresholds: Mapping[str, float]) -> None:
        self.started = started
        self._now = LoadNow(started)
        self._ended = False
        self._limits = limits({name: {"limit": limit} for name, limit in thresholds.items()})
        self._course = Course(started.start_ns, span_s=started.span_s + started.timeout_s + _MARGIN_S, fold=True)
        self._response, self._service = Histogram(), Histogram()
        self._sockets = SocketSeconds()
        self._marks: list[tuple[float, str]] = []

    def add(self, record: Record) -> None:
        self._now.add(record)
        if self.started.socket:
            if isinstance(record, SocketSecond):
                self._sockets.add(record)
            seen = as_load(record, self.started.socket)
            if seen is None:
                return
            record = seen
        match record:
            case LoadSlice():
                self._course.add(record)
                self._response.add_sparse(record.response, record.max_response_ns)
                self._service.add_sparse(record.service, record.max_service_ns)
            case GeneratorSecond() | Vitals() | VitalsDetail() | ProbeLook():
                self._course.add(record)
            case DrillMark(at_ns=at_ns, what=what) if len(self._marks) < _MOST_MARKS:
                self._marks.append(((at_ns - self.started.start_ns) / 1e9, what))
            case LoadEnded():
                self._ended = True

    def picture(self) -> Picture | None:
        """Return what its charts show: whole seconds, all of them once it has ended."""
        timeline = self._course.timeline(until_s=None if self._ended else self._course.told_by(self.started.workers))
        if timeline is None:
            return None
        span_s = self.started.span_s
        p50, p95, p99 = (None if ns is None else ns / 1e6 for ns in self._response.quantiles_ns(_SHARES))
        whole = {
            "p50_ms": figures.milliseconds(p50), "p95_ms": figures.milliseconds(p95),
            "p99_ms": figures.milliseconds(p99),
            "max_ms": figures.milliseconds(self._response.max_ns / 1e6 if self._response.count else None),
            **{f"errors.{kind}": figures.count(sum(counts)) for kind, counts in timeline.errors.items()},
        }  # fmt: skip
        until_s = max(span_s, end_of(timeline, span_s))
        return Picture(
            timeline,
            curve(self._response, self._service),
            self._limits,
            span_s,
            until_s,
            whole,
            words=words_of(self.started.socket),
            sockets=self._sockets.course(timeline) if self.started.socket else None,
            marks=tuple(spaced(self._marks, until_s)),
        )

    def numbers(self) -> list[tuple[str, str, str]]:
        """Return the numbers of this moment; there are none once it has ended."""
        return [] if self._ended else self._now.numbers()

    def sentence(self) -> str:
        return f"{self.started.model} model, {aim(self.started)} against {self.started.url}"


class RunPage:
    """``watch`` and ``show`` take what ``run.execute`` hands out; ``finish`` or ``close`` ends it. OSError: no port."""

    def __init__(
        self,
        name: str,
        steps: Sequence[str],
        *,
        thresholds: Mapping[str, Mapping[str, float]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._name = name
        self._clock = clock or SystemClock()
        self._began_ns = self._clock.now_ns()
        self._ended_ns: int | None = None
        self._lock = threading.Lock()
        self._steps = {step: _Step(step) for step in steps}
        self._thresholds = dict(thresholds or {})  # thresholds of load, by step
        self._scenarios: dict[str, _Scenario] = {}
        self._searches: dict[str, Searching] = {}
        self._notes: list[str] = []
        self._failures = 0
        self._judgement: Judgement | None = None
        self._report = ""
        self._server = PageServer(name, self.draw)
        self._closed = False

    @property
    def url(self) -> str:
        """Where it is to be seen."""
        return self._server.url

    def watch(self, envelope: Envelope) -> None:
        """Take a record."""
        with self._lock:
            record, step = envelope.data, self._steps.get(envelope.source)
            match record:
                case StepStarted() if step:
                    step.state = "running"
                case StepFinished(state=state, detail=detail) if step:
                    step.state, step.text, step.share = state, one_line(detail, 200), None
                case LoadStarted():
                    self._scenarios[envelope.source] = _Scenario(record, self._thresholds.get(envelope.source, {}))
                case CapacityStarted():
                    self._searches[envelope.source] = Searching(record)
                case CapacityStep() if envelope.source in self._searches:
                    self._searches[envelope.source].add(record)
                case _ if (scenario := self._scenarios.get(envelope.source)) is not None:
                    scenario.add(record)
            heard = told(envelope, self._failures)
            self._failures += heard.failed
            if heard.line and not (heard.begins or heard.ends or isinstance(record, LoadStarted)):
                self._notes = [*self._notes, heard.line][-_MOST_NOTES:]

    def show(self, step: str, done: float, total: float | None, text: str) -> None:
        """Take a step's progress."""
        with self._lock:
            one = self._steps.setdefault(step, _Step(step, "running"))
            one.share = min(1.0, max(0.0, done / total)) if total else None
            scenario = step in self._scenarios and step not in self._searches  # whose own words say more
            left = f"{figures.whole_seconds(max(0.0, total - done))} left" if scenario and total else ""
            one.text = left or one_line(text, 200)

    def finish(self, judgement: Judgement, place: str, report: str | None) -> None:
        """Show the verdict, hand the report (None: there is none) to pages that are open, and end."""
        with self._lock:
            self._judgement, self._report = judgement, place
        self.close(report)

    def close(self, report: str | None = None) -> None:
        """End. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._ended_ns = self._clock.now_ns()
            self._server.close(report)

    def draw(self) -> dict[str, Any]:
        """Return what is to be seen now, as ``live.js`` takes it."""
        with self._lock:
            shown = list(self._scenarios.values())[-_MOST_SHOWN:]
            pictures = [(one, one.picture(), one.numbers()) for one in shown]
            earlier = len(self._scenarios) - len(shown)
            steps = [StepNow(s.name, s.state, s.text, s.share) for s in self._steps.values()]
            searches = [one.capacity() for one in list(self._searches.values())[-_MOST_SHOWN:]]
            notes, judgement = list(self._notes), self._judgement
        word, clause = sentence(judgement) if judgement else ("", "")
        running = next((step.name for step in steps if step.state == "running"), "")
        run = RunNow(
            name=self._name,
            elapsed=f"{figures.whole_seconds(((self._ended_ns or self._clock.now_ns()) - self._began_ns) / 1e9)}",
            steps=steps,
            scenarios=[
                ScenarioNow(one.started.scenario, one.sentence(), numbers, drawn(found) if found else None)
                for one, found, numbers in pictures
            ],
            notes=notes,
            earlier=earlier,
            verdict=word,
            verdict_class=judgement.verdict.value if judgement else "",
            clause=clause,
            report=self._report,
            searches=[SearchNow(one, sentence_of(one)) for one in searches if one is not None],
        )
        return {
            "run": fragment(run),
            "loads": [told_columns(found) if found else {} for _, found, _ in pictures],
            "title": f"{word or running or 'starting'}: {one_line(self._name, 80)}",
        }
