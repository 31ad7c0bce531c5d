"""Runs jobs at times: once, every so often, or daily."""

import heapq
import itertools
import logging
import threading
import time
from datetime import datetime, timedelta

log = logging.getLogger(__name__)


class Job:
    def __init__(self, due, action, every=None, name=None):
        self.due = due
        self.action = action
        self.every = every
        self.name = name or getattr(action, "__name__", "job")
        self.runs = 0
        self.cancelled = False

    def cancel(self):
        self.cancelled = True


class Scheduler:
    def __init__(self, now=time.monotonic):
        self.now = now
        self._heap = []
        self._number = itertools.count()
        self._changed = threading.Condition()
        self._stopping = False
        self.owner = None

    def at(self, due, action, every=None, name=None):
        job = Job(due, action, every, name)
        with self._changed:
            heapq.heappush(self._heap, (due, next(self._number), job))
            self._changed.notify()
        return job

    def after(self, seconds, action, **more):
        return self.at(self.now() + seconds, action, **more)

    def every(self, seconds, action, **more):
        return self.after(seconds, action, every=seconds, **more)

    def pending(self):
        return [job for _, _, job in sorted(self._heap, key=lambda row: row[:2]) if not job.cancelled]

    def next_due(self):
        jobs = self.pending()
        return jobs[0].due if jobs else None

    def run_due(self):
        """Runs what is due; how many jobs that were."""
        ran = 0
        while self._heap and self._heap[0][0] <= self.now():
            _, _, job = heapq.heappop(self._heap)
            if job.cancelled:
                continue
            try:
                job.action()
            except Exception:
                log.exception("%s failed", job.name)
            job.runs += 1
            ran += 1
            if job.every:
                job.due += job.every
                heapq.heappush(self._heap, (job.due, next(self._number), job))
        return ran

    def claim(self):
        self.owner = threading.currentThread().name
        return self.owner

    def start(self):
        thread = threading.Thread(target=self._loop, name="almanac", daemon=True)
        thread.start()
        return thread

    def _loop(self):
        while True:
            with self._changed:
                if self._stopping:
                    return
                due = self.next_due()
                self._changed.wait(None if due is None else max(0, due - self.now()))
            self.run_due()

    def stop(self):
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def stop_all(self):
        with self._changed:
            self._stopping = True
            self._changed.notifyAll()


def next_daily(hour, minute, after):
    day = after.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return day if day > after else day + timedelta(days=1)


def today(hour, minute):
    return next_daily(hour, minute, datetime.now())
