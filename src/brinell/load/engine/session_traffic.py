"""Requests of sessions: each is due when the one before it was answered and its think time has passed.

Partly open (Schroeder, Wierman, Harchol-Balter, NSDI 2006): sessions come by the schedule. Closed: a fixed number of
users, each beginning a new session when the last one ended. Sessions share the connections: a request takes a free one,
else opens one while fewer than allowed are open, else waits, first come first served, counted from due.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, cast

from brinell.core import outcomes
from brinell.load.engine.agenda import Agenda, Schedule
from brinell.load.engine.connection import IDLE, Connection, Host
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.exchange import Exchange
from brinell.load.engine.limited import NO_BOUNDS, NO_CONNECTION, Bounds, Manners, break_stale
from brinell.load.engine.session import Aborted, Answer, Pause, Send, Session, Sessions, Spent, Wrong
from brinell.load.engine.traffic import LONGEST_PAUSE_NS, PAUSE_NS, Means, Traffic
from brinell.load.engine.work import Operation

ABORTED = "aborted"  # the outcome of a sample that tells why a session ended before its time; no request's outcome
_LONGEST_THOUGHT_S = 86_400.0

_now = time.monotonic_ns


class User:
    """Who goes through a session. ``answer`` waits to be told, ``send`` is under way, due at ``due``. ``reached``: the
    subject answered something in this session. ``failures``: attempts in a row that were not. ``began``: when, ns.
    """

    __slots__ = ("answer", "began", "due", "failures", "reached", "send", "session", "woken")

    def __init__(self, session: Session | None, failures: int = 0) -> None:
        self.session = session
        self.failures = failures
        self.answer: Answer | None = None
        self.send: Send
        self.due = self.woken = self.began = 0
        self.reached = False


class Branch:
    """Another place than the scenario's own, where redirects lead: a host of connections that counts as the traffic."""

    def __init__(self, traffic: SessionTraffic, endpoint: Endpoint) -> None:
        self.poller = traffic.poller
        self.patient, self.urgent = traffic.patient, traffic.urgent
        self.family, self.address, self.tls, self.tls_name = endpoint
        self.repeated = traffic.repeated
        self.answered = traffic.answered
        self.failed = traffic.failed


