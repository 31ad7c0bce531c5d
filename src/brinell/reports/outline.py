"""What every report says and in which order: the verdict first, then what failed, then what could not be decided.
Words and order live here so that the terminal, Markdown and HTML never disagree.
"""

from __future__ import annotations

from collections.abc import Iterable

from brinell.core.cache_judgement import Cache
from brinell.core.finding import Finding
from brinell.core.judgement import Bug, Judgement, Load, SuiteReport, TestEntry
from brinell.core.verdicts import Exit, Reason, Severity, Verdict
from brinell.reports.figures import count, exact, plural, rate, seconds

SEVERITIES = tuple(Severity)
WORD = {Verdict.FAIL: "NOT READY", Verdict.UNKNOWN: "NOT PROVED", Verdict.PASS: "READY"}
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
OUTCOMES = ("failed", "error", "passed", "skipped", "xfailed", "xpassed")
ADVICE = {
    Reason.INVALID: "The generator or this machine was the limit: use more workers, a lower rate or a quieter machine.",
    Reason.INCONCLUSIVE: "Too little evidence: run longer or more often, after what the detail says stood in the way.",
    Reason.NOT_EXERCISED: "It never ran: check that the run reached it.",
    Reason.UNSUPPORTED: "This host can't do it: `brinell doctor` says what would enable it.",
    Reason.CRASHED: "The check itself failed: this is a bug in Brinell, please report it.",
}


def chosen(judgement: Judgement, verdict: Verdict, *, required: bool) -> list[Finding]:
    """Return the findings of one verdict, required or advisory; severe first, otherwise in the judgement's order."""
    found = [f for f in judgement.findings if f.verdict is verdict and f.required is required]
    return sorted(found, key=lambda f: f.severity or "P9")


def sentence(judgement: Judgement) -> tuple[str, str]:
    """Return the verdict as a word (``NOT READY``) and the clause that follows it."""
    required = [f for f in judgement.findings if f.required]
    total = plural(len(required), "required finding")
    one = len(required) == 1
    failed = sum(f.verdict is Verdict.FAIL for f in required)
    unknown = sum(f.verdict is Verdict.UNKNOWN for f in required)
    if judgement.verdict is Verdict.FAIL:
        clause = "the one required finding failed" if one else f"{failed} of {total} failed"
        if judgement.run.exit_code == Exit.INFRASTRUCTURE:
            clause += f", {'owned' if one else 'each of them owned'} by the test infrastructure"
    elif judgement.verdict is Verdict.UNKNOWN:
        undecided = f"{'the one required finding' if one else f'{unknown} of {total}'} could not be decided"
        clause = undecided if unknown else "nothing was required, so nothing was proved"
    else:
        clause = "the one required finding passed" if one else f"all {total} passed"
    return WORD[judgement.verdict], clause + _bugs_clause(judgement) + _state_clause(judgement)


def _bugs_clause(judgement: Judgement) -> str:
    """Count the bugs by severity: ``; 2 P0 bugs``, ``; 3 bugs: 2 P0, 1 P2``."""
    parts = [(severity, number) for severity, number in severity_counts(judgement.bugs).items() if number]
    if not parts:
        return ""
    if len(parts) == 1:
        return f"; {plural(parts[0][1], f'{parts[0][0]} bug')}"
    return f"; {len(judgement.bugs):,} bugs: {', '.join(f'{number:,} {severity}' for severity, number in parts)}"


def _state_clause(judgement: Judgement) -> str:
    """Say that the run did not end by itself, if so."""
    if judgement.run.state == "complete":
        return ""
    steps = judgement.run.steps
    done = sum(state == "done" for state in steps.values())
    reached = f" after {done} of {plural(len(steps), 'step')}" if steps else ""
    words = {"torn": "the run was killed", "interrupted": "the run was interrupted", "failed": "the run failed"}
    return f"; {words.get(judgement.run.state, judgement.run.state)}{reached}"


def severity_counts(bugs: Iterable[Bug]) -> dict[Severity, int]:
    """Count the bugs of every severity, P0 first, zeros included."""
    tally = dict.fromkeys(SEVERITIES, 0)
    for bug in bugs:
        tally[bug.severity] += 1
    return tally


def bugs_in_order(judgement: Judgement) -> list[Bug]:
    """Return the bugs most urgent first; those of one severity keep the judge's order (the product's own first)."""
    return sorted(judgement.bugs, key=lambda bug: bug.severity)


def bug_of_test(judgement: Judgement) -> dict[str, Bug]:
    """Map every failing test to its bug (the most urgent one, should a test be in several)."""
    found: dict[str, Bug] = {}
    for bug in bugs_in_order(judgement):
        for test in bug.tests:
            found.setdefault(test, bug)
    return found


def tests_of(judgement: Judgement) -> tuple[TestEntry, ...]:
    """Return the tests of the suite; none where no suite ran."""
    return judgement.suite.tests if judgement.suite else ()


