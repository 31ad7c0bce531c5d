"""Sessions of a scenario: the requests of each in their order, cookies, redirects, think time."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from brinell.core import outcomes
from brinell.core.plan import LoadSpec, SessionSpec
from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.session import Aborted, Answer, Pause, Send, Session, Stage
from brinell.load.scenario import verify
from brinell.load.scenario.cookies import Jar
from brinell.load.scenario.data import Source
from brinell.load.scenario.draws import Draws
from brinell.load.scenario.pieces import Unsendable
from brinell.load.scenario.redirects import STATUSES, Hop, Place, Redirects, Refused
from brinell.load.scenario.scope import Scope
from brinell.load.scenario.script import Script

_TELLING = frozenset({"authorization", "cookie", "proxy-authorization"})


def factory(options: dict[str, Any], stage: Stage) -> Play:
    """Return the sessions of what ``verify.wired`` made."""
    return Play(msgspec.convert(options, verify.Wired), stage)


class Step:
    """A request of a session with its operations: as asked for, and where redirects led."""

    def __init__(self, script: Script, spec: LoadSpec, stage: Stage) -> None:
        self.script = script
        expect = script.expect + STATUSES if script.expect and spec.redirects else script.expect
        keep_bytes = stage.keep_bytes if script.reads_body else 0
        made = partial(
            ExchangeOperation,
            recorder=stage.recorder,
            bodiless=script.method == "HEAD",
            expect=expect,
            keep_bytes=keep_bytes,
        )
        self.operation = made(script.name)
        self.redirected = made(f"{script.name} (redirected)")
        # To the scenario's own place and nowhere else: no redirects, no address that an answer gave.
        self.at_home = not spec.redirects and script.address is None


class Kind:
    """One kind of session. ``sources`` are the data it takes a row of."""

    def __init__(self, spec: SessionSpec, steps: list[Step], sources: list[tuple[str, Source]]) -> None:
        self.steps = steps
        self.sources = sources
        self.repeat = spec.repeat
        self.think_s = spec.think_s
        self.thinks = max(spec.think_s) > 0
        self.is_single = len(steps) == 1 and spec.repeat == 1 and steps[0].at_home and not self.thinks


class Play:
    """All sessions of a scenario in one worker."""

    def __init__(self, wired: verify.Wired, stage: Stage) -> None:
        spec, target = wired.spec, wired.target
        self._seed = stage.seed
        self._fresh = stage.fresh
        self._closed = stage.closed
        self._go_on = spec.go_on
        self._cookies = spec.cookies
        self._most = spec.redirects
        self._sequence = itertools.count(stage.worker + 1, stage.workers)
        self._home = Place(target.scheme, target.host, target.authority, None)
        self._redirects = Redirects(self._home, wired.allow, verify_tls=stage.verify_tls)
        self._kinds = _kinds(wired, stage)
        self._edges = list(itertools.accumulate(one.weight for one in verify.sessions_of(spec)))

    def begin(self, user: int) -> Session:
        """Return the session of that number: its kind and what it draws follow from the seed and the number."""
        draws = Draws(self._seed, user, self._fresh)
        kind = self._kinds[0]
        if len(self._kinds) > 1:
            kind = self._kinds[bisect_right(self._edges, draws.unit() * self._edges[-1], hi=len(self._kinds) - 1)]
        scope = Scope(draws, self._sequence, {name: source.row(draws) for name, source in kind.sources})
        return self._one(kind.steps[0], scope) if kind.is_single and not self._cookies else self._all(kind, scope)

    def _one(self, step: Step, scope: Scope) -> Session:
        """A session of one request and nothing else."""
        answer = yield self._plain(step, scope)
        if answer is None or answer.outcome != outcomes.OK:
            raise Aborted

    def _all(self, kind: Kind, scope: Scope) -> Session:
        jar = Jar() if self._cookies else None
        is_first = True
        for step in itertools.chain.from_iterable(itertools.repeat(kind.steps, kind.repeat)):
            if kind.thinks and not is_first:
                yield Pause(scope.draws.between(*kind.think_s))
            is_first = False
            if not step.at_home:
                answer = yield from self._ask(step, scope, jar)
            elif jar is None:
                answer = yield self._plain(step, scope)
            else:
                answer = yield from self._with_cookies(step, scope, jar)
            if (answer is None or answer.outcome != outcomes.OK) and not self._go_on:
                raise Aborted
        if kind.thinks and self._closed:
            yield Pause(scope.draws.between(*kind.think_s))

    def _plain(self, step: Step, scope: Scope) -> Send:
        script = step.script
        try:
            request = script.render(scope)
        except (KeyError, Unsendable) as fault:
            raise _unsendable(script, fault) from None
        return Send(step.operation, request, partial(script.judge, scope=scope) if script.judges else None)

    def _with_cookies(self, step: Step, scope: Scope, jar: Jar) -> Any:
        script, home = step.script, self._home
        try:
            request, path = script.render_with(scope, partial(jar.header, home.host, secure=home.scheme == "https"))
        except (KeyError, Unsendable) as fault:
            raise _unsendable(script, fault) from None
        answer = yield Send(step.operation, request, partial(script.judge, scope=scope) if script.judges else None)
        jar.take(home.host, path, answer.headers)
        return answer

    def _ask(self, step: Step, scope: Scope, jar: Jar | None) -> Any:
        """Send a request and the next ones that its answers lead to; return the last answer."""
        script = step.script
        try:
            place, path = self._beginning(script, scope)
            fields, content = script.fields(scope), script.content(scope)
        except (KeyError, Unsendable, Refused) as fault:
            raise _unsendable(script, fault) from None
        operation, method = step.operation, script.method
        for left in range(self._most, -1, -1):
            follow = _Follow(self._redirects if self._most else None, script, scope, (place, path, method), left)
            sent = _for_place(fields, place, self._home)
            cookie = jar.header(place.host, path, secure=place.scheme == "https") if jar else ""
            if cookie:
                sent.append(("Cookie", cookie.encode("latin-1")))
            answer = yield Send(operation, script.frame(method, path, sent, content), follow, place.endpoint)
            if jar is not None:
                jar.take(place.host, path, answer.headers)
            if follow.hop is None or answer.outcome != outcomes.OK:
                return answer
            operation = step.redirected
            place, path, same = follow.hop
            if not same:
                method, content = "GET", b""
                fields = [(name, value) for name, value in fields if name.lower() != "content-type"]
        return answer

    def _beginning(self, script: Script, scope: Scope) -> tuple[Place, str]:
        if script.address is None:
            return self._home, b"".join(one if isinstance(one, bytes) else one(scope) for one in script.path).decode()
        return self._redirects.leads(script.address(scope), self._home, "/")


class _Follow:
    """The check of one answer on the way: ``hop`` is where it leads."""

    def __init__(
        self, redirects: Redirects | None, script: Script, scope: Scope, asked: tuple[Place, str, str], left: int
    ) -> None:
        self.hop: Hop | None = None
        self._redirects = redirects
        self._script = script
        self._scope = scope
        self._asked = asked
        self._left = left

    def __call__(self, answer: Answer) -> str | None:
        script = self._script
        if self._redirects is not None:
            try:
                hop = self._redirects.hop(answer, *self._asked)
            except Refused as refused:
                return str(refused)
            if hop is not None:
                if not self._left:
                    return "it leads on, and no more redirects are followed"
                self.hop = hop
                return None
            if script.expect and answer.status not in script.expect:
                return f"status {answer.status} without a Location"
        return script.judge(answer, self._scope) if script.judges else None


def _for_place(fields: list[tuple[str, bytes]], place: Place, home: Place) -> list[tuple[str, bytes]]:
    """Return the headers for a place: what tells who asks stays with the scenario's own."""
    if place is home:
        return list(fields)
    kept = [(name, value) for name, value in fields if name.lower() not in _TELLING and name.lower() != "host"]
    return [("Host", place.authority.encode()), *kept]


def _unsendable(script: Script, fault: Exception) -> Aborted:
    if isinstance(fault, KeyError):
        return Aborted(f"{fault.args[0]} is used, and no answer of this session gave it", script.name)
    return Aborted(str(fault), script.name)


def _kinds(wired: verify.Wired, stage: Stage) -> list[Kind]:
    spec = wired.spec
    sources = {
        one.name: Source(rows, one.order, stage.worker, stage.workers)
        for one, rows in zip(spec.data, verify.rows_of(spec, Path(wired.root)), strict=True)
    }
    made = []
    for session, scripts in verify.scripts(spec, wired.target, Path(wired.root)):
        steps = [Step(script, spec, stage) for script in scripts]
        used = verify.variables_of(session)
        made.append(Kind(session, steps, [(name, source) for name, source in sources.items() if name in used]))
    return made
