"""What an examination advises beside its verdicts: latent pollution, tests that are not safe to run in parallel, tests
that depend on their environment, and what could not be tried on this machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from brinell.checks.trust_facts import Examined
from brinell.checks.trust_lines import CHECK, MOST_CITED, MOST_NAMED, cited, counted, more
from brinell.core.factor_words import factor_words
from brinell.core.finding import Finding
from brinell.core.judgement import Pollution
from brinell.core.redact import one_line
from brinell.core.spending import AGAIN
from brinell.core.trust import Trust
from brinell.core.verdicts import Reason, Verdict


def advice(examined: Examined, trusts: Iterable[Trust], left: Iterable[Pollution]) -> list[Finding]:
    """Return the advisory findings of an examination; ``left`` is what its tests leave changed."""
    found = (
        _latent(examined, left), _conflicts(examined), _environment(examined, trusts), _choices(examined),
        _unsupported(examined), _no_fork(examined),
    )  # fmt: skip
    return [one for one in found if one is not None]


def _latent(examined: Examined, left: Iterable[Pollution]) -> Finding | None:
    harmless = [one for one in left if not one.victims]
    if not harmless:
        return None
    by_test: dict[str, list[str]] = {}
    for one in harmless:
        by_test.setdefault(one.test or "import and collection", []).append(one.state)
    lines = []
    for test, states in list(by_test.items())[:MOST_NAMED]:
        others = f" and {len(states) - 3} more" if len(states) > 3 else ""
        lines.append(f"{one_line(test)}: {', '.join(one_line(state, 100) for state in states[:3])}{others}")
    who = counted(len(by_test), "test leaves", "tests leave")
    title = f"{who} state changed that no test was seen to fail by: latent pollution"
    lines += more(len(by_test))
    lines.append("The next test that reads it may be hurt, or one that runs in another order.")
    return _advice(examined, "latent", title, lines, reason=Reason.INCONCLUSIVE)


def _conflicts(examined: Examined) -> Finding | None:
    if not examined.conflicts:
        return None
    tests = sorted(examined.conflicts)
    title = f"{counted(len(tests), 'test', 'tests')} failed with other tests running beside, and passed with nothing"
    lines = [f"{one_line(examined.name(test))}{_said(examined, test)}" for test in tests[:MOST_NAMED]]
    lines += [*more(len(tests)), "Not safe to run in parallel: a file, a port or another thing outside is shared."]
    seen = tuple(dict.fromkeys(at for test in tests for at in examined.conflicts[test]))
    return _advice(examined, "conflicts", title, lines, evidence=seen[:MOST_CITED])


def _said(examined: Examined, test: int) -> str:
    message = next((text for text, _ in examined.ledger.messages[test].most_common(1)), "")
    return f": {one_line(message, 120)}" if message else ""


def _environment(examined: Examined, trusts: Iterable[Trust]) -> Finding | None:
    found = [one for one in trusts if one.verdict == "stable" and one.cause is not None]
    if not found:
        return None
    title = f"{counted(len(found), 'test passes', 'tests pass')} here and would fail in another environment"
    lines = []
    for one in found[:MOST_NAMED]:
        seen = one.factors[0] if one.factors else None
        rates = f": {seen.with_factor[0]} of {seen.with_factor[1]} runs failed with it changed" if seen else ""
        lines.append(
            f"{one_line(examined.name(one.test))} depends on the {factor_words(one.cause or 'environment')}{rates}"
        )
    return _advice(examined, "environment", title, lines + more(len(found)), evidence=cited(examined, found))


def _choices(examined: Examined) -> Finding | None:
    """What the examination left out or did otherwise by itself, and why."""
    choices = [choice for choice in examined.choices if choice.what != AGAIN]  # that one leaves nothing out
    if not choices:
        return None
    lines = [f"{one_line(choice.what)}: {one_line(choice.reason)}" for choice in choices[:MOST_NAMED]]
    title = f"the examination made {counted(len(choices), 'choice', 'choices')} of its own"
    return _advice(examined, "choices", title, [*lines, *more(len(choices))], reason=Reason.INCONCLUSIVE)


def _unsupported(examined: Examined) -> Finding | None:
    if not examined.unsupported:
        return None
    lines = [f"{one_line(factor)}: {one_line(why)}" for factor, why in sorted(examined.unsupported.items())]
    title = f"{counted(len(lines), 'factor', 'factors')} could not be changed here, so no cause was looked for there"
    return _advice(examined, "unsupported", title, lines, reason=Reason.UNSUPPORTED)


def _no_fork(examined: Examined) -> Finding | None:
    started = examined.started
    if started is None or started.forks:
        return None
    lines = [one_line(started.why_not, 300), "That is slower, so fewer were made."]
    title = "forking after collection is not sound for these tests, so each try collected anew"
    return _advice(examined, "no-fork", title, filter(None, lines), reason=Reason.UNSUPPORTED)


def _advice(
    examined: Examined, name: str, title: str, lines: Iterable[str], *, reason: Reason | None = None,
    evidence: tuple[str, ...] = (),
) -> Finding:  # fmt: skip
    return Finding(
        id=f"{examined.step.id}.{name}",
        check=CHECK,
        required=False,
        verdict=Verdict.UNKNOWN if reason else Verdict.FAIL,
        reason=reason,
        title=title,
        detail="\n".join(lines),
        evidence=evidence or (examined.at,),
    )