def shown_outcome(test: TestEntry) -> str:
    """Return the outcome a list of tests shows: one that passed and whose teardown failed is no passed test."""
    return "error" if test.teardown_error and test.outcome not in {"failed", "error"} else test.outcome


def location(bug: Bug) -> str:
    """Return a bug's first suspect with the size of its tie: ``src/shop/orders.py:88 reserve, tied with 2 others``."""
    if not bug.suspects:
        return ""
    first = bug.suspects[0]
    lines = f":{','.join(map(str, first.lines[:5]))}" if first.lines else ""
    tied = f", tied with {plural(first.tied, 'other')}" if first.tied else ""
    return f"{first.file}{lines} {first.function}{tied}".strip()


def workers(suite: SuiteReport) -> str:
    """Say what shared the tests: ``2 xdist workers``, ``2 forked workers``; empty for one process."""
    kinds = ((suite.xdist_workers, "xdist worker"), (suite.workers, "forked worker"))
    return " and ".join(plural(number, kind) for number, kind in kinds if number)


def speed_up(suite: SuiteReport) -> str:
    """Say what the workers gained: ``1.83 times as fast: 12.0 s instead of 22.0 s``; empty where it is not known."""
    if suite.parallel_speedup is None:
        return ""
    times = f"{exact(round(suite.parallel_speedup, 2))} times as fast"
    return f"{times}: {seconds(suite.parallel_seconds)} instead of {seconds(suite.serial_seconds)}"


def rates(load: Load) -> str:
    """Say what was answered of what was asked for and what was sent, all within the schedule: ``990/s of 1,000/s asked
    for, 998/s sent``. In a closed model nothing is asked for, and what is sent follows what is answered.
    """
    told = rate(load.achieved_rate)
    if load.target_rate is not None:
        varies = load.peak_rate is not None and load.peak_rate > load.target_rate * 1.001
        told += f" of {rate(load.target_rate)} asked for"
        told += f" on average, {rate(load.peak_rate)} at most" if varies else ""
        told += f", {rate(load.sent_rate)} sent" if load.sent_rate is not None else ""
    if load.sessions is not None:
        asked = f" of {rate(load.sessions.rate)} asked for" if load.sessions.rate is not None else ""
        cut = load.sessions.begun - load.sessions.completed - load.sessions.aborted
        told += f"; {count(load.sessions.begun)} sessions{asked}: {count(load.sessions.completed)} completed"
        told += f", {count(load.sessions.aborted)} aborted" if load.sessions.aborted else ""
        told += f", {count(cut)} cut off at the end" if cut else ""
    return told


def thresholds(load: Load | Cache) -> list[tuple[str, str, str, Verdict]]:
    """Return a scenario's thresholds: name, observed value, limit, verdict; failed first."""
    rows = []
    for name, row in load.thresholds.items():
        verdict = _VERDICTS.get(str(row.get("verdict")), Verdict.UNKNOWN)
        rows.append((name, _value(name, row.get("observed")), _value(name, row.get("limit")), verdict))
    order = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)
    return sorted(rows, key=lambda row: order.index(row[3]))


def _value(name: str, value: object) -> str:
    """Bytes are whole numbers, however many: six digits of them would be ``8.38861e+06``."""
    return f"{value:,.0f}" if name.endswith("_bytes") and isinstance(value, int | float) else exact(value)


def errors(load: Load) -> list[tuple[str, int]]:
    """Return a scenario's errors by kind, most first; a status in the place of its kind: ``status 503``."""
    rows = dict(load.errors)
    if load.statuses and sum(load.statuses.values()) == rows.get("status"):
        del rows["status"]
        rows |= {f"status {code}": number for code, number in load.statuses.items()}
    return sorted(rows.items(), key=lambda row: (-row[1], row[0]))


def error_when(load: Load, kind: str) -> str:
    """Say when errors of a kind ended, in seconds from the start: ``at 3 s``, ``3 to 29 s``; empty where not told."""
    first, last = load.error_seconds.get(kind, (None, None))
    if first is None:
        return ""
    return f"at {count(first)} s" if first == last else f"{count(first)} to {count(last)} s"


def error_texts(load: Load) -> list[tuple[str, str, int, str]]:
    """Return what a scenario's failed requests said, most frequent first: kind, text, how many, when."""
    return [(one.kind, one.text, one.count, _when(one.first_s, one.last_s)) for one in load.error_texts]


def _when(first_s: float, last_s: float) -> str:
    first, last = f"{first_s:.1f}", f"{last_s:.1f}"
    return f"at {first} s" if first == last else f"{first} to {last} s"


def segments(line: str) -> list[tuple[bool, str]]:
    """Split at backticks into (is it code, text); a line whose backticks are not paired is all text."""
    pieces = line.split("`")
    if len(pieces) % 2 == 0:
        return [(False, line)]
    return [(number % 2 == 1, piece) for number, piece in enumerate(pieces) if piece]
