"""Flows as sessions: a coroutine is sent what came of its requests, by our loop.

An assertion about an answer is made while the answer is looked at (``Send.check``), so that it counts as that answer's
outcome: the flow goes on inside the check, as far as to what it awaits next, which is then what the session yields.
"""

from __future__ import annotations

import contextlib
import time
from bisect import bisect_right
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from brinell.core import outcomes
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.session import Aborted, Answer, Pause, Send, Session, Stage, Wrong
from brinell.load.flows.loading import load
from brinell.load.flows.marks import Flow
from brinell.load.flows.requests import Requests
from brinell.load.flows.telling import Place
from brinell.load.flows.user import Ask, RequestFailed, Response, Sleep, User
from brinell.load.scenario.cookies import Jar
from brinell.load.scenario.draws import Draws
from brinell.load.scenario.redirects import Hop, Redirects, Refused
from brinell.load.scenario.redirects import Place as Origin

REDIRECTED = " (redirected)"
BLOCKED_NS = 100_000_000
BLOCKED = "flow-blocked"  # the outcome of a sample; no request's outcome

_now = time.monotonic_ns


def sessions(options: dict[str, Any], stage: Stage) -> FlowSessions:
    """Return the users of one worker: a factory (``WireSessions``)."""
    return FlowSessions(options, stage)


class FlowSessions:
    """Begins a session of one flow, drawn by weight from the seed and the session's number."""

    def __init__(self, options: dict[str, Any], stage: Stage) -> None:
        home = Origin(options["scheme"], options["host"], options["authority"], None)
        self.prefix: str = options["prefix"]
        self.most_redirects: int = options["redirects"]
        self.redirects = Redirects(home, options["allow"], verify_tls=stage.verify_tls)
        self.requests = Requests(options["lines"], home, stage.recorder, stage.keep_bytes)
        self.recorder: Recorder = stage.recorder
        self.place = Place(options["file"], options["root"])
        self._seed = stage.seed
        self._flows = load(Path(options["file"]), Path(options["root"]))
        self._bounds = list(accumulate(flow.weight for flow in self._flows))

    def begin(self, user: int) -> Session:
        """Return a new session, not started."""
        flow = self._flows[0]
        if len(self._flows) > 1:
            drawn = Draws(self._seed, user).unit() * self._bounds[-1]
            flow = self._flows[min(bisect_right(self._bounds, drawn), len(self._flows) - 1)]
        return Course(self, flow, User(user, self._seed)).session()


