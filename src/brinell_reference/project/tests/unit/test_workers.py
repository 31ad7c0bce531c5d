from __future__ import annotations

import asyncio
import threading

import pytest

from noticeboard.workers import RefusedError, UnfinishedError, Workers

pytestmark = pytest.mark.anyio


@pytest.fixture
async def workers():
    workers = Workers("test", 1, 1)
    workers.start()
    yield workers
    await workers.close(60.0)


class Gate:
    """Work that stands still until it is let go."""

    def __init__(self):
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self):
        self.begun.set()
        assert self.let_go.wait(60)
        return "done"


async def test_work_runs_in_another_thread(workers):
    assert await workers.run(lambda: threading.current_thread().name, timeout_s=60.0) == "test-0"


async def test_what_work_raises_is_raised(workers):
    def work():
        raise KeyError("key")

    with pytest.raises(KeyError):
        await workers.run(work, timeout_s=60.0)
    assert await workers.run(lambda: 1, timeout_s=60.0) == 1


async def test_more_than_may_wait_is_refused_at_once(workers):
    gate = Gate()
    running = workers.submit(gate)
    waiting = workers.submit(lambda: "waited")
    assert workers.outstanding == 2
    with pytest.raises(RefusedError, match="2 jobs are waiting for test threads"):
        workers.submit(lambda: "refused")
    gate.let_go.set()
    assert (await running, await waiting) == ("done", "waited")
    await workers.run(lambda: None, timeout_s=60.0)
    assert workers.outstanding == 0


async def test_work_whose_turn_comes_too_late_never_runs(workers):
    gate, ran = Gate(), []
    running = workers.submit(gate)
    with pytest.raises(RefusedError, match="no test thread was free"):
        await workers.run(lambda: ran.append(1), timeout_s=0.001, after=lambda: ran.append(2))
    gate.let_go.set()
    await running
    await workers.run(lambda: None, timeout_s=60.0)
    assert ran == []
    assert workers.outstanding == 0


async def test_work_that_takes_too_long_goes_on_alone(workers):
    gate, ended = Gate(), asyncio.Event()
    running = asyncio.create_task(workers.run(gate, timeout_s=0.05, after=ended.set))
    with pytest.raises((UnfinishedError, RefusedError)) as caught:
        await running
    if caught.type is UnfinishedError:  # else the thread had not even begun: a very slow machine
        assert not ended.is_set()
        gate.let_go.set()
        await ended.wait()


async def test_after_is_called_before_the_caller_is_told(workers):
    order = []
    await workers.run(lambda: None, timeout_s=60.0, after=lambda: order.append("after"))
    order.append("told")
    assert order == ["after", "told"]

    def broken():
        raise KeyError

    with pytest.raises(KeyError):
        await workers.run(broken, timeout_s=60.0, after=lambda: order.append("after failure"))
    assert order[-1] == "after failure"


async def test_after_is_called_even_if_the_caller_has_left(workers):
    gate, ended = Gate(), asyncio.Event()
    running = asyncio.create_task(workers.run(gate, timeout_s=60.0, after=ended.set))
    await asyncio.to_thread(gate.begun.wait)
    running.cancel()
    await asyncio.wait({running})
    assert not ended.is_set()
    gate.let_go.set()
    await ended.wait()


async def test_closing_lets_accepted_work_end_and_takes_no_more(workers):
    gate, done = Gate(), []
    workers.submit(gate)
    workers.submit(lambda: done.append(1))
    closing = asyncio.create_task(workers.close(60.0))
    await asyncio.to_thread(gate.begun.wait)
    with pytest.raises(RefusedError):
        workers.submit(lambda: done.append(2))
    gate.let_go.set()
    assert await closing
    assert done == [1]
    assert not [thread for thread in threading.enumerate() if thread.name == "test-0"]


async def test_closing_does_not_wait_for_ever():
    workers, gate = Workers("stuck", 1, 1), Gate()
    workers.start()
    future = workers.submit(gate)
    assert not await workers.close(0.001)
    assert not await workers.close(-1.0)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "stuck-0")
    gate.let_go.set()
    assert await future == "done"


async def test_a_pool_that_was_never_started_closes():
    assert await Workers("idle", 1, 1).close(60.0)
