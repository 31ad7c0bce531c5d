"""Which tests may not run side by side: what forked workers gave otherwise than a serial run. Advisory.

A difference is told as it was seen. Each test was run again once, so what looks like company may be chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from brinell.checks.suite_facts import FAILURES, Suite, suites
from brinell.checks.trust_lines import MOST_CITED, MOST_NAMED, counted, more
from brinell.core.evidence import Evidence, observation_id
from brinell.core.examination import ParallelOnly
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.redact import one_line
from brinell.core.verdicts import Verdict

CHECK = "parallel"
_MOST_NEIGHBOURS = 5
_UNSAFE, _HIDDEN, _OTHERWISE = range(3)  # the order in which they are told
_TITLES = {
    _UNSAFE: ("fails on forked workers and not", "fail on forked workers and not"),
    _HIDDEN: ("fails not on forked workers but", "fail not on forked workers but"),
    _OTHERWISE: ("ends otherwise on forked workers than", "end otherwise on forked workers than"),
}
_SERIALLY = "when run as a serial pytest reaches"
_RECORDED = "The serial outcome is the one that is recorded."
_CHANCE = "Each was run again once, so it may be chance: brinell isolate TEST tries a test often."
_BLIND = (
    "What a parallel run cannot show: a test that an earlier one spoils passes where that one ran on another worker.",
    "Only tests that happened to overlap were tried beside each other.",
    "brinell suite without --workers keeps the order; --deep looks for tests that spoil others.",
)


def parallel(evidence: Evidence) -> Part:
    """Judge every suite that ran on forked workers; of any other there is nothing to say."""
    found = (_judged(suite, evidence) for suite in suites(evidence))
    return Part(findings=tuple(filter(None, found)))


def _judged(suite: Suite, evidence: Evidence) -> Finding | None:
    differing: dict[str, list[ParallelOnly]] = {}
    cited = []
    for envelope in evidence.envelopes(ParallelOnly, source=suite.step.id):
        match envelope.data:
            case ParallelOnly() as record:
                cited.append(observation_id(envelope))
                differing.setdefault(record.test, []).append(record)
    if differing:
        return _different(suite, differing, cited)
    return _alike(suite)


def _different(suite: Suite, differing: Mapping[str, Sequence[ParallelOnly]], cited: Sequence[str]) -> Finding:
    kinds: dict[int, list[Sequence[ParallelOnly]]] = {}
    for records in differing.values():
        kinds.setdefault(min(map(_kind, records)), []).append(records)
    (first, tests), *others = sorted(kinds.items())
    lines = [*_named(tests)]
    for kind, also in others:
        lines += [f"{_title(kind, len(also))}:", *_named(also)]
    return Finding(
        id=f"{suite.step.id}.parallel",
        check=CHECK,
        required=False,
        verdict=Verdict.FAIL,
        title=_title(first, len(tests)),
        detail="\n".join([*lines, _RECORDED, _CHANCE]),
        evidence=tuple(cited[:MOST_CITED]),
    )


def _title(kind: int, number: int) -> str:
    who = counted(number, f"test {_TITLES[kind][0]}", f"tests {_TITLES[kind][1]}")
    return f"{who} {_SERIALLY} {'it' if number == 1 else 'them'}"


def _kind(record: ParallelOnly) -> int:
    beside, alone = _bad(record.parallel), _bad(record.serial)
    return _OTHERWISE if beside == alone else _UNSAFE if beside else _HIDDEN


def _bad(outcome: str) -> bool:
    return outcome in FAILURES or outcome.endswith("+error")


def _named(tests: Sequence[Sequence[ParallelOnly]]) -> list[str]:
    lines = []
    for records in tests[:MOST_NAMED]:
        worst = min(records, key=_kind)
        times = f" in {len(records)} runs" if len(records) > 1 else ""
        after = " after the earlier tests of its module" if worst.serially_after == "module" else ""
        said = f": {one_line(worst.message, 160)}" if worst.message else ""
        outcomes = f"{one_line(worst.parallel, 40)}{times}, serially{after} {one_line(worst.serial, 40)}"
        lines += [f"{one_line(worst.test)}: {outcomes}{said}", f"    {_company(worst)}"]
    return lines + more(len(tests))


def _company(record: ParallelOnly) -> str:
    """Say what is known of its cause: order on its worker, or what ran beside it."""
    beside, before = _some(record.beside), _some(record.before[::-1])
    history = f"with the same tests before it (last first: {before})" if before else "with none before it"
    if record.same_history and record.same_history == record.parallel:
        return f"not by what ran beside it: {history} and nothing beside, it ended like that, too"
    tried = f" ({history} and nothing beside: {one_line(record.same_history, 40)})" if record.same_history else ""
    if beside and _kind(record) == _UNSAFE:
        after = f", or not run after {before}: which of them was not tried" if before and not tried else ""
        return f"may not run beside {beside}{after}{tried}"
    earlier = "" if tried else f"; before it on its worker, last first: {before or 'nothing'}"
    return f"ran beside {beside or 'nothing'}{earlier}{tried}"


def _some(names: Iterable[str]) -> str:
    every = [one_line(name) for name in names]
    return ", ".join(every[:_MOST_NEIGHBOURS]) + (" and more" if len(every) > _MOST_NEIGHBOURS else "")


def _alike(suite: Suite) -> Finding | None:
    """Say that nothing differed, where each of its sessions ran on workers and to its end: failures are only then all
    run again.
    """
    workers = min((session.started.workers if session.started else 0 for session in suite.alike), default=0)
    if not workers or not all(session.complete for session in suite.alike):
        return None
    where = counted(workers, "forked worker", "forked workers")
    return Finding(
        id=f"{suite.step.id}.parallel",
        check=CHECK,
        required=False,
        verdict=Verdict.PASS,
        title=f"{where}: no test was seen to fail there and pass serially",
        detail="\n".join(_BLIND),
        evidence=tuple(session.at for session in suite.alike if session.at),
    )
