"""Did the tests pass? One required finding per suite step; what only advises (retries, differing repeats) apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brinell.checks.suite_facts import Seen, Session, Suite, suites
from brinell.core.evidence import Evidence
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.observation import SuiteEnded
from brinell.core.redact import one_line
from brinell.core.verdicts import Reason, Verdict

CHECK = "suite-outcomes"
_MOST_NAMED = 10
_MOST_CITED = 50
_PYTEST_INTERRUPTED, _INTERNAL, _USAGE, _NO_TESTS = 2, 3, 4, 5  # pytest.ExitCode


def suite_outcomes(evidence: Evidence) -> Part:
    """Judge outcomes, the trust in our own record, reruns and differing repeats of every suite."""
    findings: list[Finding] = []
    for suite in suites(evidence):
        findings.append(_outcomes(suite))
        findings += filter(None, (_record(suite), _retries(suite), _differing(suite)))
    return Part(findings=tuple(findings))


def _outcomes(suite: Suite) -> Finding:
    worst = suite.worst()
    failed = [test for test in worst.values() if test.failed]
    broken = _each(_broken(session, asked=_asked(suite, session)) for session in suite.sessions)
    stopped = _each(_stopped(session, asked=_asked(suite, session)) for session in suite.sessions)
    nothing = _each(_nothing(session) for session in suite.sessions)
    if failed or broken:
        title = f"{len(failed):,} of {len(worst):,} tests failed" if failed else broken[0].split("\n")[0]
        lines = _beyond(title, [*broken, *stopped, *_named(failed)])
        return _finding(suite, Verdict.FAIL, title, lines, tests=failed)
    if nothing:
        title = nothing[0].split("\n")[0]
        return _finding(suite, Verdict.UNKNOWN, title, _beyond(title, nothing), reason=Reason.NOT_EXERCISED)
    if stopped:
        title = f"no failure in {_tests(len(worst))}, but not all of them ran to their end"
        return _finding(suite, Verdict.UNKNOWN, title, stopped, reason=Reason.INCONCLUSIVE)
    repeats = f" in each of {len(suite.sessions)} runs" if len(suite.sessions) > 1 else ""
    return _finding(suite, Verdict.PASS, _tally(worst.values()) + repeats, [])


def _asked(suite: Suite, session: Session) -> bool:
    """Whether the user stopped this session: how its process ended then says nothing."""
    return suite.state == "interrupted" and session is suite.sessions[-1]


def _broken(session: Session, *, asked: bool) -> str:
    """Say what is wrong with the session itself, beyond its tests; empty where nothing is."""
    ended = session.ended
    if ended is None or asked or ended.exit_status is None:
        return ""
    status, said = ended.exit_status, ""
    if ended.timed_out:
        return f"the suite was stopped after {ended.seconds:.0f} s, its time limit{_where(ended)}"
    if ended.signal:
        said = f"the interpreter was killed by {ended.signal}{_where(ended)}"
    elif status == _INTERNAL:
        said = "pytest failed with an internal error (exit 3)"
    elif ended.summary is None and status != _USAGE:
        said = f"the interpreter ended with status {status} before pytest could report{_where(ended)}"
    elif status > _NO_TESTS:
        said = f"pytest ended with status {status}"
    elif status == 1 and not any(test.failed for test in session.tests.values()):
        said = "pytest exits with 1 although no test failed: a plugin's limit, such as coverage"
    return said and said + _tail(ended)


def _stopped(session: Session, *, asked: bool) -> str:
    """Say why the session is no whole one; empty where it is."""
    ended = session.ended
    left = f"{session.missing:,} selected tests did not run" if session.missing else ""
    why = ""
    if ended is None:
        why = "the run was cut off: the tool was killed"
    elif asked:
        why = f"the run was interrupted{_where(ended)}"
    elif ended.exit_status is None:
        why = "the recording ends before pytest does"
    elif ended.exit_status == _PYTEST_INTERRUPTED:
        why = f"the session was stopped from inside: {ended.stopped_by or 'interrupted'}"
    return "; ".join(filter(None, (why, left)))


def _nothing(session: Session) -> str:
    """Say why the session proved nothing; empty where any test was executed, or where it was stopped."""
    ended = session.ended
    if ended is None or ended.exit_status not in (0, 1, _USAGE, _NO_TESTS):
        return ""
    if ended.exit_status == _USAGE:
        return f"pytest refused its arguments or its configuration (exit 4){_tail(ended)}"
    if ended.exit_status == _NO_TESTS:
        left_out = f" ({session.deselected:,} deselected)" if session.deselected else ""
        return f"pytest collected no tests{left_out}"
    if not session.ran:
        return "no test ran"
    if all(test.outcome == "skipped" for test in session.tests.values()):
        return f"all {len(session.tests):,} tests were skipped"
    return ""


def _record(suite: Suite) -> Finding | None:
    """Our own record, doubted: where it is not what pytest printed, no other number here is to be trusted."""
    wrong = _each(session.disagreement for session in suite.sessions)
    lost = sum(session.ended.malformed for session in suite.sessions if session.ended)
    errors = [error for session in suite.sessions if session.ended for error in session.ended.recorder_errors]
    if not (wrong or lost or errors):
        return None
    detail = [f"counts differ: {text}" for text in wrong]
    detail += [f"{lost:,} lines of the record could not be read"] if lost else []
    detail += [f"the recorder failed: {error}" for error in errors[:_MOST_NAMED]]
    title = "the recorder and pytest disagree" if wrong else "the record of the suite may be incomplete"
    return Finding(
        id=f"{suite.step.id}.record",
        check=CHECK,
        required=bool(wrong),
        verdict=Verdict.UNKNOWN,
        reason=Reason.INVALID,
        title=title,
        detail="\n".join(detail),
        evidence=_cited(suite, []),
    )


def _retries(suite: Suite) -> Finding | None:
    retried = [test for test in suite.worst().values() if test.reruns and not test.failed]
    if not retried:
        return None
    return Finding(
        id=f"{suite.step.id}.retries",
        check=CHECK,
        required=False,
        verdict=Verdict.UNKNOWN,
        reason=Reason.INCONCLUSIVE,
        title=f"{_tests(len(retried))} passed only when run again",
        detail="\n".join(
            [
                *_named(retried),
                "A rerun in the same process cannot tell a flaky test from a bug that the first try hid.",
            ]
        ),
        evidence=_cited(suite, retried),
    )


def _differing(suite: Suite) -> Finding | None:
    differing = suite.differing()
    if not differing:
        return None
    lines = [f"{one_line(name)}: {', '.join(outcomes)}" for name, outcomes in list(differing.items())[:_MOST_NAMED]]
    worst = suite.worst()
    return Finding(
        id=f"{suite.step.id}.repeats",
        check=CHECK,
        required=False,
        verdict=Verdict.FAIL,
        title=f"{_tests(len(differing))} did not end the same way in {len(suite.sessions)} runs",
        detail="\n".join(lines + _more(len(differing))),
        evidence=_cited(suite, [worst[name] for name in differing]),
    )


def _finding(
    suite: Suite,
    verdict: Verdict,
    title: str,
    lines: Iterable[str],
    *,
    reason: Reason | None = None,
    tests: Sequence[Seen] = (),
) -> Finding:
    return Finding(
        id=f"{suite.step.id}.outcomes",
        check=CHECK,
        required=True,
        verdict=verdict,
        reason=reason,
        title=title,
        detail="\n".join(lines),
        evidence=_cited(suite, tests),
    )


def _each(said: Iterable[str]) -> list[str]:
    """Return what was said, without silence and repetition."""
    return list(dict.fromkeys(filter(None, said)))


def _beyond(title: str, said: Sequence[str]) -> list[str]:
    """Return the lines of what was said without the first one where it is the title."""
    lines = "\n".join(said).split("\n")
    return lines[1:] if lines[0] == title else lines


def _named(tests: Sequence[Seen]) -> list[str]:
    lines = []
    for test in tests[:_MOST_NAMED]:
        word = f"{test.outcome}, then error in teardown" if test.teardown_error else test.outcome
        lines.append(f"{word}: {one_line(test.id)}")
    return lines + _more(len(tests))


def _more(number: int) -> list[str]:
    return [f"and {number - _MOST_NAMED:,} more"] if number > _MOST_NAMED else []


def _tests(number: int) -> str:
    return f"{number:,} test" if number == 1 else f"{number:,} tests"


def _tally(tests: Iterable[Seen]) -> str:
    words = [test.outcome for test in tests]
    order = ("passed", "xpassed", "xfailed", "skipped")
    return ", ".join(f"{words.count(word):,} {word}" for word in order if word in words)


def _where(ended: SuiteEnded) -> str:
    if not ended.running:
        return ""
    more = f" and {len(ended.running) - 3} more" if len(ended.running) > 3 else ""
    return f" while running {', '.join(map(one_line, ended.running[:3]))}{more}"


def _tail(ended: SuiteEnded) -> str:
    lines = ended.internal_error.splitlines()[-_MOST_NAMED:] or ended.stderr_tail[-_MOST_NAMED:]
    return "".join(f"\n    {line}" for line in lines)


def _cited(suite: Suite, tests: Sequence[Seen]) -> tuple[str, ...]:
    cited = [test.observation for test in tests[:_MOST_CITED]]
    return tuple(cited or [session.at for session in suite.sessions if session.at])
