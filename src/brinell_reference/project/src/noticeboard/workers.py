"""Threads for work that blocks: a fixed number, a bounded queue, and never a wait without an end."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class RefusedError(Exception):
    """The work did not run and never will: too much was waiting, or its turn came too late."""


class UnfinishedError(Exception):
    """The work runs longer than its caller waits; it may still succeed."""


class _Job(NamedTuple):
    work: Callable[[], object]
    future: Future[object]


class Workers:
    """A pool of daemon threads, used from one event loop.

    `ThreadPoolExecutor` is not used because the interpreter joins its threads on exit: one call that hangs in a
    database driver would keep a process alive that was told to stop.
    """

    def __init__(self, name: str, size: int, backlog: int) -> None:
        self._name = name
        self._size = size
        self._limit = size + backlog
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._outstanding: set[asyncio.Future[object]] = set()

    @property
    def outstanding(self) -> int:
        """Jobs that are waiting or running."""
        return len(self._outstanding)

    def start(self) -> None:
        """Start the threads."""
        for number in range(self._size):
            thread = threading.Thread(target=self._serve, name=f"{self._name}-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Queue the work and return its future, which must not be cancelled.

        Raises:
            RefusedError: the pool is closed, or its backlog is full.
        """
        return cast("asyncio.Future[T]", self._enqueue(work, None)[1])

    async def run(self, work: Callable[[], T], *, timeout_s: float, after: Callable[[], None] | None = None) -> T:
        """Run the work in a thread and wait for it at most so long.

        `after` is called on the event loop once the work has truly ended, however it did, before its caller is told,
        and whether or not that one still waits. It isn't called for work that never ran.

        Raises:
            RefusedError: it did not run and will not.
            UnfinishedError: it still runs.
        """
        job, waiting = self._enqueue(work, after)
        await asyncio.wait({waiting}, timeout=timeout_s)
        if waiting.done():
            return cast("T", waiting.result())
        if job.future.cancel():
            raise RefusedError(f"no {self._name} thread was free for {timeout_s:g} s")
        raise UnfinishedError(f"{self._name} work did not end within {timeout_s:g} s")

    async def close(self, timeout_s: float) -> bool:
        """Let what was accepted end, at most so long, then stop the threads; False if something still ran."""
        outstanding, self._limit = set(self._outstanding), 0
        if outstanding:
            await asyncio.wait(outstanding, timeout=max(timeout_s, 0.0))
        idle = not self._outstanding
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads if idle else ():
            thread.join()
        self._threads = []
        return idle

    def _enqueue(
        self, work: Callable[[], object], after: Callable[[], None] | None
    ) -> tuple[_Job, asyncio.Future[object]]:
        if len(self._outstanding) >= self._limit:
            raise RefusedError(f"{len(self._outstanding)} jobs are waiting for {self._name} threads")
        job = _Job(work, Future())
        waiting = asyncio.wrap_future(job.future)
        self._outstanding.add(waiting)

        def ended(_: object) -> None:
            self._outstanding.discard(waiting)
            if waiting.cancelled():
                return
            waiting.exception()  # marks it as seen: maybe nobody waits any more
            if after is not None:
                after()

        waiting.add_done_callback(ended)
        self._jobs.put(job)
        return job, waiting

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                try:
                    result = job.work()
                except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                    job.future.set_exception(error)
                else:
                    job.future.set_result(result)
                    del result
            del job  # keep nothing alive while waiting for the next
