from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.stack_words import (
    Culprit,
    awaited_pool,
    called_by_loop,
    culprit,
    frames_of,
    is_idle_thread,
    ranked,
    waits_for_work,
)

START = (
    "<module> (./main.py:9);run (site-packages/uvicorn/main.py:5);Runner.run (python/asyncio/runners.py:118);"
    "BaseEventLoop.run_forever (python/asyncio/base_events.py:607);"
    "BaseEventLoop._run_once (python/asyncio/base_events.py:1922)"
)
DUMPS = (
    f"{START};Handle._run (python/asyncio/events.py:80);app (site-packages/starlette/routing.py:71);"
    "report (./app.py:12);dumps (python/json/__init__.py:231);JSONEncoder.encode (python/json/encoder.py:200)"
)
THREAD = "Thread._bootstrap (python/threading.py:1002);Thread.run (python/threading.py:982)"


def test_a_frame_is_taken_apart():
    one, native = frames_of("JSONEncoder.encode (python/json/encoder.py:200);time.sleep (native)")
    assert (one.function, one.bare, one.file, one.line) == (
        "JSONEncoder.encode",
        "encode",
        "python/json/encoder.py",
        200,
    )
    assert (native.function, native.file, native.name) == ("time.sleep", "native", "time.sleep")


@given(st.lists(st.text(max_size=20), max_size=5))
def test_any_text_is_some_stack(texts):
    frames = frames_of(";".join(texts))
    assert len(frames) <= sum(text.count(";") + 1 for text in texts)
    culprit(frames)
    awaited_pool(frames)
    is_idle_thread(frames)
    waits_for_work(frames)


def test_how_the_loop_was_started_is_not_what_it_does():
    assert [one.bare for one in called_by_loop(frames_of(DUMPS))] == ["_run", "app", "report", "dumps", "encode"]
    assert waits_for_work(frames_of(START))
    assert waits_for_work(frames_of(f"{START};EpollSelector.select (python/selectors.py:468)"))
    assert not waits_for_work(frames_of(DUMPS))


@pytest.mark.parametrize(
    ("stack", "name", "caller"),
    [
        ("report (./app.py:12);dumps (python/json/__init__.py:231)", "json.dumps", "report (app.py:12)"),
        ("report (./app.py:12);get (site-packages/requests/api.py:73)", "requests.api.get", "report (app.py:12)"),
        ("report (./app.py:12);time.sleep (native)", "time.sleep", "report (app.py:12)"),
        ("report (/srv/shop/app.py:12)", "report", "report (/srv/shop/app.py:12)"),
        ("burnt (./app.py:3);burnt.<genexpr> (./app.py:3)", "burnt", "burnt (app.py:3)"),
        ("burnt (./app.py:3);sum (native)", "sum", "burnt (app.py:3)"),
        ("outer (./a.py:1);walk (python/os.py:2);inner (./b.py:3)", "inner", "inner (b.py:3)"),
    ],
)
def test_what_keeps_a_thread_is_what_the_projects_innermost_function_calls(stack, name, caller):
    assert culprit(frames_of(stack)) == Culprit(name, caller)


def test_nobody_of_the_project_is_nobody():
    stack = "Handle._run (python/asyncio/events.py:80);app (site-packages/starlette/routing.py:71)"
    assert culprit(frames_of(stack)) is None


def test_stacks_are_added_up_by_what_keeps_them():
    other = DUMPS.replace("report (./app.py:12)", "export (./app.py:40)")
    small = f"{START};Handle._run (python/asyncio/events.py:80);index (./app.py:3)"
    found = ranked([(DUMPS, 10), (other, 3), (small, 5), (START, 50)])
    assert found == [(Culprit("json.dumps", "report (app.py:12)"), 13), (Culprit("index", "index (app.py:3)"), 5)]


WAITS = "Condition.wait (python/threading.py:327)"


