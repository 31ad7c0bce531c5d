"""An in-memory job queue, its workers, and retries."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from collections.abc import Callable


class JobFailed(RuntimeError):
    pass


class Queue:
    def __init__(self) -> None:
        self._heap: list = []
        self._count = itertools.count()
        self._lock = threading.Lock()
        self.done = threading.Event()

    def put(self, job: Callable[[], object], priority: int = 0) -> None:
        with self._lock:
            heapq.heappush(self._heap, (priority, next(self._count), job))

    def take(self) -> Callable[[], object]:
        with self._lock:
            if not self._heap:
                raise LookupError("no jobs")
            return heapq.heappop(self._heap)[2]

    def __len__(self) -> int:
        return len(self._heap)


class Worker(threading.Thread):
    def __init__(self, queue: Queue, retries: int = 0) -> None:
        super().__init__(daemon=True)
        self.queue, self.retries = queue, retries
        self.results: list = []
        self.errors: list[Exception] = []

    def run(self) -> None:
        while True:
            try:
                job = self.queue.take()
            except LookupError:
                break
            for left in range(self.retries, -1, -1):
                try:
                    self.results.append(job())
                except Exception as error:
                    if not left:
                        self.errors.append(error)
                else:
                    break
        self.queue.done.set()


class Broker:
    """Takes a while to come up, as brokers do."""

    def __init__(self, warm_up: float = 0.25) -> None:
        time.sleep(warm_up)
        self.topics: dict[str, list] = {"mail": [], "bills": []}

    def publish(self, topic: str, body: object) -> int:
        if topic not in self.topics:
            raise KeyError(topic)
        self.topics[topic].append(body)
        return len(self.topics[topic])

    def describe(self) -> list[str]:
        return sorted(self.topics)


async def run_all(jobs, limit: int = 2) -> list:
    gate = asyncio.Semaphore(limit)

    async def one(job):
        async with gate:
            return await job()

    return await asyncio.gather(*(one(job) for job in jobs))
