"""Sessions of a scenario: how many went through, and whether too many ended before their time."""

from __future__ import annotations

from brinell.checks.load.limits import CHECK
from brinell.checks.load.tally import Tally
from brinell.core.finding import Finding
from brinell.core.judgement import SessionCounts
from brinell.core.verdicts import Verdict

ABORTED = "aborted"  # of samples that tell why a session ended where no request's own sample does
SHARE = 0.01  # of sessions that ended before their time, above which it is said


def counts(tally: Tally) -> SessionCounts | None:
    """Return the numbers of sessions; None where requests were by themselves."""
    told = tally.ended.sessions if tally.ended is not None else None
    if told is None or tally.started.model == "open":
        return None
    begun, completed, aborted = told
    return SessionCounts(begun=begun, completed=completed, aborted=aborted, rate=tally.started.session_rate)


def finding(scenario: str, tally: Tally) -> list[Finding]:
    """Say that more than one in a hundred sessions ended before their time: what follows in them was not exercised."""
    told = tally.ended.sessions if tally.ended is not None else None
    if told is None or told[2] <= SHARE * told[0]:
        return []
    kept = tally.failed.get(ABORTED, [])
    failed = sum(tally.errors.values())
    # Where requests failed, they say why themselves; a session of one request is that request.
    if not kept and tally.started.model == "open":
        return []
    reasons = list(dict.fromkeys(f"{one.operation}: {one.detail}" for _, one in kept))
    why = "; ".join(reasons) if reasons else f"{failed} requests failed, and a session ends with the first that does"
    return [
        Finding(
            id=f"load.{scenario}.sessions",
            check=CHECK,
            required=False,
            verdict=Verdict.FAIL,
            title=f"{scenario}: {told[2]} of {told[0]} sessions ended before their time",
            detail=why,
            evidence=tuple(identity for identity, _ in kept) or (tally.started_id,),
        )
    ]