class Course:
    """One user's way through a flow. ``wanted`` is what it awaits; None: it has ended. ``fault``: how it went wrong."""

    def __init__(self, shared: FlowSessions, flow: Flow, user: User) -> None:
        self._shared = shared
        self._flow = flow
        self._user = user
        self._jar = Jar()
        self._coroutine: Coroutine[Any, Any, Any]
        self._wanted: Ask | Sleep | None = None
        self._fault: Wrong | None = None
        self._resumed = False
        self._origin = shared.redirects.home
        self._path = ""
        self._hop: Hop | None = None
        self._hops = 0

    def session(self) -> Session:
        """Go through the flow."""
        self._coroutine = self._flow.body(self._user)  # type: ignore[assignment]  # marks let in nothing else
        try:
            self._go_on(lambda: self._coroutine.send(None))
            self._end_if_wrong(f"flow {self._flow.name}")
            while (wanted := self._wanted) is not None:
                if isinstance(wanted, Sleep):
                    yield Pause(wanted.seconds)
                    self._go_on(lambda: self._coroutine.send(None))
                    self._end_if_wrong(f"flow {self._flow.name}")
                else:
                    yield from self._ask(wanted)
        finally:
            with contextlib.suppress(Exception):  # what a flow does at its end is not waited for
                self._coroutine.close()

    def _ask(self, ask: Ask) -> Generator[Send | Pause, Answer | None, None]:
        """Send one request, and those that its redirects make of it."""
        shared = self._shared
        self._origin, self._hops = shared.redirects.home, shared.most_redirects
        self._path = f"{shared.prefix}{self._user.base_path}{ask.path}"
        while True:
            self._resumed, self._hop = False, None
            operation = shared.requests.operation(ask, self._path, follows=self._hops > 0)
            cookies = self._jar.header(self._origin.host, self._path, secure=self._origin.scheme == "https")
            request = shared.requests.written(ask, self._user, self._origin, self._path, cookies)
            answer = yield Send(operation, request, partial(self._look, ask), self._origin.endpoint)
            if answer is None:
                raise AssertionError("a request was answered with nothing")
            if self._hop is None:
                break
            self._origin, self._path = self._hop.place, self._hop.path
            self._hops -= 1
            ask = _redirected(ask, same_method=self._hop.same_method)
        if self._resumed:
            if self._fault is not None:
                raise Aborted  # its request's sample tells why
            return
        self._tell(answer)
        self._end_if_wrong(operation.name, counted=answer.outcome != outcomes.OK)

    def _look(self, ask: Ask, answer: Answer) -> Wrong | None:
        """Look at an answer that came as expected: follow where it leads, else let the flow see it."""
        self._jar.take(self._origin.host, self._path, answer.headers)
        if self._hops:
            try:
                self._hop = self._shared.redirects.hop(answer, self._origin, self._path, ask.method)
            except Refused as refused:
                self._resumed = True
                self._fault = Wrong(str(refused))
                return self._fault
            if self._hop is not None:
                return None
            if ask.expect and answer.status not in ask.expect:  # a redirect to nowhere: an answer like others
                return Wrong(f"status {answer.status} without a Location", outcomes.of_status(answer.status))
        self._resumed = True
        self._go_on(lambda: self._coroutine.send(Response(answer)))
        return self._fault

    def _tell(self, answer: Answer) -> None:
        """Let the flow see an answer with an unexpected status, or that none came."""
        if answer.status:
            self._jar.take(self._origin.host, self._path, answer.headers)
            self._go_on(lambda: self._coroutine.send(Response(answer)))
        else:
            self._go_on(lambda: self._coroutine.throw(RequestFailed(answer.outcome, answer.detail)))

    def _go_on(self, step: Callable[[], object]) -> None:
        """Let the flow run up to what it awaits next."""
        began = _now()
        place = self._shared.place
        self._wanted = self._fault = None
        try:
            given = step()
        except StopIteration:
            pass
        except AssertionError as error:
            self._fault = Wrong(place.assertion(error))
        except RequestFailed as error:
            self._fault = Wrong(str(error), counted=True)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - it is the user's code: SystemExit, too, ends its session only
            self._fault = Wrong(place.exception(error), outcomes.FLOW_ERROR)
        else:
            if isinstance(given, Ask | Sleep):
                self._wanted = given
            else:
                self._fault = Wrong(place.awaited(self._coroutine), outcomes.FLOW_ERROR)
        ended = _now()
        if ended - began > BLOCKED_NS:
            self._tell_of_block(began, ended)

    def _tell_of_block(self, began: int, ended: int) -> None:
        words = (
            f"the flow itself took {(ended - began) / 1e9:.3g} s between two things that it awaited: every other user "
            "waited for it (time.sleep, a blocking client, much work?)"
        )
        self._shared.recorder.exemplars.error(f"flow {self._flow.name}", BLOCKED, (began, began, began, ended), words)

    def _end_if_wrong(self, operation: str, *, counted: bool = False) -> None:
        fault = self._fault
        if fault is not None:
            told = counted and (fault.outcome == outcomes.CHECK or fault.counted)
            raise Aborted("" if told else f"{fault.outcome}: {fault}", operation)


def _redirected(ask: Ask, *, same_method: bool) -> Ask:
    """What a redirect makes of a request: the same again or, of one with a body, a GET without it (RFC 9110, 15.4.4).

    A name that was given is the first request's; the hops have another, so that it counts once.
    """
    method = ask.method if same_method or ask.method == "HEAD" else "GET"
    name = ask.name if ask.name is None or ask.name.endswith(REDIRECTED) else f"{ask.name}{REDIRECTED}"
    made = Ask(method, ask.path, name, ask.headers)
    made.expect = ask.expect
    if same_method:
        made.body, made.content_type = ask.body, ask.content_type
    return made
