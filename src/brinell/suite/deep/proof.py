"""Which leaked state it is: polluter, put back just that, and the victim passes."""

from __future__ import annotations

from collections.abc import Sequence

from brinell.core.examination import LeftState
from brinell.suite.deep.examiner import Examiner, passed_last, proof_steps
from brinell.suite.deep.phases import watch

_MOST_ROOTS = 24


def prove(examiner: Examiner, test: int, before: Sequence[int], likely: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the roots whose restoring makes ``test`` pass after ``before``; empty where that cannot be shown.

    ``likely`` first; then all that can be put back, each alone, and (a conjunction) the whole minus one at a time.
    """
    watch(examiner, before)
    roots = _roots(examiner, before)
    if not roots:
        return ()
    known = _heals(examiner, test, before, [(root,) for root in likely if root in roots])
    if known:
        return known[0]
    if not _heals(examiner, test, before, [roots]):
        return ()
    single = _heals(examiner, test, before, [(root,) for root in roots])
    if single:
        return single[0]
    kept = roots
    for root in roots:
        smaller = tuple(one for one in kept if one != root)
        if smaller and _heals(examiner, test, before, [smaller]):
            kept = smaller
    return kept


def _heals(
    examiner: Examiner, test: int, before: Sequence[int], choices: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    results = examiner.ask("proof", [examiner.job(proof_steps(before, roots, test), alone=True) for roots in choices])
    healed = {result.job.steps[-2][1] for result in results if passed_last(result)}  # type: ignore[index]
    return [roots for roots in choices if roots in healed]


def _roots(examiner: Examiner, before: Sequence[int]) -> tuple[str, ...]:
    """Return what ``before`` leaves and can be put back: the project's own state first, what any test moves last."""
    states: dict[str, LeftState] = {}
    for polluter in before:
        for state in examiner.ledger.left.get(polluter, ()):
            if state.restorable:
                states.setdefault(state.root, state)
    ranked = sorted(states.values(), key=lambda state: (state.weak, _RANK.get(state.kind, 5)))
    return tuple(state.root for state in ranked[:_MOST_ROOTS])


_RANK = {"module-attribute": 0, "class-attribute": 0, "environ": 1, "file": 1, "patched-attribute": 2, "cwd": 2}
