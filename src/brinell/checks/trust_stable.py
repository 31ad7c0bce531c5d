"""The tests that did the same in every run, and what such a statement is worth: what could have been missed."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.checks.trust_facts import Examined
from brinell.checks.trust_lines import CHECK, MOST_NAMED, counted, more
from brinell.core.finding import Finding
from brinell.core.redact import one_line
from brinell.core.spending import AGAIN, what_could_be_missed
from brinell.core.trust import Trust
from brinell.core.verdicts import Reason, Verdict

_RATE = 200  # one failure in so many runs


def stable(examined: Examined, trusts: Sequence[Trust]) -> list[Finding]:
    """Return the finding on stable tests, and one on what the budget did not reach."""
    if not trusts:
        named = ", ".join(examined.spec.tests[:3])
        return [_unknown(examined, Reason.NOT_EXERCISED, "none of the tests asked for was collected", named)]
    ledger = examined.ledger
    steady = [one for one in trusts if one.verdict == "stable" and one.all_runs[1]]
    never = sum(not one.all_runs[1] for one in trusts)
    not_alone = sum(not ledger.alone[one.test].runs for one in steady)
    # A test that fails, or leaves its process, is not run a second time there; nor is one whose factors were asked for.
    twice = not examined.spec.factors
    not_twice = sum(not ledger.twice[one.test].runs and not one.all_runs[0] for one in steady) if twice else 0
    findings = []
    if steady:
        findings.append(_passed(examined, trusts, steady, complete=twice and not (never or not_alone or not_twice)))
    short = [
        f"{number:,} {words}"
        for number, words in (
            (never, "never ran"),
            (not_alone, "never ran alone"),
            (not_twice, "never ran twice in one process"),
        )
        if number
    ]
    if short:
        title = f"the examination is not whole: of {len(trusts):,} tests {', '.join(short)}"
        why = "a larger --budget reaches them" if examined.state == "done" else "it was stopped before"
        reason = Reason.INCONCLUSIVE if len(trusts) > never else Reason.NOT_EXERCISED
        findings.append(_unknown(examined, reason, title, why))
    if examined.uncollected:
        findings.append(_uncollected(examined))
    return findings


def _passed(examined: Examined, trusts: Sequence[Trust], steady: Sequence[Trust], *, complete: bool) -> Finding:
    number, orders = len(steady), len(examined.orders)
    how = counted(orders, "order", "orders") + (", each alone and twice" if complete else "")
    if number == len(trusts):
        title = f"{counted(number, 'test', 'tests')} examined, {how}; nothing differs"
    else:
        title = f"{number:,} of {counted(len(trusts), 'test', 'tests')} did the same in every run; {how}"
    could = what_could_be_missed([one.all_runs[1] for one in steady], 1 / _RATE)
    usual = f" ({could.probability_median:.2g} for the typical one, of {could.median_runs:,} runs)"
    usual = usual if could.median_runs > could.least_runs else ""
    unseen = f"would have gone unseen with p = {could.probability_least:.2g}{usual}."
    lines = [f"Each ran {could.least_runs:,} times or more. One that fails 1 time in {_RATE} by chance {unseen}"]
    lines += [f"Run again: {one_line(choice.reason, 400)}" for choice in examined.choices if choice.what == AGAIN]
    failing = sum(one.always_fails for one in steady)
    if failing:
        lines.append(
            f"{failing:,} of them failed each time: no flakiness, and no pass. The suite's outcomes judge that."
        )
    return Finding(
        id=f"{examined.step.id}.stable",
        check=CHECK,
        required=True,
        verdict=Verdict.PASS,
        title=title,
        detail="\n".join(lines),
        evidence=(examined.at,),
    )


def _uncollected(examined: Examined) -> Finding:
    number = counted(len(examined.uncollected), "file", "files")
    names = [one_line(name) for name in examined.uncollected[:MOST_NAMED]]
    why = "\n".join([*names, *more(len(examined.uncollected))])
    title = f"{number} could not be collected: no test in there was examined"
    return _unknown(examined, Reason.NOT_EXERCISED, title, why, "collection")


def _unknown(examined: Examined, reason: Reason, title: str, detail: str, name: str = "coverage") -> Finding:
    return Finding(
        id=f"{examined.step.id}.{name}",
        check=CHECK,
        required=True,
        verdict=Verdict.UNKNOWN,
        reason=reason,
        title=title,
        detail=detail,
        evidence=(examined.at,),
    )
