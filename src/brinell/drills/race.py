"""Requests that conflict, released at the same instant: get-or-create races, double submits, overselling.

Every connection is open and has sent all of its request but the last byte; then the last bytes go out, one send after
the other in one loop. How far apart they left is measured, and a round in which an answer came before the last byte was
out is no race.
"""

from __future__ import annotations

import json
import select
import time
from functools import partial
from typing import Any, ClassVar

import msgspec

from brinell.core import racing
from brinell.core.drill_records import DrillEnded, DrillStarted, Race
from brinell.core.errors import SubjectError, UsageError, nearest
from brinell.core.plan import RequestSpec
from brinell.core.redact import one_line, redact
from brinell.drills.rounds import NAMES, Token, filled, strange, tokens
from brinell.drills.scene import Scene
from brinell.drills.witness import OPEN, OwnLimitError, Witness
from brinell.load.scenario.generators import Wrong
from brinell.load.scenario.json_path import Missing, steps, value_at
from brinell.subject.targets import Target

TOLD = 3  # rounds whose requests and answers are kept
SETTLE_S = 0.02  # between the first bytes and the last: the service has read what it could
_BODY_TOLD = 300


class RaceDrill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``together`` requests at once, in ``rounds`` rounds. ``expect``: status to the number of answers that have it
    (``created = 1``); ``same``: a path into JSON whose value must be one in all answers; ``then``: a request sent
    afterwards, the ``value`` in its answer, and what it ``equals``. ``prepare`` are requests sent before each round.

    ``{{round}}`` is another text in each round, ``{{number}}`` another whole number, ``{{n}}`` the racer's own.
    """

    about: ClassVar[str] = "conflicting requests at the same instant: is exactly one created, and nothing twice?"
    starts: ClassVar[bool] = False
    loads: ClassVar[bool] = False

    together: int = 10
    rounds: int = 50
    expect: dict[str, int] = {}
    same: str | None = None
    then: dict[str, Any] = {}
    prepare: list[dict[str, Any]] = []
    pause_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        for name, low, high in (("together", 2, 500), ("rounds", 1, 100_000), ("pause_s", 0, 60)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")
        for word, count in self.expect.items():
            try:
                racing.status_of(word)
            except ValueError as error:
                raise ValueError(f"expect {error}") from None
            if not 0 <= count <= self.together:
                raise ValueError(f"expect {word} = {count}: there are {self.together} answers in a round")
        if self.then and {"path", "value", "equals"} - self.then.keys():
            raise ValueError('then needs path, value and equals, as in { path = "/x", value = "$.count", equals = 1 }')
        for one in (*self.prepare, *([_request_table(self.then)] if self.then else [])):
            try:
                msgspec.convert(one, RequestSpec)
            except msgspec.ValidationError as error:
                raise ValueError(f"{'then' if self.then else 'prepare'} {error}") from None
        for name, path in (("same", self.same), ("then", self.then.get("value"))):
            try:
                steps(path or "$")
            except Wrong as error:
                raise ValueError(f"{name} {error}") from None

    @property
    def rules(self) -> racing.Rules:
        """What a round must not break."""
        expect = {racing.status_of(word): count for word, count in self.expect.items()}
        then = racing.as_json(self.then["equals"]) if self.then else None
        return racing.Rules(expect, self.same is not None, then)

    def run(self, scene: Scene) -> None:
        """Race, round after round."""
        url = scene.url
        scene.room.emit(DrillStarted("race", scene.clock.now_ns(), redact(url)))
        course = _Course(self, scene, url)
        interrupted, done = True, 0
        try:
            for token in tokens(self.rounds, scene.load.seed, scene.clock.utc().timestamp()):
                scene.room.tick()
                course.round(token)
                done = token.place + 1
                scene.room.progress(done, self.rounds, course.line())
                if self.pause_s:
                    scene.wait(lambda: False, self.pause_s)
            interrupted = False
        except OwnLimitError as error:
            interrupted = False
            scene.mark("own-limit", str(error))
        finally:
            scene.room.emit(DrillEnded(scene.clock.now_ns(), {"rounds": done}, interrupted))


class _Course:
    """All rounds of one race."""

    def __init__(self, drill: RaceDrill, scene: Scene, url: str) -> None:
        self._drill = drill
        self._scene = scene
        self._url = url
        self._target: Target = scene.target(url)
        self._told = self._broken = self._rounds = 0
        self._rules = drill.rules
        asked = [*drill.prepare, *([_request_table(drill.then)] if drill.then else [])]
        for request in (*scene.load.requests, *(msgspec.convert(one, RequestSpec) for one in asked)):
            _refuse_strange(request)

    def line(self) -> str:
        """Say how it stands."""
        return f"{self._broken} of {self._rounds} rounds broke a rule"

    def round(self, token: Token) -> None:
        """Do one round and write it down."""
        drill, scene = self._drill, self._scene
        for one in drill.prepare:
            self._ask(filled(msgspec.convert(one, RequestSpec), token, 0))
        requests = [filled(scene.load.requests[n % len(scene.load.requests)], token, n) for n in range(drill.together)]
        encoded = scene.encode(self._target, self._url, *requests)
        racers: list[Witness] = []
        try:
            for request in encoded:
                racer = scene.connect(self._target)
                racers.append(racer)
                scene.wait(partial(_is_open, racer), scene.load.timeout_s, every_s=0.0005)
                racer.send(request[:-1])
            scene.clock.sleep(SETTLE_S)
            first_ns, last_ns = _release(racers, encoded)
            self._await(racers)
        finally:
            for racer in racers:
                racer.abort()
        self._write(token, racers, encoded, first_ns, last_ns)

    def _await(self, racers: list[Witness]) -> None:
        deadline = time.monotonic() + self._scene.load.timeout_s
        while True:
            waiting = [racer for racer in racers if racer.state == OPEN and not racer.answers]
            if not waiting or time.monotonic() >= deadline:
                return
            select.select(waiting, [], [], 0.1)
            self._scene.room.tick()
            for racer in waiting:
                racer.look()

    def _write(self, token: Token, racers: list[Witness], encoded: list[bytes], first_ns: int, last_ns: int) -> None:
        answered = [racer for racer in racers if racer.answers]
        firsts = [racer.first_byte_ns for racer in racers if racer.first_byte_ns]
        then_status, then = self._then(token)
        race = Race(
            round=token.place,
            token=token.text,
            at_ns=last_ns,
            spread_ns=last_ns - first_ns,
            ahead_ns=min(firsts) - last_ns if firsts else 0,
            statuses=tuple(racer.status if racer.answers else 0 for racer in racers),
            failures=tuple(racer.why or racer.state for racer in racers if not racer.answers)[:10],
            same=self._same(answered),
            then_status=then_status,
            then=then,
        )
        self._rounds += 1
        if racing.broken(race, self._rules):
            self._broken += 1
            if self._told < TOLD:
                self._told += 1
                race = msgspec.structs.replace(race, told=_told(racers, encoded))
        if not answered and self._rounds == 1:
            self._scene.room.emit(race)
            why = racers[0].why or f"no whole answer within {self._scene.load.timeout_s:g} s"
            raise SubjectError(f"{redact(self._url)} answered none of the requests of the first round: {why}")
        self._scene.room.emit(race)

    def _same(self, answered: list[Witness]) -> tuple[str, ...]:
        if self._drill.same is None:
            return ()
        path = steps(self._drill.same)
        found = [_value(racer.body, path) for racer in answered if 200 <= racer.status < 300]
        return tuple(one_line(one, 120) for one in found if one is not None)

    def _then(self, token: Token) -> tuple[int | None, str | None]:
        if not self._drill.then:
            return None, None
        asked = self._ask(filled(msgspec.convert(_request_table(self._drill.then), RequestSpec), token, 0))
        found = _value(asked.body, steps(self._drill.then["value"])) if asked.answers else None
        return (asked.status if asked.answers else None), None if found is None else one_line(found, 200)

    def _ask(self, request: RequestSpec) -> Witness:
        """Send one request by itself and return what came."""
        scene = self._scene
        (encoded,) = scene.encode(self._target, self._url, request)
        witness = scene.connect(self._target)
        try:
            witness.send(encoded, bodiless=request.method == "HEAD")
            scene.wait(partial(_is_answered, witness), scene.load.timeout_s, every_s=0.001)
        finally:
            witness.abort()
        return witness


def _refuse_strange(request: RequestSpec) -> None:
    name = strange(request)
    if name is not None:
        close = nearest(name, list(NAMES))
        raise UsageError(
            f"race: nothing fills in {{{{{name}}}}}; there are {', '.join(f'{{{{{known}}}}}' for known in NAMES)}",
            hint=f"did you mean {{{{{close}}}}}?" if close else None,
        )


def _release(racers: list[Witness], encoded: list[bytes]) -> tuple[int, int]:
    """Send the last bytes, and return when the first and the last of them went out."""
    lasts = [(racer.send, request[-1:]) for racer, request in zip(racers, encoded, strict=True)]
    first = time.monotonic_ns()
    for send, last in lasts:
        send(last)
    return first, time.monotonic_ns()


def _is_open(witness: Witness) -> bool:
    """Look, and say whether there is anything to wait for."""
    witness.look()
    return witness.connected or witness.state != OPEN


def _is_answered(witness: Witness) -> bool:
    witness.look()
    return witness.answers > 0 or witness.state != OPEN


def _request_table(then: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in then.items() if key not in {"value", "equals"}}


def _value(body: bytes, path: tuple[str | int, ...]) -> str | None:
    try:
        return racing.as_json(value_at(json.loads(body), path))
    except (ValueError, Missing, RecursionError):
        return None


def _told(racers: list[Witness], encoded: list[bytes]) -> tuple[str, ...]:
    """Tell the request and every answer, redacted and cut; answers that are the same are told once."""
    head = one_line(redact(encoded[0].decode("latin-1")), _BODY_TOLD)
    counts: dict[str, int] = {}
    for racer in racers:
        body = one_line(redact(racer.body[:2000].decode(errors="replace")), _BODY_TOLD)
        words = f"{racer.status} {body}".strip() if racer.answers else f"no whole answer ({racer.why or racer.state})"
        counts[words] = counts.get(words, 0) + 1
    return (head, *(f"{count} x {words}" for words, count in sorted(counts.items(), key=lambda one: -one[1])[:10]))
