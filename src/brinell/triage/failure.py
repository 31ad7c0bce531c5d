"""One failure as triage sees it, read from the records of a suite step: a test, a module that could not be collected,
or the pytest process itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from brinell.core.evidence import observation_id
from brinell.core.observation import (
    Collected,
    CollectError,
    Envelope,
    Further,
    Raised,
    SeenTest,
    StepFinished,
    SuiteEnded,
    SuiteStarted,
)
from brinell.core.redact import one_line
from brinell.triage.chains import TRACEBACK

_WHOLE_REPORTS = 500  # of this many failures the long texts are kept; beyond that, what grouping needs
_FINE = frozenset({None, 0, 5})  # not known, passed, none collected: nothing is wrong with the process
_PHASES = {3: "internal", 4: "usage"}  # pytest's exit codes; anything else is "exit"


def without_parameters(identity: str) -> str:
    """Return a test id without its parameters. Both the path and the parameters may hold brackets and colons."""
    path, separator, rest = identity.partition("::")
    return f"{path}{separator}{rest.split('[', maxsplit=1)[0]}"


@dataclass(frozen=True)
class Failure:
    """``test`` is a test id, the id of what could not be collected, or empty where the process itself failed.

    ``kind`` is ``test``, ``collection`` or ``process``; ``phase`` is setup, call, teardown, crash, collection, or how
    the process ended (``signal``, ``timeout``, ``usage``, ``internal``, ``exit``).
    """

    test: str
    kind: str
    phase: str
    path: str
    evidence: str
    chain: tuple[Raised, ...] = ()
    fixture: str | None = None
    longrepr: str = ""
    sections: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    further: tuple[Further, ...] = ()
    further_left_out: int = 0

    @property
    def function(self) -> str:
        """The test's function with its file and class, without the parameters: ``tests/test_a.py::TestB::test_c``."""
        return without_parameters(self.test)


@dataclass
class Observed:
    """What a suite step wrote, as far as bugs go. ``tests`` counts the distinct tests that ran."""

    started: SuiteStarted | None = None
    failures: list[Failure] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    tests: int = 0
    collected: int = 0
    stopped: bool = False  # the user asked for the end: what it looks like is nobody's failure


def observe(envelopes: Iterable[Envelope]) -> Observed:
    """Read a suite step's records, in any order. A test that failed in several repeats counts once, with its first."""
    seen = Observed()
    tests: dict[str, int] = {}
    failed: dict[str, tuple[int, int, Failure]] = {}
    ended: list[Envelope] = []
    for envelope in envelopes:
        match envelope.data:
            case SuiteStarted() as started:
                seen.started = started if seen.started is None or started.rootdir else seen.started
            case Collected(count=count):
                seen.collected = max(seen.collected, count)
            case SeenTest(final=True) as test:
                tests[test.id] = tests.get(test.id, 0) + 1
                if _is_test_code(test.id):
                    seen.paths.add(test.id.split("::", maxsplit=1)[0])
                if _failed(test):
                    _keep(failed, test.repeat, envelope.seq, _of_test(test, envelope))
            case CollectError() as error:
                if error.nodeid.endswith(".py") and _is_test_code(error.nodeid):
                    seen.paths.add(error.nodeid)
                _keep(failed, error.repeat, envelope.seq, _of_collection(error, envelope))
            case SuiteEnded():
                ended.append(envelope)
            case StepFinished(state="interrupted"):
                seen.stopped = True
    seen.tests = len(tests)
    seen.failures = sorted((entry[2] for entry in failed.values()), key=lambda failure: failure.test)
    if not seen.stopped:
        seen.failures += _of_processes(ended, explained=bool(seen.failures))
    return seen


def _is_test_code(identity: str) -> bool:
    """Whether the file of a test id holds tests: doctests and linters make items of product files, too."""
    parts = without_parameters(identity).split("::")
    return "test" in parts[0].rsplit("/", maxsplit=1)[-1].lower() or parts[-1].lower().startswith("test")


def _failed(test: SeenTest) -> bool:
    return test.outcome in {"failed", "error"} or test.teardown_error


def _keep(failed: dict[str, tuple[int, int, Failure]], repeat: int, seq: int, failure: Failure) -> None:
    """Keep the first failure of a test; the long texts of the many are dropped, they would fill the memory."""
    before = failed.get(failure.test)
    if before is not None and before[:2] <= (repeat, seq):
        return
    if len(failed) >= _WHOLE_REPORTS:
        telling = {title: text for title, text in failure.sections.items() if TRACEBACK in text}
        left_out = failure.further_left_out + len(failure.further)
        failure = replace(
            failure, longrepr=failure.longrepr[-1000:], sections=telling, further=(), further_left_out=left_out
        )
    failed[failure.test] = (repeat, seq, failure)


def _of_test(test: SeenTest, envelope: Envelope) -> Failure:
    phase = test.failed_phase or ("teardown" if test.teardown_error else "setup" if test.outcome == "error" else "call")
    return Failure(
        test=test.id,
        kind="test",
        phase=phase,
        path=test.path or test.id.split("::", maxsplit=1)[0],
        evidence=observation_id(envelope),
        chain=test.chain,
        fixture=test.fixture,
        longrepr=test.longrepr,
        sections=test.sections,
        reason=test.reason,
        further=test.further,
        further_left_out=test.further_left_out,
    )


def _of_collection(error: CollectError, envelope: Envelope) -> Failure:
    return Failure(
        test=error.nodeid,
        kind="collection",
        phase="collection",
        path=error.nodeid.split("::", maxsplit=1)[0],
        evidence=observation_id(envelope),
        chain=error.chain,
        longrepr=error.longrepr,
    )


def _of_processes(ended: list[Envelope], *, explained: bool) -> Iterator[Failure]:
    """The first process that failed in a way that no test and no collection error accounts for."""
    for envelope in ended:
        end = envelope.data
        if not isinstance(end, SuiteEnded):  # pragma: no cover - narrowing for the type checker
            continue
        phase = _how_it_ended(end, explained=explained)
        if phase:
            yield Failure(
                test=end.running[0] if end.running else "",
                kind="process",
                phase=phase,
                path=end.running[0].split("::", maxsplit=1)[0] if end.running else "",
                evidence=observation_id(envelope),
                longrepr=end.internal_error or "\n".join(end.stderr_tail),
                reason=_words(end, phase),
            )
            return


def _how_it_ended(end: SuiteEnded, *, explained: bool) -> str | None:
    """Return the phase of a process failure, None where the process ended as its tests did."""
    if end.timed_out:
        return "timeout"
    if end.signal or (end.exit_status is not None and end.exit_status < 0):
        return "signal"
    if end.running and end.summary is None:
        return "exit"  # os._exit inside a test, whatever status it chose: pytest never came to its end
    if end.exit_status in {1, 2, 4} and explained:
        return None
    return None if end.exit_status in _FINE else _PHASES.get(end.exit_status or 0, "exit")


def _words(end: SuiteEnded, phase: str) -> str:
    if phase == "timeout":
        return f"did not end within its time and was ended after {end.seconds:.0f} s"
    if phase == "signal":
        return f"was killed by {end.signal or f'signal {-(end.exit_status or 0)}'}"
    by = f" ({one_line(end.stopped_by, 120)})" if end.stopped_by else ""
    return f"ended with exit status {end.exit_status}{by}"
