"""Can the generator be believed about one step of a search? The rules of load scenarios, applied while it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from brinell.checks.load.generator import trust
from brinell.checks.load.limits import rule
from brinell.checks.load.tally import tallies
from brinell.core.evidence import MemoryEvidence
from brinell.core.generator_records import Calibrated
from brinell.core.load_records import LoadEnded, LoadStarted
from brinell.core.observation import RUN, Record
from brinell.core.plan import Plan
from brinell.core.socket_view import as_load
from brinell.core.thresholds import THRESHOLDS
from brinell.core.verdicts import Verdict


def doubted(records: Sequence[Record], limits: Mapping[str, float]) -> tuple[tuple[str, ...], str, bool]:
    """Return the rules that bit, what they saw, and whether a limit was missed that no generator makes one miss.

    ``records`` are those of one load scenario.
    """
    started = next((one for one in records if isinstance(one, LoadStarted)), None)
    before: list[Record] = [one for one in records if isinstance(one, Calibrated)]  # it stands for one made earlier
    others: list[Record] = [one for one in records if not isinstance(one, Calibrated)]
    if started is not None and started.socket:
        others = [seen for one in others if (seen := _as_load(one, started)) is not None]
    tally = tallies(MemoryEvidence(Plan(name="", root="", steps=()), [*before, *others])).get(RUN)
    if tally is None:
        return ("died",), "the load never began", False
    limits = {plain: limit for name, limit in limits.items() if (plain := name.removeprefix("delivery_")) in THRESHOLDS}
    trusted = trust(tally, limits)
    proved = any(
        rule(THRESHOLDS[name], limit, tally, trusted).verdict is Verdict.FAIL for name, limit in limits.items()
    )
    return trusted.broken, trusted.reason, proved


def _as_load(record: Record, started: LoadStarted) -> Record | None:
    """Return a record of WebSocket messages as a load's; workers listen for longer than they send."""
    if isinstance(record, LoadEnded):
        span_s = min(record.span_s, started.span_s)
        return msgspec.structs.replace(record, span_s=span_s, completed_in_span=None, sent_in_span=None)
    return as_load(record, started.socket)
