"""Thresholds of every operation by itself: the overall p95 of a scenario hides an endpoint that a twentieth of the
requests goes to, however slow it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from brinell.checks.load.generator import Trust
from brinell.checks.load.limits import Ruling, rule, spell
from brinell.checks.load.tally import OperationTally, Tally
from brinell.core import outcomes
from brinell.core.plan import LoadSpec
from brinell.core.thresholds import THRESHOLDS
from brinell.core.verdicts import Verdict

MOST_TOLD = 3
_WORST_FIRST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)


def ruling(name: str, limit: float, tally: Tally, trust: Trust, planned: Collection[str]) -> Ruling:
    """Judge one threshold; one with ``each_`` on every operation, ``planned`` ones that were never asked for as well.

    One that fails is enough; one that is unknown is, where none fails.
    """
    metric = THRESHOLDS[name]
    if not metric.each:
        return rule(metric, limit, tally, trust)
    operations = dict.fromkeys(planned, OperationTally()) | tally.operations
    if not operations:
        return rule(metric, limit, tally, trust)
    found = {
        operation: rule(metric, limit, _alone(tally, one), trust, len(operations))
        for operation, one in operations.items()
    }
    return _worst(name, found)


def planned(spec: LoadSpec) -> tuple[str, ...]:
    """Return the operations that a scenario is to carry out, where its file says so."""
    if spec.driver != "http" or spec.flows or spec.openapi or spec.har:
        return ()
    told = [one for session in spec.sessions if session.weight > 0 for one in session.requests]
    return tuple(one.operation for one in told or spec.requests if one.weight > 0)


def _alone(tally: Tally, one: OperationTally) -> Tally:
    """Return the tally of a scenario in which there was only this operation."""
    failed = sum(one.errors.values())
    return replace(
        tally,
        response=one.response,
        service=one.service,
        outcomes={outcomes.OK: one.requests - failed, **one.errors},
    )


def _worst(name: str, found: dict[str, Ruling]) -> Ruling:
    """Return the worst ruling; of those that are equally bad the highest, and of which operations it is."""
    verdict = min((one.verdict for one in found.values()), key=_WORST_FIRST.index)
    worst = sorted(
        ((operation, one) for operation, one in found.items() if one.verdict is verdict),
        key=lambda pair: (pair[1].observed is None, -(pair[1].observed or 0.0)),
    )
    of, first = worst[0]
    if verdict is Verdict.PASS:
        return first._replace(detail=f"the highest of {len(found)} operations: {of}" if len(found) > 1 else "")
    told = [f"{operation}: {_seen(name, one)}" for operation, one in worst[:MOST_TOLD]]
    told += [f"and {len(worst) - MOST_TOLD} more operations"] if len(worst) > MOST_TOLD else []
    details = dict.fromkeys(one.detail for _, one in worst[:MOST_TOLD] if one.detail)
    return first._replace(detail=". ".join(("; ".join(told), *details)))


def _seen(name: str, one: Ruling) -> str:
    return "not measured" if one.observed is None else spell(name, one.observed)
