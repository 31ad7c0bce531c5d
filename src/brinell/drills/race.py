"""Requests that conflict, released at the same instant: get-or-create races, double submits, overselling.

All have been sent but for their last byte; then the last bytes go out (``racers.py``). How far apart they left is
measured, and a round in which an answer came before the last byte was out is no race.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from brinell.core import racing
from brinell.core.drill_records import DrillEnded, DrillStarted, Race
from brinell.core.errors import SubjectError, UsageError, nearest
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.core.redact import one_line, redact
from brinell.drills import values
from brinell.drills.places import Places
from brinell.drills.racers import Answer, Racers, Separate, Together, serve
from brinell.drills.rounds import NAMES, Token, filled, strange, tokens, whole
from brinell.drills.scene import Scene
from brinell.drills.sending import encoded
from brinell.drills.wire import OPEN, OwnLimitError
from brinell.subject.targets import Target, is_loopback
from brinell.subject.vitals_detail_sockets import LISTEN, sockets_in

APART_S = 0.003  # between connections to a service of several processes
APART_ALL_S = 0.1  # between all of one round, at most
TOLD = 3  # rounds whose requests and answers are kept
SETTLE_S = 0.02  # between the first bytes and the last: the service has read what it could
_BODY_TOLD = 300
_LOOK_S = 0.05
_ASKS = {"then": ("path", "value"), "unchanged": ("path", "value")}
_BOUNDS = ("equals", "at_most", "at_least")


class RaceDrill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``together`` requests at once, in ``rounds`` rounds. ``expect`` and ``at_most``: status to the number of answers
    that have it (``created = 1``), or may; ``same`` and ``unique``: a path into JSON whose value must be one in all
    answers, or another in each; ``then``: a request sent afterwards, the ``value`` in its answer, and what it
    ``equals`` or between which bounds it lies; ``unchanged``: a request sent before and after, and the ``value`` that
    stays. ``prepare`` are requests sent before each round.

    ``{{round}}`` is another text in each round, ``{{number}}`` another whole number, ``{{n}}`` the racer's own.
    """

    about: ClassVar[str] = "conflicting requests at the same instant: is exactly one created, and nothing twice?"
    starts: ClassVar[bool] = False
    loads: ClassVar[bool] = False
    driver: ClassVar[str] = "http"
    versions: ClassVar[tuple[str, ...]] = ("1.1", "2")

    together: int = 10
    rounds: int = 50
    expect: dict[str, int] = {}
    at_most: dict[str, int] = {}
    same: str | None = None
    unique: str | None = None
    then: dict[str, Any] = {}
    unchanged: dict[str, Any] = {}
    prepare: list[dict[str, Any]] = []
    pause_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        for name, low, high in (("together", 2, 500), ("rounds", 1, 100_000), ("pause_s", 0, 60)):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} lies between {low:g} and {high:g}")
        self._refuse_asked()
        racing.rules_of(msgspec.to_builtins(self))
        for name, counts in (("expect", self.expect), ("at_most", self.at_most)):
            for word, count in counts.items():
                if not 0 <= count <= self.together:
                    raise ValueError(f"{name} {word} = {count}: there are {self.together} answers in a round")
        wanted = (("then", self.then.get("value")), ("unchanged", self.unchanged.get("value")))
        for name, path in (("same", self.same), ("unique", self.unique), *wanted):
            try:
                values.path_of(path or "$")
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None

    def _refuse_asked(self) -> None:
        for name, needed in _ASKS.items():
            given = getattr(self, name)
            if given and set(needed) - given.keys():
                raise ValueError(f'{name} needs {" and ".join(needed)}, as in {{ path = "/x", value = "$.count" }}')
        if self.then and not self.then.keys() & set(_BOUNDS):
            raise ValueError(f"then needs one of {', '.join(_BOUNDS)}, as in equals = 1")
        for name, one in self._tables():
            try:
                msgspec.convert(one, RequestSpec)
            except msgspec.ValidationError as error:
                raise ValueError(f"{name} {error}") from None

    def _tables(self) -> list[tuple[str, dict[str, Any]]]:
        found = [("prepare", one) for one in self.prepare]
        asks = (("then", self.then), ("unchanged", self.unchanged))
        return found + [(name, _request_table(given)) for name, given in asks if given]

    def look(self, load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
        """Find what could not be sent, before anything runs. UsageError."""
        del allow
        asked = [msgspec.convert(one, RequestSpec) for _, one in self._tables()]
        for request in (*load.requests, *asked):
            _refuse_strange(whole(load, request))
        encoded(load, load.url or f"{target.scheme}://{target.authority}", target, root, *load.requests, *asked)

    def run(self, scene: Scene) -> None:
        """Race, round after round."""
        url = scene.url
        scene.room.emit(DrillStarted("race", scene.clock.now_ns(), redact(url)))
        course = _Course(self, scene, url)
        interrupted, done = True, 0
        try:
            with scene.descriptors(self.together):
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
            scene.room.emit(
                DrillEnded(scene.clock.now_ns(), {"rounds": done, "processes": course.processes}, interrupted)
            )


class _Course:
    """All rounds of one race."""

    def __init__(self, drill: RaceDrill, scene: Scene, url: str) -> None:
        self._drill = drill
        self._scene = scene
        self._url = url
        self._target: Target = scene.target(url)
        self._told = self._broken = self._rounds = 0
        self._rules = racing.rules_of(msgspec.to_builtins(drill))
        self._places = Places(str(scene.endpoint(self._target).address[0]), self._target.port)
        self._pause_s = min(APART_S, APART_ALL_S / drill.together) if self._places.number > 1 else 0.0
        self._processes: int | None = None

    @property
    def processes(self) -> int:
        """How many serve; 0 where it is not known."""
        return self._places.number

    def line(self) -> str:
        """Say how it stands."""
        return f"{self._broken} of {self._rounds} rounds broke a rule"

    def round(self, token: Token) -> None:
        """Do one round and write it down."""
        drill, scene = self._drill, self._scene
        for one in drill.prepare:
            self._ask(one, token)
        before = self._value(drill.unchanged, token)[1]
        asked = [whole(scene.load, one) for one in scene.load.requests]
        requests = [filled(asked[n % len(asked)], token, n) for n in range(drill.together)]
        sent = scene.encode(self._target, self._url, *requests)
        racers, first_ns, last_ns, waiting = self._raced(sent)
        answers = racers.answers()
        then_status, then = self._value(drill.then, token)
        got = [answer for answer in answers if answer.status]
        good = [answer.body for answer in got if answer.status < 300]
        firsts = [answer.first_byte_ns for answer in answers if answer.first_byte_ns]
        race = Race(
            round=token.place,
            token=token.text,
            at_ns=last_ns,
            spread_ns=last_ns - first_ns,
            ahead_ns=min(firsts) - last_ns if firsts else 0,
            statuses=tuple(answer.status for answer in answers),
            failures=tuple(one_line(answer.why, 200) for answer in answers if not answer.status)[:10],
            same=_values(good, drill.same),
            then_status=then_status,
            then=then,
            unready=sum(not answer.ready for answer in answers),
            unique=_values(good, drill.unique),
            before=before,
            after=self._value(drill.unchanged, token)[1],
            waiting=waiting,
            processes=self._processes,
        )
        self._write(race, answers, sent)

    def _raced(self, sent: list[bytes], settle_s: float = SETTLE_S) -> tuple[Racers, int, int, int | None]:
        """Get everything ready, release, and wait for what comes of it. Return the requests, when the first and the
        last of them was released, and how many connections the service had not accepted by then.
        """
        scene, endpoint = self._scene, self._scene.endpoint(self._target, self._scene.load.version)
        racers: Racers = (
            Together(endpoint, sent) if scene.load.version == "2" else Separate(endpoint, sent, self._pause_s)
        )
        try:
            self._serve(racers, lambda: racers.ready)
            scene.clock.sleep(settle_s)
            waiting = self._waiting() if settle_s else None
            self._processes = self._places.taken() if settle_s else self._processes
            first_ns, last_ns = racers.release()
            self._serve(racers, lambda: racers.over)
        finally:
            for wire in racers.wires:
                wire.abort()
        return racers, first_ns, last_ns, waiting

    def _waiting(self) -> int | None:
        """Return how many connections wait to be accepted at the target; None where this machine cannot know."""
        listening = sockets_in(LISTEN) if all(map(is_loopback, self._target.addresses)) else None
        found = None if listening is None else [one.queue for one in listening if one.port == self._target.port]
        return sum(found) if found else None

    def _serve(self, racers: Racers, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._scene.load.timeout_s
        while not done() and time.monotonic() < deadline:
            serve(racers.wires, _LOOK_S)
            self._scene.room.tick()

    def _write(self, race: Race, answers: list[Answer], sent: list[bytes]) -> None:
        self._rounds += 1
        if racing.broken(race, self._rules):
            self._broken += 1
            if self._told < TOLD:
                self._told += 1
                race = msgspec.structs.replace(race, told=_told(answers, sent))
        self._scene.room.emit(race)
        if self._rounds == 1 and not any(answer.status for answer in answers):
            why = answers[0].why
            why = why if why != OPEN else f"no whole answer within {self._scene.load.timeout_s:g} s"
            raise SubjectError(f"{redact(self._url)} answered none of the requests of the first round: {why}")

    def _value(self, asked: dict[str, Any], token: Token) -> tuple[int | None, str | None]:
        """Ask, and return the status and the value; None of what did not come."""
        if not asked:
            return None, None
        answer = self._ask(_request_table(asked), token)
        return answer.status or None, values.value_of(answer.body, values.path_of(asked["value"]))

    def _ask(self, table: dict[str, Any], token: Token) -> Answer:
        """Send one request by itself and return what came."""
        request = filled(whole(self._scene.load, msgspec.convert(table, RequestSpec)), token, 0)
        racers, *_ = self._raced(self._scene.encode(self._target, self._url, request), settle_s=0.0)
        return racers.answers()[0]


def _values(bodies: list[bytes], path: str | None) -> tuple[str, ...]:
    found = [] if path is None else [values.value_of(body, values.path_of(path)) for body in bodies]
    return tuple(one for one in found if one is not None)


def _refuse_strange(request: RequestSpec) -> None:
    name = strange(request)
    if name is not None:
        close = nearest(name, list(NAMES))
        raise UsageError(
            f"race: nothing fills in {{{{{name}}}}}; there are {', '.join(f'{{{{{known}}}}}' for known in NAMES)}",
            hint=f"did you mean {{{{{close}}}}}?" if close else None,
        )


def _request_table(asked: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if key not in {"value", *_BOUNDS}}


def _told(answers: list[Answer], sent: list[bytes]) -> tuple[str, ...]:
    """Tell the request and every answer, redacted and cut; answers that are the same are told once."""
    head = one_line(redact(sent[0].decode("latin-1")), _BODY_TOLD)
    counts: dict[str, int] = {}
    for answer in answers:
        body = one_line(redact(answer.body[:2000].decode(errors="replace")), _BODY_TOLD)
        words = f"{answer.status} {body}".strip() if answer.status else f"no whole answer ({answer.why})"
        counts[words] = counts.get(words, 0) + 1
    return (head, *(f"{count} x {words}" for words, count in sorted(counts.items(), key=lambda one: -one[1])[:10]))
