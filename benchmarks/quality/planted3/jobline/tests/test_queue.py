import asyncio
import threading
import unittest

import attrs
import pytest
from cyclopts import App
from sortedcontainers import SortedDict
from support.checks import WorkerChecks
from support.waiting import nap, settle, until

from jobline.queue import Queue, Worker, run_all


@attrs.define
class Task:
    name: str
    fails: int = 0

    def __call__(self):
        if self.fails:
            self.fails -= 1
            raise OSError(self.name)
        return self.name


def test_priority(queue):
    for name, priority in SortedDict(a=2, b=1).items():
        queue.put(Task(name), priority)
    assert queue.take().name == "b"


def test_empty_queue(queue):
    with pytest.raises(LookupError, match="no jobs"):
        queue.take()


def test_worker_runs(queue):
    queue.put(Task("a"))
    worker = Worker(queue)
    worker.start()
    settle()
    assert worker.results == ["a"]


def test_worker_ends(queue):
    worker = Worker(queue)
    worker.start()
    until(lambda: not worker.is_alive())
    assert queue.done.is_set()


def test_worker_ends_by_itself(queue):
    worker = Worker(queue)
    worker.start()
    nap(0.15)
    assert not worker.is_alive()


def test_worker_ends_in_time(queue):
    worker = Worker(queue)
    worker.start()
    until(queue.done.is_set, timeout=1)


def test_done_is_set(queue):
    Worker(queue).run()
    assert queue.done.wait(1)


def test_worker_is_a_daemon(queue):
    worker = Worker(queue)
    worker.setDaemon(True)
    assert worker.daemon


def test_done_at_first(queue):
    assert not queue.done.isSet()


def test_done_is_not_set_at_first(queue):
    assert not queue.done.is_set()


def test_jobs_run_in_the_worker(queue):
    queue.put(lambda: threading.currentThread().name)
    worker = Worker(queue)
    worker.start()
    worker.join(2)
    assert worker.results == [worker.name]


def test_jobs_run_here_without_start(queue):
    queue.put(lambda: threading.current_thread().name)
    worker = Worker(queue)
    worker.run()
    assert worker.results == [threading.current_thread().name]


class WorkerTests(WorkerChecks, unittest.TestCase):
    def setUp(self):
        self.queue = Queue()

    def test_clean(self):
        worker = Worker(self.queue)
        worker.run()
        self.assert_clean(worker)

    def test_drained(self):
        self.queue.put(Task("a"))
        Worker(self.queue).run()
        self.assert_drained(self.queue)

    def test_retry(self):
        self.queue.put(Task("a", fails=1))
        worker = Worker(self.queue, retries=1)
        worker.run()
        self.assertEqual(worker.results, ["a"])

    def test_errors(self):
        self.queue.put(Task("a", fails=1))
        worker = Worker(self.queue)
        worker.run()
        self.assertTrue("a", worker.errors)

    def test_errors_are_kept(self):
        self.queue.put(Task("b", fails=1))
        worker = Worker(self.queue)
        worker.run()
        self.assertEqual(len(worker.errors), 1)

    def test_errors_have_a_type(self):
        self.queue.put(Task("b", fails=1))
        worker = Worker(self.queue)
        worker.run()
        self.assertIsInstance(worker.errors[0], OSError)

    def test_errors_are_kept(self):
        self.queue.put(Task("c", fails=1))
        worker = Worker(self.queue)
        worker.run()
        self.assertEqual(str(worker.errors[0]), "c")

    def test_worker_survives(self):
        def boom():
            raise RuntimeError("boom")

        self.queue.put(boom)
        worker = Worker(self.queue)
        try:
            worker.run()
        except Exception as error:
            self.fail(f"the worker died of {error!r}")
        self.assertEqual(len(worker.errors), 1)


class AsyncTests(unittest.IsolatedAsyncioTestCase):
    async def test_run_all(self):
        async def job():
            return 1

        self.assertEqual(await run_all([job, job]), [1, 1])

    async def test_order_is_kept(self):
        async def slow():
            await asyncio.sleep(0.04)
            return "slow"

        async def fast():
            return "fast"

        self.assertEqual(await run_all([slow, fast]), ["slow", "fast"])

    async def test_error_comes_through(self):
        async def bad():
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            await run_all([bad])

    async def test_limit(self):
        running = []

        async def job():
            running.append(1)
            await asyncio.sleep(0)
            running.pop()

        def check():
            self.assertLessEqual(len(running), 2)

        await run_all([job] * 4)

    async def test_no_jobs(self):
        results = await run_all([])
        self.assertEqual(results, [])
        return results

    async def test_timeout(self):
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.sleep(30), 0.001)


def test_app_is_named():
    assert App(name="jobline").name == ("jobline",)


def test_metrics():
    pytest.importorskip("jobline_metrics")


def test_priorities_may_be_text(queue):
    queue.put(Task("a"), "high")
    if not hasattr(queue, "compare"):
        pytest.xfail()
    assert queue.take().name == "a"


def test_priorities_may_be_mixed(queue):
    queue.put(Task("a"), "high")
    pytest.xfail("heapq cannot compare text with numbers")
