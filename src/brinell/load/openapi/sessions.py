"""Sessions of a document whose operations follow from one another; made in every worker."""

from __future__ import annotations

import bisect
import itertools
import re
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from brinell.core import outcomes
from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.session import Answer, Send, Session, Stage
from brinell.load.openapi import found
from brinell.load.openapi.chains import Chain, Gift, Step
from brinell.load.openapi.contract import Contract, Judge, NotJson, Purse, judges, plain
from brinell.load.openapi.judged import Tally
from brinell.load.scenario.draws import Draws

_LONGEST = 512  # characters of a value in a path
_SEGMENT = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:@-]{1,512}")


class Options(msgspec.Struct, frozen=True):
    """What the trial tells the workers."""

    chains: tuple[Chain, ...]
    contract: Contract | None = None


class Described:
    """``engine.session.Sessions`` of a document."""

    def __init__(self, options: Options, stage: Stage) -> None:
        known: dict[str, Judge] = {}
        if options.contract is not None:
            known = judges(options.contract, Purse())
            stage.recorder.also(Tally(stage.worker, known).take)
        self._chains = options.chains
        self._bounds = list(itertools.accumulate(chain.weight for chain in options.chains))
        self._seed = stage.seed
        self._checks = {name: _check(judge) for name, judge in known.items()}
        self._operations = {
            step.operation: ExchangeOperation(
                step.operation, stage.recorder, bodiless=step.bodiless, keep_bytes=stage.keep_bytes
            )
            for chain in options.chains
            for step in chain.steps
        }

    def begin(self, user: int) -> Session:
        """Return the session of that number: which one, and with which requests, follows from it and the seed."""
        draws = Draws(self._seed, user)
        at = bisect.bisect_right(self._bounds, draws.unit() * self._bounds[-1])
        return self._session(self._chains[min(at, len(self._chains) - 1)], draws)

    def _session(self, chain: Chain, draws: Draws) -> Session:
        values: dict[str, str] = {}
        for step in chain.steps:
            pieces = draws.one_of(step.requests)  # whatever was answered: what is drawn follows from the number alone
            if any(slot not in values for slot in step.slots):
                continue  # what it needs was not answered; that nobody sent it is told at the end
            answer = yield Send(
                self._operations[step.operation], _filled(pieces, step, values), self._checks.get(step.operation)
            )
            if step.gives and answer is not None and answer.outcome in {outcomes.OK, outcomes.CHECK}:
                values |= _named(answer, step.gives)


def sessions(options: dict[str, Any], stage: Stage) -> Described:
    """Return the sessions that ``options`` describe: the factory that workers call."""
    return Described(msgspec.convert(options, Options), stage)


def _filled(pieces: tuple[bytes, ...], step: Step, values: dict[str, str]) -> bytes:
    if len(pieces) == 1:
        return pieces[0]
    made = [pieces[0]]
    for slot, piece in zip(step.slots, pieces[1:], strict=True):
        made += [values[slot].encode(), piece]
    return b"".join(made)


def _named(answer: Answer, gifts: tuple[Gift, ...]) -> dict[str, str]:
    """Return what an answer names, by slot, as it stands in a path; what would be another path is nothing."""
    try:
        body = plain(answer.body)
    except NotJson:
        body = None
    made = {}
    for gift in gifts:
        value = found.pointed(body, gift.pointer) if gift.pointer else _identity(body, gift)
        text = quote(str(value), safe="-._~") if _is_plain(value) else _from_location(answer)
        if text not in {"", ".", ".."} and len(text) <= _LONGEST:
            made[gift.slot] = text
    return made


def _identity(body: Any, gift: Gift) -> Any:
    value = found.identity(body, gift.parameter, gift.collection)
    if value is None and isinstance(body, dict):
        value = found.identity(body.get("data"), gift.parameter, gift.collection)
    return value


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _from_location(answer: Answer) -> str:
    """Return the last segment of the ``Location`` that an answer names, as it is written there."""
    location = next((held for name, held in answer.headers if name.lower() == b"location"), b"").decode("latin-1")
    last = location.partition("?")[0].rstrip("/").rpartition("/")[2]
    return last if _SEGMENT.fullmatch(last) and unquote(last) not in {".", ".."} else ""


def _check(judge: Judge) -> Any:
    def check(answer: Answer) -> str | None:
        if answer.detail:  # cut, or not decoded: not the whole body
            judge.unseen += 1
            return None
        kind = next((value for name, value in answer.headers if name.lower() == b"content-type"), b"")
        return judge.judge(answer.status, kind.decode("latin-1"), answer.body)

    return check
