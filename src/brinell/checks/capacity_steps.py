"""Can the generator be believed about one step of a search? The rules of load scenarios, applied while it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from brinell.checks.load.generator import trust
from brinell.checks.load.limits import rule
from brinell.checks.load.tally import tallies
from brinell.core.evidence import MemoryEvidence
from brinell.core.observation import RUN, Record
from brinell.core.plan import Plan
from brinell.core.verdicts import Verdict


def doubted(records: Sequence[Record], limits: Mapping[str, float]) -> tuple[tuple[str, ...], str, bool]:
    """Return the rules that bit, what they saw, and whether a limit was missed that no generator makes one miss.

    ``records`` are those of one load scenario.
    """
    before = [one for one in records if type(one).__name__ == "Calibrated"]  # it stands for one made earlier
    others = [one for one in records if type(one).__name__ != "Calibrated"]
    tally = tallies(MemoryEvidence(Plan(name="", root="", steps=()), [*before, *others])).get(RUN)
    if tally is None:
        return ("died",), "the load never began", False
    trusted = trust(tally, limits)
    proved = any(rule(name, limit, tally, trusted).verdict is Verdict.FAIL for name, limit in limits.items())
    return trusted.broken, trusted.reason, proved
