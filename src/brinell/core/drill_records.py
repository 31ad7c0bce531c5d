"""What is written down of a drill: its instants on the clock of the load beside it, and what it counted itself."""

from __future__ import annotations

from typing import Any

from brinell.core.entry import Entry


class DrillStarted(Entry, frozen=True):
    """A drill began. ``url`` is where its requests go; ``command`` what it started itself, redacted."""

    drill: str
    at_ns: int
    url: str = ""
    command: tuple[str, ...] = ()


class DrillMark(Entry, frozen=True):
    """An instant by name, such as ``signal``, ``port-closed`` or ``exited``; ``detail`` is untrusted, redacted text."""

    what: str
    at_ns: int
    detail: str = ""


class DrillEnded(Entry, frozen=True):
    """A drill is over. ``seen`` are numbers and texts by name that no other record has."""

    at_ns: int
    seen: dict[str, Any] = {}
    interrupted: bool = False


class Race(Entry, frozen=True):
    """One round: requests released together. ``spread_ns`` is from the first release to the last.

    ``ahead_ns`` is how long after the last release the first answer came; below 0 it came before, and the requests were
    not under way together. ``statuses`` are 0 where no complete answer came, and ``failures`` says why. ``same`` is the
    value that should be the same, as JSON, one for each answer that has it; ``then`` the value asked for afterwards, as
    JSON. ``told`` are requests and answers in words, of the first rounds that need them. ``unready`` requests were not
    there when the others were released. ``unique`` is the value that should be another in each answer; ``before`` and
    ``after`` are the value that should not change. ``waiting`` connections had not been accepted when the requests were
    released; None: not known. ``processes`` of the service had taken those that were accepted; None where it has one
    only, or it is not known.
    """

    round: int
    token: str
    at_ns: int
    spread_ns: int
    ahead_ns: int
    statuses: tuple[int, ...]
    failures: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    then_status: int | None = None
    then: str | None = None
    told: tuple[str, ...] = ()
    unready: int = 0
    unique: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None
    waiting: int | None = None
    processes: int | None = None


class ServiceLife(Entry, frozen=True):
    """One life of the service, from its start to its end by SIGTERM (``ending`` stop) or SIGKILL (kill).

    ``ready_s`` is None where it never got ready, and ``said`` why. ``exit_s`` counts from the signal; ``overdue``: it
    had to be killed. ``left`` are processes that outlived it, by name. ``held``: something still listened on its port.
    ``files`` are new ones that it left behind, at most ten by name of ``files_left``.
    """

    number: int
    ending: str
    at_ns: int
    port: int = 0
    ready_s: float | None = None
    said: str = ""
    exit_s: float | None = None
    exit_status: int | None = None
    overdue: bool = False
    left: tuple[str, ...] = ()
    held: bool = False
    files_left: int = 0
    files: tuple[str, ...] = ()


class StartTried(Entry, frozen=True):
    """A start under a difficulty: ``second`` (beside another one), ``at-once`` and ``at-once-other`` (two at the same
    moment), ``taken`` (somebody else listens on its port) or ``stale-pid`` (``files`` name another process).

    ``state`` is ``ready``, ``ended`` or ``hung`` (neither within ``after_s``); ``tail`` the last lines of its log.
    ``first_alive``: what had the port goes on serving; of two at once, somebody serves; the process that the files name
    lives.
    """

    what: str
    at_ns: int
    port: int
    state: str
    after_s: float
    exit_status: int | None = None
    first_alive: bool = True
    tail: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class SlowClients(Entry, frozen=True):
    """How it stands with slow clients of one kind (heads, bodies, readers): ``held`` of ``asked`` are open.

    ``closed`` were closed by the service, the first ``first_closed_s`` and the last ``last_closed_s`` after they were
    opened; ``refused`` never got a connection; ``answered`` got an answer before (a 408, say).
    """

    kind_of: str
    at_ns: int
    asked: int
    held: int
    closed: int = 0
    refused: int = 0
    answered: int = 0
    first_closed_s: float | None = None
    last_closed_s: float | None = None
