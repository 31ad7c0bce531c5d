"""Records of a WebSocket scenario as whatever shows or judges a load reads them: messages are its requests, deliveries
their response times, and handshakes nothing of it.
"""

from __future__ import annotations

import re

import msgspec

from brinell.core import outcomes
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.observation import Record
from brinell.core.socket_manners import HOSTILE
from brinell.core.socket_records import ASIDE, CONNECT, DELIVERY, PUBLISH

LIMIT = "limit"
ACCEPTED = "accepted"
HANG = "hang"
FILL, BEYOND, FREE, STORM, REFILL, KEPT = "fill", "beyond", "free", "storm", "refill", "kept"
CUT, RACE = "cut", "race"
"""Parts of a limit trial: ``cut`` is ``free`` after an end without a close, ``race`` are more at once than there are
places, ``kept`` are connections that had a place, and were ended by the subject all the same.
"""
FEW_FDS = 5  # descriptors that come and go for other reasons: logs, pools, clients beside ours

_REFUSAL = re.compile(r"status-(4\d\d|503)|closed-(1008|1013|4\d\d\d)")
_EMPTY: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


def as_load(record: Record, mode: str) -> Record | None:
    """Return a record of a scenario of this mode as a load's; None where it is none.

    Of a broadcast, a delivery is a time without a count and a publish a count without a time, so that rates are those
    of publishes and percentiles those of deliveries: what failed delivered nothing, however quickly it failed. Nor has
    a message a time that no connection was there for.
    """
    if isinstance(record, GeneratorSecond):
        return record if record.second >= 0 else None  # before the schedule, connections are made
    return _slice(record, mode) if isinstance(record, LoadSlice) else record


def is_right(part: str, outcome: str) -> bool:
    """Whether an attempt of that part of a limit trial came to what it should.

    A full subject refuses: with 4xx or 503 to the upgrade, or by a close with 1008, 1013 or 4xxx after it. While a
    place is being freed, and where more come at once than there are places, either is right: how many is counted.
    """
    refused, accepted = _REFUSAL.fullmatch(outcome) is not None, outcome == ACCEPTED
    if part in {BEYOND, STORM}:
        return refused
    return accepted or (part in {FREE, CUT, RACE} and refused)


def _slice(one: LoadSlice, mode: str) -> LoadSlice | None:
    if mode in {LIMIT, HOSTILE}:
        return one if one.operation == CONNECT else None
    if one.operation == DELIVERY:
        return msgspec.structs.replace(one, count=0)
    if one.operation in ASIDE:
        return None
    is_unsent = outcomes.kind(one.outcome) == outcomes.CLOSED and not one.service[1]  # no connection was there for it
    if one.operation == PUBLISH or is_unsent:
        return msgspec.structs.replace(one, response=_EMPTY, service=_EMPTY, max_response_ns=0, max_service_ns=0)
    return one
