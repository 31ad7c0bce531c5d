"""Folded stacks to words: which function keeps a thread, and in which pool somebody waits. Pure.

A frame is ``function (file:line)``. ``file`` begins with ``python/`` (standard library), ``site-packages/`` (installed
packages), or ``./`` or ``/`` (everything else: the project's). ``text (native)`` is a call of a C function as it is
written in the line above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

NATIVE = " (native)"
_FRAME = re.compile(r"(?P<function>.*) \((?P<file>[^()]*?)(?::(?P<line>\d+))?\)")
# Below these begins what the event loop calls; what stands above is how the server was started.
_RUNNERS = ("_run_once", "run_forever", "run_until_complete")
_RUNNER_FILES = ("python/asyncio/runners.py",)
_LOOP_FILES = ("python/asyncio/base_events.py", "python/asyncio/unix_events.py", "python/selectors.py")

# Files (as parts of a path) and functions in which somebody waits for one of a bounded number of things.
_POOLS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("SQLAlchemy's connection pool", "sqlalchemy/pool/", frozenset({"_do_get", "_checkout", "checkout"})),
    ("SQLAlchemy's connection pool", "sqlalchemy/util/", frozenset({"greenlet_spawn"})),
    ("psycopg's connection pool", "psycopg_pool/", frozenset({"getconn", "_getconn", "wait"})),
    ("asyncpg's connection pool", "asyncpg/pool.py", frozenset({"_acquire", "acquire", "_acquire_impl"})),
    ("psycopg2's connection pool", "psycopg2/pool.py", frozenset({"getconn", "_getconn"})),
    ("redis' connection pool", "redis/connection.py", frozenset({"get_connection", "make_connection"})),
    ("redis' connection pool", "redis/asyncio/connection.py", frozenset({"get_connection"})),
    ("pymongo's connection pool", "pymongo/", frozenset({"checkout", "_get_conn"})),
    ("aiomysql's connection pool", "aiomysql/pool.py", frozenset({"_acquire", "fill_free_pool"})),
    ("aiopg's connection pool", "aiopg/pool.py", frozenset({"_acquire", "fill_free_pool"})),
    ("aiohttp's connection pool", "aiohttp/connector.py", frozenset({"_wait_for_available_connection", "connect"})),
    ("httpx's connection pool", "httpcore/", frozenset({"wait_for_connection", "__aenter__", "acquire"})),
    ("urllib3's connection pool", "urllib3/connectionpool.py", frozenset({"_get_conn"})),
    ("anyio's thread pool", "anyio/_backends/", frozenset({"acquire_on_behalf_of"})),
)  # fmt: skip
_WAITING_FILES = (
    "python/threading.py",
    "python/queue.py",
    "python/asyncio/locks.py",
    "python/asyncio/queues.py",
    "python/asyncio/tasks.py",
    "python/asyncio/timeouts.py",
)
_WAITING_PARTS = (
    "sqlalchemy/util/queue.py", "anyio/_core/_synchronization.py", "anyio/_backends/", "psycopg_pool/",
    "aiohttp/connector.py", "trio/_sync.py", "trio/_core/_parking_lot.py",
)  # fmt: skip
_QUEUE_FILES = ("python/queue.py", "python/asyncio/queues.py", "python/multiprocessing/queues.py")
_LOCK_FILES = ("python/asyncio/locks.py", "python/threading.py")
# Another connection is made, nobody waits for one to come back.
_MAKES = frozenset({"_create_connection", "__connect", "_connect", "create_connection"})
_TAKES = frozenset({"acquire", "_acquire", "getconn", "get_connection", "get_conn", "checkout", "borrow", "lease"})
_IDLE = {
    ("_worker", "python/concurrent/futures/thread.py"),
    ("run", "site-packages/anyio/_backends/_asyncio.py"),
    ("worker", "python/multiprocessing/pool.py"),
}


# Whoever is below one of these serves requests one after the other: there is a fixed number of them.
_SLOTS = (
    ("gunicorn/workers/sync.py", "run"),
    ("python/socketserver.py", "serve_forever"),
    ("waitress/task.py", "handler_thread"),
    ("cheroot/workers/threadpool.py", "run"),
)
# Packages that serve: where a project is installed as a package itself, it is the first that is none of these.
_SERVERS = frozenset({
    "aiohttp", "anyio", "asgiref", "brinell_inside", "cheroot", "click", "daphne", "django", "eventlet", "fastapi",
    "flask", "gevent", "granian", "gunicorn", "h11", "h2", "httptools", "hypercorn", "litestar", "prometheus_client",
    "quart", "sanic", "sniffio", "starlette", "tornado", "trio", "typer", "uvicorn", "uvloop", "waitress",
    "websockets", "werkzeug", "wsproto",
})  # fmt: skip
_RESTING = ("python/selectors.py", "python/threading.py", "python/queue.py", "native", "")
_RESTS = frozenset({"run_for_one", "run_for_multiple", "wait", "accept", "get_request", "service_actions"})
_MODULE_LOCK = "<frozen importlib._bootstrap>"

_BETWEEN = "python/contextlib.py"  # whose functions say nothing of what is entered
_NAMELESS = frozenset({"<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>", "<lambda>"})


class Frame(NamedTuple):
    """One frame, taken apart; ``file`` is ``native`` for a call of a C function."""

    function: str
    file: str
    line: int

    @property
    def bare(self) -> str:
        """The function without its class."""
        return self.function.rpartition(".")[2]

    @property
    def project(self) -> bool:
        """Whether it is the project's own code."""
        return self.file.startswith(("./", "/"))

    @property
    def package(self) -> str:
        """The installed package that it is of; empty if it is of none."""
        return self.file.split("/")[1].removesuffix(".py") if self.file.startswith("site-packages/") else ""

    @property
    def words(self) -> str:
        """``report (app.py:12)``."""
        if not self.file:
            return self.function
        where = f"{self.file.removeprefix('./')}:{self.line}" if self.line else self.file.removeprefix("./")
        return f"{self.function} ({where})"

    @property
    def name(self) -> str:
        """``json.dumps``; of the project's functions, the function."""
        if self.file == "native" or self.project:
            return self.function
        module = self.file.partition("/")[2].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"{module}.{self.function}"


