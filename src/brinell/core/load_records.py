"""Records of a load scenario, whatever its driver: what it asked for, what came back second by second, and what its
generator was at; see ``core.observation``.
"""

from __future__ import annotations

from brinell.core.entry import Entry


class LoadStarted(Entry, frozen=True):
    """A scenario began at ``start_ns``; ``target_rate`` is per second, None in a closed model."""

    scenario: str
    model: str  # open | closed | partly-open
    url: str
    start_ns: int
    span_s: float
    target_rate: float | None
    connections: int
    workers: int
    timeout_s: float
    subject_pids: tuple[int, ...] = ()
    subject_reason: str = ""  # why there are no subject numbers, where there are none
    subject_others: tuple[str, ...] = ()  # who listens, where the process that was named is not of their tree
    shape: str = ""  # its kind
    peak_rate: float | None = None  # the highest rate that is asked for; ``target_rate`` is the average
    stages: tuple[tuple[float, float, float, float], ...] = ()  # from and to (s), rate at either end (per second)
    session_rate: float | None = None  # sessions a second that are asked for, in a partly open model
    socket: str = ""  # what WebSocket connections do: echo, request-reply, broadcast or limit; empty: there are none


class LoadSlice(Entry, frozen=True):
    """One second of one worker, one operation, one outcome. Histograms are sparse: bucket indices and counts.

    ``second`` counts from ``LoadStarted.start_ns`` by the moment a request ended. ``outcome`` is ``ok`` or an error
    kind. Response time counts from the intended start, service time from the actual send.
    """

    worker: int
    second: int
    operation: str
    outcome: str
    count: int
    response: tuple[tuple[int, ...], tuple[int, ...]]
    service: tuple[tuple[int, ...], tuple[int, ...]]
    max_response_ns: int
    max_service_ns: int
    bytes_in: int = 0


class Exemplar(Entry, frozen=True):
    """A bounded sample of single requests: the slowest, and up to three of every error kind."""

    operation: str
    outcome: str
    due_ns: int
    woken_ns: int
    started_ns: int
    ended_ns: int
    detail: str = ""


class GeneratorSecond(Entry, frozen=True):
    """One second of one worker about itself: is it the limit? Lag is woken minus due, sparse like a slice; in a closed
    model, where nothing is due, it is how late the loop came to its own regular appointments.
    """

    worker: int
    second: int
    scheduled: int
    started: int
    cpu_s: float
    lag: tuple[tuple[int, ...], tuple[int, ...]]
    max_lag_ns: int
    waiting: int = 0  # due requests that wait for a free connection at the second's end
    open_connections: int = 0
    gc_s: float = 0.0
    starved_s: float = 0.0  # runnable without a core: this machine, not the worker, was the limit
    sessions: tuple[int, int, int] | None = None  # begun, completed and aborted since the start; None: there are none


class LoadEnded(Entry, frozen=True):
    """The scenario ended; ``scheduled`` requests were due, ``unfinished`` were still in flight after the last wait."""

    scheduled: int
    completed: int
    unfinished: int
    span_s: float  # seconds from the first due time to the end of the schedule, as it was run
    interrupted: bool = False
    worker_failures: tuple[str, ...] = ()
    shed: int = 0
    sent_in_span: int | None = None  # requests whose sending began before the schedule's end; None: not told
    completed_in_span: int | None = None  # complete answers that came before it; ``completed`` has the later ones too
    planned: int | None = None  # requests that the schedule has in ``span_s``; None: it has none, or nobody counted
    sessions: tuple[int, int, int] | None = None  # begun, completed, aborted; None: requests were no sessions'