@pytest.mark.parametrize(
    ("stack", "pool"),
    [
        (
            (
                f"page (./app.py:4);QueuePool._do_get (site-packages/sqlalchemy/pool/impl.py:166);"
                f"QueueCommon.get (site-packages/sqlalchemy/util/queue.py:181);{WAITS};waiter.acquire (native)"
            ),
            "SQLAlchemy",
        ),
        (
            (
                "page (./app.py:4);greenlet_spawn (site-packages/sqlalchemy/util/concurrency.py:99);"
                "wait_for (python/asyncio/tasks.py:489);Queue.get (python/asyncio/queues.py:158)"
            ),
            "SQLAlchemy",
        ),
        (
            (
                f"page (./app.py:4);ConnectionPool.getconn (site-packages/psycopg_pool/pool.py:220);"
                f"WaitingClient.wait (site-packages/psycopg_pool/pool.py:900);{WAITS}"
            ),
            "psycopg",
        ),
        (
            "page (./app.py:4);Pool._acquire (site-packages/asyncpg/pool.py:9);get (python/asyncio/queues.py:158)",
            "asyncpg",
        ),
        (
            (
                "page (./app.py:4);BlockingConnectionPool.get_connection (site-packages/redis/asyncio/connection.py:1);"
                "Condition.wait (python/asyncio/locks.py:1)"
            ),
            "redis",
        ),
        (
            (
                "app (site-packages/starlette/routing.py:71);CapacityLimiter.acquire_on_behalf_of "
                "(site-packages/anyio/_backends/_asyncio.py:1);Event.wait (python/asyncio/locks.py:2)"
            ),
            "anyio",
        ),
        ("page (./app.py:4);Semaphore.acquire (python/asyncio/locks.py:387)", "semaphore of page (app.py:4)"),
        (f"page (./app.py:4);Semaphore.acquire (python/threading.py:507);{WAITS}", "semaphore of page (app.py:4)"),
        (
            "page (./app.py:4);HandlePool.acquire (./our_pool.py:8);Queue.get (python/asyncio/queues.py:158)",
            "the pool of HandlePool.acquire (our_pool.py:8)",
        ),
    ],
)
def test_waiting_in_a_pool(stack, pool):
    found = awaited_pool(frames_of(stack))
    assert found is not None
    assert pool in found


@pytest.mark.parametrize(
    "stack",
    [
        # it has its connection, and waits for the database
        (
            "page (./app.py:4);greenlet_spawn (site-packages/sqlalchemy/util/concurrency.py:99);"
            "Connection.execute (site-packages/asyncpg/connection.py:350)"
        ),
        # it makes another connection
        (
            f"page (./app.py:4);QueuePool._do_get (site-packages/sqlalchemy/pool/impl.py:166);"
            f"Pool._create_connection (site-packages/sqlalchemy/pool/base.py:390);{WAITS}"
        ),
        "page (./app.py:4);sleep (python/asyncio/tasks.py:640)",
        "worker (./app.py:4);Queue.get (python/asyncio/queues.py:158)",
        "page (./app.py:4);time.sleep (native)",
        "",
    ],
)
def test_waiting_for_something_else(stack):
    assert awaited_pool(frames_of(stack)) is None


@pytest.mark.parametrize(
    "stack",
    [
        f"{THREAD};_worker (python/concurrent/futures/thread.py:81);work_queue.get (native)",
        f"...;WorkerThread.run (site-packages/anyio/_backends/_asyncio.py:967);Queue.get (python/queue.py:171);{WAITS}",
    ],
)
def test_a_thread_that_waits_for_work_is_idle(stack):
    assert is_idle_thread(frames_of(stack))
    assert awaited_pool(frames_of(stack)) is None


def test_a_thread_with_work_is_not_idle():
    pool = "_worker (python/concurrent/futures/thread.py:83);_WorkItem.run (python/concurrent/futures/thread.py:58)"
    pool = "_worker (python/concurrent/futures/thread.py:83);_WorkItem.run (python/concurrent/futures/thread.py:58)"
    busy = f"{THREAD};{pool};page (./app.py:3)"
    assert not is_idle_thread(frames_of(busy))
    assert not is_idle_thread(())
