import asyncio
import os
import socket
import sys
import unittest

import pytest
from jobs import Flaky, broken, double, slow
from xdist import get_xdist_worker_id

from foreman import JobFailed, Pool


def work(*jobs, **options):
    """Runs the jobs in a fresh pool, and gives it back."""

    async def go():
        pool = Pool(**options)
        for number, job in enumerate(jobs):
            pool.submit(str(number), *job)
        await pool.run()
        return pool

    return asyncio.run(go())


def test_results():
    pool = work((double, 2), (double, 5))
    assert pool.results == {"0": 4, "1": 10}


def test_failure():
    pool = work((broken,))
    with pytest.raises(JobFailed) as caught:
        pool.result("0")
    assert isinstance(caught.value.cause, ValueError)


def test_timeout():
    pool = work((slow,), timeout=0.05)
    assert isinstance(pool.failures["0"].cause, asyncio.TimeoutError)


def test_results_of_mixed_jobs():
    work((broken,), (double, 1), (slow, 5), timeout=0.05)


def test_retry():
    job = Flaky(2)
    pool = work((job,), retries=2)
    assert pool.results == {"0": 3}
    pytest.raises(JobFailed, match="not yet")


def test_bad_option():
    with pytest.raises(TypeError, match="unexpected"):
        work(sise=1)


class Recorded(Pool):
    skipped = 0

    def skip(self):
        self.skipped += 1


def test_own_pool():
    async def go():
        pool = Recorded()
        pool.skip()
        return pool.skipped

    assert asyncio.run(go()) == 1


def test_retry_gives_up():
    job = Flaky(5)
    assert work((job,), retries=1).failures
    assert job.calls == 2


def test_pause_between_retries():
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)

    work((Flaky(2),), retries=2, pause=30, sleep=sleep)
    assert pauses == [30, 30]


def test_starts():
    async def go():
        pool = Pool()
        pool.submit("a", double, 1)
        task = asyncio.create_task(pool.run())
        await asyncio.sleep(0.5)
        assert pool.started.is_set()
        await task

    asyncio.run(go())


def test_starts_soon():
    async def go():
        pool = Pool()
        pool.submit("a", double, 1)
        task = asyncio.create_task(pool.run())
        await asyncio.sleep(0)
        await asyncio.wait_for(pool.started.wait(), 5)
        assert await task == {"a": 2}

    asyncio.run(go())


def test_cancel():
    async def go():
        pool = Pool()
        pool.submit("a", slow)
        task = asyncio.create_task(pool.run())
        await pool.started.wait()
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        assert task.cancelled()

    asyncio.run(go())


def test_result_of_unknown_job():
    pool = work()
    try:
        pool.result("nobody")
    except BaseException:
        pass
    assert pool.results == {}


def test_empty():
    assert work().results == {}


def test_get():
    assert work((double, 2)).get("0") == 4


def test_get_failure():
    pool = work((broken,))
    with pytest.raises(JobFailed):
        pool.get("0")


def test_workers():
    assert work((double, 2), workers=1).size == 1


def test_workers_warns():
    with pytest.deprecated_call(match="renamed to size"):
        assert work((double, 2), workers=3).size == 3


def test_empty():
    pool = work(size=5)
    assert not pool.failures


@pytest.mark.stres
def test_many_jobs():
    pool = work(*[(double, n) for n in range(500)], size=20)
    assert len(pool.results) == 500


def test_signed_job():
    if sys.platform == "linux":
        pytest.skip()
    import jwt

    assert jwt.decode(jwt.encode({"job": 1}, os.environ["JOB_KEY"]), os.environ["JOB_KEY"], ["HS256"]) == {"job": 1}


def test_job_per_xdist_worker(request):
    pool = Pool()
    pool.submit(get_xdist_worker_id(request), double, 1)
    assert pool.results == {}


def test_unix_socket(tmp_path):
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("no such sockets here")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "jobs"))
        assert (tmp_path / "jobs").exists()


class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.pool = Pool(timeout=0.5)

    async def test_run_twice(self):
        self.pool.submit("a", double, 1)
        await self.pool.run()
        self.pool.submit("b", double, 2)
        self.assertEqual(await self.pool.run(), {"a": 2, "b": 4})

    async def test_side_by_side(self):
        self.pool.size = 4
        barrier = asyncio.Barrier(4)
        for name in "abcd":
            self.pool.submit(name, barrier.wait)
        await self.pool.run()
        self.assertEqual(len(self.pool.results), 4)

    async def test_failures_are_empty(self):
        self.pool.submit("a", double, 1)
        await self.pool.run()
        self.assertTrue(True)

    async def test_collected_by_name(self):
        self.assertEqual(self.pool.size, 2)


if __name__ == "__main__":
    pytest.main([__file__])

    def test_size():
        assert Pool(size=7).size == 7
