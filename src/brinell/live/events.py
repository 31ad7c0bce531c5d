"""Records in one line each: what a person wants to hear about while a run happens."""

from __future__ import annotations

from typing import NamedTuple

from brinell.core.capacity_records import CapacityStep
from brinell.core.generator_records import Calibrated, GeneratorMeans
from brinell.core.load_records import LoadStarted
from brinell.core.observation import (
    Choice,
    CollectError,
    Envelope,
    RunEnded,
    SeenTest,
    ServiceEnded,
    ServiceStarted,
    StepFinished,
    StepStarted,
    SuiteStarted,
)
from brinell.core.redact import one_line
from brinell.core.socket_manners import HOSTILE
from brinell.core.socket_view import LIMIT
from brinell.reports.figures import rate, seconds

MOST_FAILURES = 10
_BAD = {"failed", "error"}
_EVEN = 1.001  # between the average and the highest of a rate that does not change


class Told(NamedTuple):
    """A line to show (empty: none), the step that begins or ends with it, and whether it is a failed test."""

    line: str = ""
    begins: str = ""
    ends: str = ""
    failed: bool = False


def told(envelope: Envelope, failures: int) -> Told:  # noqa: PLR0911 - one return per kind of record
    """Return what to say about a record. After ``MOST_FAILURES`` failed tests the others go unnamed."""
    match envelope.data:
        case StepStarted(step=step):
            return Told(begins=step, line=f"{one_line(step, 80)}: begun")
        case StepFinished(step=step, state=state, detail=detail):
            why = f": {one_line(detail, 160)}" if detail else ""
            return Told(ends=step, line=f"{one_line(step, 80)}: {state}{why}")
        case SeenTest(final=True, outcome=outcome, id=name) if outcome in _BAD:
            return _failure(f"{outcome} {one_line(name, 160)}", failures)
        case SeenTest(final=True, teardown_error=True, id=name):
            return _failure(f"error in teardown {one_line(name, 160)}", failures)
        case CollectError(nodeid=name):
            return _failure(f"not collected {one_line(name, 160)}", failures)
        case ServiceStarted(url=url, ready_s=ready_s):
            return Told(f"service ready at {one_line(url, 80)} after {seconds(ready_s)}")
        case ServiceEnded(asked=False) as ended:
            return Told(ended.unasked or _service_ended(ended.exit_status))
        case SuiteStarted(python=python, pytest=pytest, chosen_because=because):
            found = f"pytest {one_line(pytest, 20)} on Python {one_line(python, 20)}" if pytest else "pytest started"
            return Told(f"{found} ({one_line(because, 80)})" if because else found)
        case LoadStarted(scenario=scenario, url=url) as started:
            return Told(f"{one_line(scenario, 60)}: {aim(started)} against {one_line(url, 80)}")
        case Calibrated() | GeneratorMeans() | Choice() | CapacityStep() as record:
            return Told(_foreseen(record))
        case RunEnded(state="interrupted"):
            return Told("interrupted: what was measured is kept and judged")
        case _:
            return Told()


def aim(started: LoadStarted) -> str:
    """Say what is asked for: ``1,000/s for 30.0 s``; where the rate changes by plan, no average without the highest."""
    if started.socket == LIMIT:
        return "a limit of connections, one by one,"
    if started.socket == HOSTILE:
        return "bad manners, one by one,"
    asked, peak, span = started.target_rate, started.peak_rate, seconds(started.span_s)
    if started.session_rate is not None:
        return f"{rate(started.session_rate).removesuffix('/s')} sessions/s for {span}"
    if asked is None:
        return span
    if peak is not None and peak > asked * _EVEN:
        return f"up to {rate(peak)}, {rate(asked)} on average, for {span}"
    return f"{rate(asked)} for {span}"


def _foreseen(record: Calibrated | GeneratorMeans | Choice | CapacityStep) -> str:
    match record:
        case CapacityStep(number=number, level=level, verdict=verdict, why=why):
            return f"step {number}: {level:g} {one_line(verdict, 20)}{f' ({one_line(why, 100)})' if why else ''}"
        case GeneratorMeans(shortages=shortages) if shortages:
            return f"the generator may run out: {' '.join(shortages)}"
        case Calibrated(reach=float(most), asked=float(asked)) if asked > most:
            return f"the generator reaches {rate(most)} with a server that does nothing, not {rate(asked)}"
        case Choice(what=what, reason=reason):
            return f"{one_line(what, 120)}: {one_line(reason, 160)}"
        case _:
            return ""


def _service_ended(status: int | None) -> str:
    return "the service is gone" if status is None else f"the service ended by itself (status {status})"


def _failure(line: str, failures: int) -> Told:
    if failures < MOST_FAILURES:
        return Told(line, failed=True)
    return Told("further failures are in the report" if failures == MOST_FAILURES else "", failed=True)