class SessionTraffic(Traffic):
    """Sessions by the schedule, or of users in turn. ``begun``, ``completed`` and ``aborted`` count sessions; the rest
    were cut off at the end. ``spent``: there was nothing left to begin.
    """

    def __init__(
        self, means: Means, connections: int, sessions: Sessions, *, closed: bool, bounds: Bounds = NO_BOUNDS
    ) -> None:
        super().__init__(means, connections)
        self._bounds = bounds
        self._manners = Manners(bounds)
        self.begun = self.completed = self.aborted = 0
        self._sessions = sessions
        self._numbers = means.numbers
        self._keeps = means.keep_alive
        self._users = connections if closed else 0
        self._requests = self._live = 0
        self._resuming = 0  # users whose answer waits to be told
        self._owed: deque[User] = deque()
        self._resting: dict[Endpoint | None, list[Connection]] = {None: self._free}
        self._branches: dict[Endpoint, Branch] = {}
        self._agenda: Agenda[User]

    # --- for the engine ---------------------------------------------------------------------------------------------

    @property
    def scheduled(self) -> int:
        """Requests that fell due."""
        return self._requests

    @property
    def waiting(self) -> int:
        """Due requests without a connection."""
        return len(self._owed)

    @property
    def in_flight(self) -> int:
        """Requests under way, and answers of failed ones that their session has not been told."""
        return len(self.open) - sum(map(len, self._resting.values())) + self._resuming

    @property
    def sessions(self) -> tuple[int, int, int] | None:
        """Sessions begun, completed and aborted so far."""
        return self.begun, self.completed, self.aborted

    def agenda(self, schedule: Schedule) -> Schedule:
        """Return the schedule with the wake-ups of sessions in it."""
        self._agenda = Agenda(schedule, self._wake)
        return self._agenda

    def begin(self) -> None:
        """Let every user of the closed model begin."""
        for _ in range(self._users):
            now = _now()
            if now < self.until_ns:
                self._come(self._manners.first_ns(now), now)

    def issue(self, due: int, now: int) -> None:
        """Begin the session that fell due."""
        self._arrive(due, now)

    def tick(self, now: int, limit_ns: int) -> None:
        """Shed what has waited too long, too."""
        if self._bounds.shed_ns:
            stale = break_stale(self.open, now, self._bounds.shed_ns)  # which lets others be shed meanwhile
            self.shed += stale
            self._drop(now)
        super().tick(now, limit_ns)

    def give_up(self, *, record: bool) -> int:
        """As ``Traffic.give_up``; of sessions only the request that was due counts. What came last is still told."""
        for user in self._agenda.take():
            if user.answer is not None:
                self._wake(user, self.until_ns)
        waiting = [(user.send.operation, user.due) for user in self._owed]
        self._owed.clear()
        now = _now()
        for operation, due in waiting if record else ():
            operation.cell(outcomes.UNFINISHED).record(now - due, None)
        return super().give_up(record=record) + len(waiting)

    # --- for connections --------------------------------------------------------------------------------------------

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """Nothing is known beforehand where every request is another one."""
        raise AssertionError(f"{operation.name} was answered with what nobody remembered at {ended_ns}, {connection}")

    def answered(self, connection: Connection, ended_ns: int, outcome: str, *, keep: bool) -> None:
        """Count a complete answer, let the next request have the connection, and tell the session."""
        exchange: Any = connection  # an Exchange; a cast would be a call, here where every request passes
        user: User = exchange.user
        send = user.send
        due, started, operation = connection.due, connection.started, connection.operation
        status, headers, body, said = exchange.answer()
        answer = Answer(status, headers, body, outcome, said, ended_ns, due, started)
        why = ""
        if outcome == outcomes.OK and send.check is not None:
            answer = _checked(send, answer)
            if answer.outcome != outcome:
                operation.move_bytes(outcome, answer.outcome, exchange.taken)
                outcome, why = answer.outcome, answer.detail
        if outcome == outcomes.OK:
            operation.add_response(ended_ns - due)
            operation.add_service(ended_ns - started)
        else:
            operation.cell(outcome).record(ended_ns - due, ended_ns - started)
        if ended_ns - due > self._floor_ns or outcome != outcomes.OK:
            self._example(connection, ended_ns, outcome, why)
        user.reached = True
        user.failures = 0
        if keep and self._keeps and not self._owed:
            connection.operation = IDLE
            self._resting[exchange.place].append(connection)
        else:
            self._release(connection, keep=keep and self._keeps)
        self._go(user, answer, ended_ns, ended_ns)

    def failed(self, connection: Connection, ended_ns: int, outcome: str, detail: str) -> None:
        """Count a failure; its session is told in the loop's next turn, later where the subject cannot be reached."""
        self.open.discard(connection)
        operation = connection.operation
        if operation is IDLE:
            resting = self._resting[cast("Exchange", connection).place]
            if connection in resting:
                resting.remove(connection)
            return
        due, started = connection.intended, connection.started
        operation.cell(outcome).record(ended_ns - due, ended_ns - started if started else None)
        self._example(connection, ended_ns, outcome, detail)
        connection.operation = IDLE
        user: User = cast("Exchange", connection).user
        user.answer = Answer(0, (), b"", outcome, detail, ended_ns, due, started)
        user.reached = user.reached or connection.used
        self._resuming += 1
        now = _now()
        self._agenda.add(now if connection.used else now + self._pause_ns(user), user)
        self.pump(now)

    # --- sessions ---------------------------------------------------------------------------------------------------

    def _arrive(self, due: int, now: int, failures: int = 0) -> None:
        try:
            session = self._sessions.begin(next(self._numbers))
        except Spent:
            self._spend(now)
            return
        self.begun += 1
        self._live += 1
        user = User(session, failures)
        user.began = due
        self._go(user, None, due, now)

    def _wake(self, user: User, due: int) -> None:
        """A thought is over, a failure can be told, or a user comes back."""
        answer, user.answer = user.answer, None
        if answer is not None:
            self._resuming -= 1
        if user.session is not None:
            self._go(user, answer, due, _now())
        elif due < self.until_ns:
            self._arrive(due, _now(), user.failures)

    def _go(self, user: User, answer: Answer | None, due: int, woken: int) -> None:
        """Tell the session what came and do what it wants next, which is due at ``due``."""
        try:
            step = user.session.send(answer)  # type: ignore[union-attr]  # who has none is not here
        except StopIteration:
            self.completed += 1
        except Aborted as ended:
            self._abort(ended.operation, due, ended.why)
        except Exception as fault:  # noqa: BLE001 - whatever the session's author got wrong ends the session, not the run
            self._abort("session", due, f"{type(fault).__name__}: {fault}")
        else:
            if due < self.until_ns:
                self._do(user, step, due, woken)
            return
        self._live -= 1
        self._next(user, _now())

    def _next(self, user: User, now: int) -> None:
        """A session ended: its user begins another one, where users do."""
        if self.spent and not self._live:
            self.until_ns = min(self.until_ns, now)
        if not self._users or now >= self.until_ns:
            return
        if user.reached:
            self._come(self._manners.next_ns(user.began, now) if self._bounds.users_wait else now, now)
        else:  # a session that asked nothing, or nobody: not again and again without a pause
            self._agenda.add(now + self._pause_ns(user), User(None, user.failures))

    def _come(self, when: int, now: int) -> None:
        """Let a user begin a session now, or later."""
        if when <= now:
            self._arrive(now, now)
        else:
            self._agenda.add(when, User(None))

    def _do(self, user: User, step: Send | Pause, due: int, woken: int) -> None:
        if isinstance(step, Send) and self._requests == self._bounds.requests:
            self.spent = True  # one more than may be sent: the schedule ends here
            self.until_ns = min(self.until_ns, woken)
        elif isinstance(step, Send):
            user.send, user.due, user.woken = step, due, woken
            self._requests += 1
            self._demand(user)
        else:
            seconds = min(step.seconds, _LONGEST_THOUGHT_S) if step.seconds > 0 else 0.0
            self._agenda.add(due + int(seconds * 1e9), user)

    def _abort(self, operation: str, due: int, why: str) -> None:
        self.aborted += 1
        if why:
            self._exemplars.error(operation, ABORTED, (due, due, 0, _now()), why)

    def _spend(self, now: int) -> None:
        """Nothing is left to begin: sessions under way go on to their end, and that is the run's."""
        self.spent = True
        self._users = 0
        self._agenda.spend()
        if not self._live:
            self.until_ns = min(self.until_ns, now)

    def _pause_ns(self, user: User) -> int:
        """How long a user who could not reach the subject stays away; after the end, nobody waits."""
        if _now() >= self.until_ns:
            return 0
        user.failures += 1
        return min(PAUSE_NS << min(user.failures - 1, 10), LONGEST_PAUSE_NS)

    # --- connections ------------------------------------------------------------------------------------------------

    def _demand(self, user: User) -> None:
        """Send the user's request, or let it wait."""
        resting = self._resting.get(user.send.to)
        if resting:
            self._start(resting.pop(), user)
        elif len(self.open) < self._most or self._has_made_room():
            self._open_for(user)
        else:
            self._owed.append(user)

    def _start(self, connection: Connection, user: User) -> None:
        exchange: Any = connection
        send = user.send
        exchange.request = send.request
        exchange.user = user
        connection.begin(send.operation, user.due, user.woken, _now())

    def _open_for(self, user: User) -> None:
        send = user.send
        connection = self._connection(self._host(send.to))
        connection.failures = user.failures
        exchange = cast("Exchange", connection)
        exchange.request, exchange.user, exchange.place = send.request, user, send.to
        self.open.add(connection)
        connection.open(send.operation, user.due, user.woken)

    def _host(self, place: Endpoint | None) -> Host:
        if place is None:
            return self
        found = self._branches.get(place)
        if found is None:
            found = self._branches[place] = Branch(self, place)
            self._resting[place] = []
        return found

    def _has_made_room(self) -> bool:
        """Close a resting connection to somewhere else, if there is one."""
        for resting in self._resting.values():
            if resting:
                gone = resting.pop(0)
                gone.close()
                self.open.discard(gone)
                return True
        return False

    def _release(self, connection: Connection, *, keep: bool) -> None:
        """The connection has no request any more."""
        exchange = cast("Exchange", connection)
        connection.operation = IDLE
        if self._bounds.shed_ns:
            self._drop(_now())
        if not keep:
            connection.close()
            self.open.discard(connection)
            self.pump(0)
        elif self._owed and self._owed[0].send.to == exchange.place:
            self._start(connection, self._owed.popleft())
        else:
            self._resting[exchange.place].append(connection)
            self.pump(0)

    def _drop(self, now: int) -> None:
        """Shed requests that have waited too long for a connection, and tell their sessions in the loop's next turn."""
        edge = now - self._bounds.shed_ns
        while self._owed and self._owed[0].due <= edge:
            user = self._owed.popleft()
            self.shed += 1
            operation = user.send.operation
            operation.cell(outcomes.SHED).record(now - user.due, None)
            self._exemplars.error(operation.name, outcomes.SHED, (user.due, user.woken, 0, now), NO_CONNECTION)
            user.answer = Answer(0, (), b"", outcomes.SHED, NO_CONNECTION, now, user.due, 0)
            self._resuming += 1
            self._agenda.add(now, user)

    def _open_owed(self, now: int) -> None:  # noqa: ARG002 - as all traffic
        while self._owed and (len(self.open) < self._most or self._has_made_room()):
            self._demand(self._owed.popleft())

    def _go_on(self, connection: Connection, now: int) -> None:
        raise AssertionError(f"{connection} has no next request of its own at {now}")

    def _replace(self, gone: Connection, now: int) -> None:
        raise AssertionError(f"{gone} is nobody's at {now}")


def _checked(send: Send, answer: Answer) -> Answer:
    """Let the request's check look at an answer; a check that fails itself says so."""
    try:
        wrong = send.check(answer) if send.check is not None else None
    except Exception as fault:  # noqa: BLE001 - whatever the check's author got wrong is told, and ends nothing
        wrong = f"the check itself failed: {type(fault).__name__}: {fault}"
    if wrong is None:
        return answer
    outcome = wrong.outcome if isinstance(wrong, Wrong) else outcomes.CHECK
    return answer._replace(outcome=outcome, detail=f"{wrong} ({answer.detail})" if answer.detail else wrong)
