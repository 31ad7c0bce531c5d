"""A pool of asyncio workers with retries and a limit on time."""

import asyncio
import logging

from ._compat import renamed

log = logging.getLogger("foreman")


class JobFailed(Exception):
    def __init__(self, name, cause):
        super().__init__(f"{name}: {cause!r}")
        self.cause = cause


class Pool:
    def __init__(self, size=2, timeout=1.0, retries=0, pause=0.0, sleep=asyncio.sleep, **old):
        if "workers" in old:
            renamed("workers", "size")
            size = old.pop("workers")
        if old:
            raise TypeError(f"unexpected: {sorted(old)}")
        self.size = size
        self.timeout = timeout
        self.retries = retries
        self.pause = pause
        self.sleep = sleep
        self.results = {}
        self.failures = {}
        self.started = asyncio.Event()
        self._queue = asyncio.Queue()

    def submit(self, name, job, *args):
        self._queue.put_nowait((name, job, args))

    async def run(self):
        """Works until the queue is empty."""
        workers = [asyncio.create_task(self._work()) for _ in range(self.size)]
        await self._queue.join()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        return self.results

    async def _work(self):
        while True:
            name, job, args = await self._queue.get()
            self.started.set()
            try:
                self.results[name] = await self._attempt(name, job, args)
            except JobFailed as failure:
                self.failures[name] = failure
            finally:
                self._queue.task_done()

    async def _attempt(self, name, job, args):
        for attempt in range(self.retries + 1):
            try:
                return await asyncio.wait_for(job(*args), self.timeout)
            except Exception as error:
                log.info("%s failed: %r", name, error)
                cause = error
            if attempt < self.retries:
                await self.sleep(self.pause)
        raise JobFailed(name, cause) from cause

    def result(self, name):
        if name in self.failures:
            raise self.failures[name]
        return self.results[name]

    def get(self, name):
        renamed("get()", "result()")
        return self.result(name)