class Culprit(NamedTuple):
    """What keeps a thread: ``name`` is what the project's ``caller`` called; empty caller: nobody of the project."""

    name: str
    caller: str

    @property
    def where(self) -> str:
        """``json.dumps, called by report (app.py:12)``, or only the function where it is the project's own."""
        return self.caller if self.caller.startswith(f"{self.name} (") else f"{self.name}, called by {self.caller}"


def frames_of(folded: str) -> tuple[Frame, ...]:
    """Take a folded stack apart, outermost first."""
    return tuple(_frame(text) for text in folded.split(";") if text)


def _frame(text: str) -> Frame:
    if text.endswith(NATIVE):
        return Frame(text.removesuffix(NATIVE), "native", 0)
    found = _FRAME.fullmatch(text)
    if found is None:
        return Frame(text, "", 0)
    return Frame(found["function"], found["file"], int(found["line"] or 0))


def called_by_loop(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    """Leave out how the loop was started: what is left is the callback that it is in, if it is in one."""
    begin = 0
    for index, one in enumerate(frames):
        if one.bare in _RUNNERS or one.file in _RUNNER_FILES:
            begin = index + 1
    return tuple(frames[begin:])


def waits_for_work(frames: Sequence[Frame]) -> bool:
    """Whether a loop's thread is in its selector, or in no callback at all."""
    inner = called_by_loop(frames)
    return not inner or all(one.file in _LOOP_FILES for one in inner)


def culprit(frames: Sequence[Frame]) -> Culprit | None:
    """Return what the innermost function of the project called, or itself; None where none of the project is there."""
    own = [index for index, one in enumerate(frames) if one.project] or _of_package(frames)
    own = [index for index in own if frames[index].bare not in _NAMELESS] or own
    if not own:
        return None
    caller = frames[own[-1]]
    below = [one for one in frames[own[-1] + 1 :] if one.bare not in _NAMELESS and one.file != _BETWEEN]
    # __aenter__ and its like say nothing, what they call does.
    called = next((one for one in below if not one.bare.startswith("__")), below[0] if below else None)
    return Culprit(caller.function if called is None else called.name, caller.words)


def _of_package(frames: Sequence[Frame]) -> list[int]:
    """Where nothing is the project's: the frames of the first package that does not serve."""
    packages = [one.package for one in frames]
    first = next((one for one in packages if one and one not in _SERVERS), None)
    return [index for index, one in enumerate(packages) if one == first] if first else []


def awaited_pool(frames: Sequence[Frame]) -> str | None:
    """Return the pool in which this stack waits for one of its things to come back; None if it does not."""
    while frames and frames[-1].file == "native":
        frames = frames[:-1]
    if not frames or not _is_waiting(frames[-1]) or any(one.bare in _MAKES for one in frames):
        return None
    for name, part, functions in _POOLS:
        if any(part in one.file and one.bare in functions for one in frames):
            if part == "sqlalchemy/util/" and not any(one.file == "python/asyncio/queues.py" for one in frames):
                continue  # it waits for the database itself
            return name
    for one in reversed(frames):
        if one.bare in _TAKES and "pool" in f"{one.file}{one.function}".lower():
            return f"the pool of {one.words}"
    # A semaphore of threads waits in its condition, so it is not always the last frame.
    if any(one.bare == "acquire" and _is_lock(one.file) for one in frames[-3:]):
        by = next((one for one in reversed(frames) if one.project), None)
        return f"a lock or semaphore of {by.words}" if by else None
    return None


def awaited_lock(frames: Sequence[Frame]) -> Culprit | None:
    """Return the lock of threads that this stack waits for, and who asks for it; None if it does not."""
    if len(frames) < 2 or frames[-1].file != "native" or frames[-2].file == "python/threading.py":
        return None  # in threading, somebody waits to be notified
    asked, owner = frames[-1].function, frames[-2]
    if asked.startswith("with "):
        name = asked.removeprefix("with ")
    elif asked.rpartition(".")[2] == "acquire":
        name = asked.removesuffix("acquire").rstrip(".")
    else:
        return None
    if owner.file.startswith("python/logging/"):
        name = "a logging handler's lock"
    elif _MODULE_LOCK in owner.file:
        name = "an import's lock"
    by = culprit(frames[:-1])
    return Culprit(name or "a lock", owner.words if by is None else by.caller)


def waits_for_more(frames: Sequence[Frame]) -> bool:
    """Whether a thread or task waits for something to be put into a queue, or only for its turn: it is not in the
    middle of anything that lasts.
    """
    if frames and frames[-1].function == "__sleep0":
        return True
    return any(one.bare in {"get", "_get", "join"} and one.file in _QUEUE_FILES for one in frames[-4:])


def serves_in_turn(frames: Sequence[Frame]) -> bool | None:
    """Whether a thread that serves one request after the other is busy with one; None if it is no such thread."""
    slots = [at for at, one in enumerate(frames) if (one.file.removeprefix("site-packages/"), one.bare) in _SLOTS]
    begin = slots[-1] if slots else -1
    return None if begin < 0 else any(not _rests(one) for one in frames[begin + 1 :])


def _rests(one: Frame) -> bool:
    return one.file in _RESTING or one.bare in _RESTS


def is_idle_thread(frames: Sequence[Frame]) -> bool:
    """Whether a thread of a pool waits for something to do."""
    outer = [one for one in frames if one.file not in (*_WAITING_FILES, "native", "")]
    return bool(frames) and all((one.bare, one.file) in _IDLE for one in outer)


def _is_lock(file: str) -> bool:
    return file in _LOCK_FILES or any(
        part in file for part in ("anyio/_backends/", "anyio/_core/_sync", "trio/_sync.py")
    )


def _is_waiting(leaf: Frame) -> bool:
    return leaf.file in _WAITING_FILES or any(part in leaf.file for part in _WAITING_PARTS)


def ranked(stacks: Iterable[tuple[str, int]], *, by_caller: bool = False) -> list[tuple[Culprit, int]]:
    """Add up stacks by what keeps them, the most frequent first; of several callers the most frequent is named.
    ``by_caller``: by the function of the project, whatever it calls. What is only of packages counts where it is most.
    """
    rows = [(called_by_loop(frames_of(folded)), count) for folded, count in stacks]
    own = [row for row in rows if any(one.project for one in row[0])]
    mostly_own = 2 * sum(count for _, count in own) >= sum(count for frames, count in rows if culprit(frames))
    totals: dict[str, int] = {}
    callers: dict[str, dict[str, int]] = {}
    for frames, count in own if mostly_own else rows:
        found = culprit(frames)
        if found is not None:
            if by_caller:
                found = Culprit(found.caller.partition(" (")[0], found.caller)
            totals[found.name] = totals.get(found.name, 0) + count
            by = callers.setdefault(found.name, {})
            by[found.caller] = by.get(found.caller, 0) + count
    names = sorted(totals, key=lambda name: (-totals[name], name))
    return [(Culprit(name, max(callers[name], key=lambda by: (callers[name][by], by))), totals[name]) for name in names]
