"""Can the tests be trusted? One required finding for every reason why some can't, one for all that can.

Whose failure is it? A test that depends on another leaks state, or the product's code does: the evidence can't tell,
so the owner is undecided, which counts as the product's (exit 1). It is nothing that a better test machine would heal.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from brinell.checks.trust_advice import advice
from brinell.checks.trust_clusters import Cluster, clusters, narrow
from brinell.checks.trust_entries import command_line, flaky_test, pollution
from brinell.checks.trust_facts import Examined, examinations
from brinell.checks.trust_lines import CHECK, MOST_NAMED, cited, counted, more
from brinell.checks.trust_retried import retried
from brinell.checks.trust_stable import stable
from brinell.core.evidence import Evidence
from brinell.core.factor_words import factor_words
from brinell.core.finding import Finding
from brinell.core.import_trust import CAUSE, COLLECTED, left_by
from brinell.core.judgement import FlakyTest, Part, Pollution
from brinell.core.redact import one_line
from brinell.core.trust import Trust
from brinell.core.verdicts import Owner, Reason, Verdict

_NOT_ASKED = "no examination was asked for: brinell suite --deep, or brinell flaky"
_NO_RATE = "the test was in no whole order, or a factor has to take another value: how often it does is not known"
_ORDER = ("victim", "brittle", "self-polluting", "nondeterministic")
_NOUNS = {
    "victim": ("victim", "victims"),
    "brittle": ("brittle test", "brittle tests"),
    "self-polluting": ("self-polluting test", "self-polluting tests"),
    "nondeterministic": ("nondeterministic test", "nondeterministic tests"),
}


def trust(evidence: Evidence) -> Part:
    """Judge every examine step: verdicts on tests, state that is left behind, what retried tests are worth."""
    steps = examinations(evidence)
    began = [one for one in steps if one.tests]
    if not began:
        why = f"{steps[0].step.id} collected no test" if steps else _NOT_ASKED
        return Part(not_measured={"flaky": why, "pollution": why})
    findings: list[Finding] = []
    flaky: dict[str, FlakyTest] = {}
    left: list[Pollution] = []
    for examined in began:
        trusts = examined.trusts()
        found = clusters(examined, trusts)
        findings += [_cluster(examined, cluster) for cluster in found]
        findings += stable(examined, trusts)
        cluster_of = {one.test: _identity(examined, cluster) for cluster in found for one in cluster.tests}
        for one in trusts:
            if one.verdict != "stable" or one.cause is not None:
                cluster = cluster_of.get(one.test, f"{examined.step.id}.environment")
                flaky.setdefault(examined.name(one.test), flaky_test(examined, one, cluster))
        here = pollution(examined, trusts)
        left += here
        findings += advice(examined, trusts, here)
    findings += retried(evidence, began)
    not_measured = {}
    if any(one.failure_probability is None for one in flaky.values()):
        not_measured["flaky[].failure_probability"] = _NO_RATE
    return Part(findings=tuple(findings), flaky=tuple(flaky.values()), pollution=tuple(left), not_measured=not_measured)


def _identity(examined: Examined, cluster: Cluster) -> str:
    return f"{examined.step.id}.cluster.{cluster.key}"


def _cluster(examined: Examined, cluster: Cluster) -> Finding:
    lines = [f"{one.verdict}: {one_line(examined.name(one.test))}" for one in cluster.tests[:MOST_NAMED]]
    lines += more(len(cluster.tests))
    sure = [one for one in cluster.tests if one.confirmed]
    if not sure:
        lines += _settle(examined, cluster)
    elif len(sure) < len(cluster.tests):
        lines.append(f"{len(sure)} of them confirmed in fresh processes, the others seen in forked children only")
    if cluster.probability:
        lines.append(f"A run of the suite, in any order, fails by it with p = {cluster.probability:.2g}")
    lines += _see(examined, sure)
    return Finding(
        id=_identity(examined, cluster),
        check=CHECK,
        required=True,
        verdict=Verdict.FAIL if sure else Verdict.UNKNOWN,
        reason=None if sure else Reason.INCONCLUSIVE,
        owner=Owner.UNDECIDED if sure else None,
        title=_title(examined, cluster),
        detail="\n".join(lines),
        evidence=cited(examined, [*sure, *(one for one in cluster.tests if not one.confirmed)]),
    )


def _title(examined: Examined, cluster: Cluster) -> str:
    counts = [counted(len(cluster.of(verdict)), *_NOUNS[verdict]) for verdict in _ORDER if cluster.of(verdict)]
    if cluster.polluters:
        counts = [counted(len(cluster.polluters), "polluter", "polluters"), *counts]
    reason = _collected if cluster.cause == CAUSE else _reason
    return f"{', '.join(counts)}: {reason(examined, cluster)}"


def _reason(examined: Examined, cluster: Cluster) -> str:
    """Say what the tests of a cluster have in common."""
    if cluster.kind == "runs":
        return "failing in the same runs, cause not found"
    if cluster.of("nondeterministic"):
        depend = "it depends" if len(cluster.tests) == 1 else "they depend"
        return "cause not found" if cluster.cause is None else f"{depend} on the {factor_words(cluster.cause)}"
    if cluster.of("brittle"):
        if not cluster.setters:
            return "passing only in some orders, after which test is not known"
        return f"passing only after {_first(examined, cluster.setters)}"
    if cluster.of("victim") and not cluster.polluters:
        return "failing in some orders, after which test is not known"
    return _leaving(examined, cluster)


def _collected(examined: Examined, cluster: Cluster) -> str:
    """Say of tests that depend on which files are collected whose collection it is, and what it changes."""
    do = "passing only" if cluster.of("brittle") else "failing"
    if cluster.of("brittle") and cluster.of("victim"):
        do = "failing, or passing only,"
    others = f" and {counted(len(cluster.files) - 1, 'other', 'others')}" if len(cluster.files) > 1 else ""
    known = left_by(examined.ledger.imports, (one.files[0] for one in cluster.tests if one.files))
    names = [one_line(known[root].name, 120) for root in cluster.roots if root in known]
    more_names = f" and {len(names) - 2} more" if len(names) > 2 else ""
    changes = f", which changes {', '.join(names[:2])}{more_names}" if names else ""
    return f"{do} where {one_line(cluster.files[0])}{others} is collected as well{changes}"


def _leaving(examined: Examined, cluster: Cluster) -> str:
    """Say who leaves what changed."""
    who = cluster.polluters or (cluster.tests[0].test,)
    victims = cluster.of("victim")
    together = victims and all(len(one) > 1 for victim in victims for one in victim.polluters)
    leave = "leaves" if len(who) == 1 else "together leave" if together else "leave"
    names = _state(examined, cluster.roots, who)
    if not names:
        return f"{_first(examined, who)} {leave} something changed that is not known"
    return f"{_first(examined, who)} {leave} {names} changed{'' if cluster.roots else ' (not proved)'}"


def _state(examined: Examined, roots: Sequence[str], who: Iterable[int]) -> str:
    """Return the names of the leaked state: the proved one, else what the polluters leave."""
    left = [state for one in who for state in examined.ledger.left.get(one, ())]
    shown = [state.name for state in left if state.root in roots] or list(roots)
    names = list(dict.fromkeys(shown or [state.name for state in left if not state.weak]))
    others = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(one_line(name, 120) for name in names[:2]) + others


def _first(examined: Examined, tests: Sequence[int]) -> str:
    """Name the first, and count the others."""
    others = f" and {counted(len(tests) - 1, 'other', 'others')}" if len(tests) > 1 else ""
    return one_line(examined.name(tests[0])) + others


def _settle(examined: Examined, cluster: Cluster) -> list[str]:
    """Say why a fresh process has not confirmed it, and what would settle it."""
    one = cluster.tests[0]
    tried = examined.ledger.confirmed.get(one.test, ())
    if any(said.purpose in {"sequence", "twice", COLLECTED} or said.purpose.startswith("factor") for said in tried):
        said = "seen in forked children, and a fresh process did not show it"
    elif not narrow((*one.polluters, *one.setters)) and one.verdict in {"victim", "brittle"}:
        said = "seen in whole orders only, not narrowed down to the tests that matter"
    else:
        said = "seen, and not tried in a fresh process"
    return [
        said,
        f"To settle it: brinell isolate {shlex.quote(one_line(examined.name(one.test)))}, with a larger --budget",
    ]


def _see(examined: Examined, sure: Sequence[Trust]) -> list[str]:
    """Return the shortest confirmed command that fits on a line."""
    lines = [
        command_line(examined, said)
        for one in sure
        for said in examined.ledger.confirmed.get(one.test, ())
        if said.command == one.command and said.env == one.env
    ]
    shown = [line for line in lines if "\n" not in line]
    return [f"See it: {min(shown, key=len)}"] if shown else []
