"""What one user does, one request after the other: a generator that says what it wants next and is told what came.

The loop drives it; nothing is awaited and no task exists. It yields ``Send`` and is sent the ``Answer``, or ``Pause``
and is sent None. Returning ends the session well; raising ``Aborted`` ends it before its time; any other exception does
too, and is told as the fault of whoever wrote the session.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple, Protocol, Self

from brinell.core import outcomes
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation


class Answer(NamedTuple):
    """What came of one request. ``status`` 0: no complete answer. ``headers`` as they came, in order; ``body`` decoded
    and capped (``detail`` says so), empty where the operation keeps none. ``outcome`` is one of ``core.outcomes``,
    after the request's check. Instants on the monotonic clock; ``started_ns`` 0: never sent.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    outcome: str
    detail: str
    ended_ns: int
    due_ns: int = 0
    started_ns: int = 0


class Send(NamedTuple):
    """One request, made when it is about to be sent. ``check`` says what is wrong with an answer that came whole with
    an expected status, or None; what it finds wrong counts as the outcome ``check``. ``to``: not the scenario's place.
    """

    operation: Operation
    request: bytes
    check: Callable[[Answer], str | None] | None = None
    to: Endpoint | None = None


class Wrong(str):  # noqa: SLOT000 - a text with two words more, made only where something is wrong
    """What a check finds wrong, counted as another outcome than ``check``. ``counted``: it is an error of its request's
    already.
    """

    outcome: str
    counted: bool

    def __new__(cls, words: str, outcome: str = outcomes.CHECK, *, counted: bool = False) -> Self:
        """Return the words."""
        made = super().__new__(cls, words)
        made.outcome = outcome
        made.counted = counted
        return made


class Pause(NamedTuple):
    """Think time. The next request is due at its end."""

    seconds: float


Session = Generator[Send | Pause, Answer | None, None]


class Aborted(Exception):  # noqa: N818 - a way to end, not always an error
    """Ends a session before its time. ``why`` is kept as a sample where no request's own sample tells it ("": none)."""

    def __init__(self, why: str = "", operation: str = "session") -> None:
        super().__init__(why)
        self.why = why
        self.operation = operation


class Spent(Exception):  # noqa: N818 - an end, not an error
    """``begin`` has nothing left to begin: data to be used once are used up. The worker ends there."""


class Sessions(Protocol):
    """Everything a scenario's users do; made by the driver in the worker."""

    def begin(self, user: int) -> Session:
        """Return a new session, not started. ``user`` counts the sessions begun by all workers: worker *w* of *W* gives
        *w*, *w + W*, ...; what is drawn for it should follow from the seed and that number alone. ``Spent`` at the end.
        """
        ...


class Stage(NamedTuple):
    """What a factory of sessions is given in its worker: ``factory(options, stage) -> Sessions``."""

    worker: int
    workers: int
    seed: int
    recorder: Recorder
    closed: bool = False  # users in turn: there is a next session, so that think time follows the last request too
    verify_tls: bool = True
    keep_bytes: int = 1 << 20  # of one body: so many that all connections together stay within bounds
    fresh: int = 0  # what makes identities of this start's own
