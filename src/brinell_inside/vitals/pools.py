"""Pools of connections that somebody was seen waiting in, by looking only: nothing is imported. PYTEST_DONT_REWRITE."""

import sys

MOST = 8


def of_frame(frame):
    """``(kind, out, most or None)`` of the pool whose method this frame is; None if it is no such frame."""
    file, function = frame.f_code.co_filename, frame.f_code.co_name
    for part, functions, kind, read in _KINDS:
        if function in functions and part in file:
            try:
                pool = frame.f_locals.get("self")
                return None if pool is None else (kind, *read(pool))
            except Exception:  # noqa: BLE001 - whatever version of the library this is
                return None
    return None


def note(found, frame):
    """Add the pool whose method this frame is to ``{kind: (kind, out, most)}``."""
    pool = of_frame(frame)
    if pool is not None and (pool[0] in found or len(found) < MOST):
        found[pool[0]] = pool


def queued():
    """``(calls, threads)``: how many calls wait for one of how many threads, in that pool of ``concurrent.futures``
    where the most do; None where there is no such pool.
    """
    try:
        queues = list(sys.modules["concurrent.futures.thread"]._threads_queues.data.values())  # noqa: SLF001
        threads = {}
        for queue in queues:
            threads[id(queue)] = threads.get(id(queue), 0) + 1
        return max(((queue.qsize(), threads[id(queue)]) for queue in queues), default=None)
    except Exception:  # noqa: BLE001 - whatever version this is
        return None


def _sqlalchemy(pool):
    overflow = pool._max_overflow  # noqa: SLF001 - no method tells it
    return int(pool.checkedout()), None if overflow < 0 else int(pool.size() + overflow)


def _psycopg(pool):
    return pool._nconns - len(pool._pool), int(pool.max_size)  # noqa: SLF001 - as above


def _asyncpg(pool):
    return pool.get_size() - pool.get_idle_size(), int(pool.get_max_size())


def _httpcore(pool):
    return len(pool.connections), int(pool._max_connections)  # noqa: SLF001 - as above


def _aiohttp(pool):
    return len(pool._acquired), int(pool.limit) or None  # noqa: SLF001 - as above


def _redis(pool):
    return len(pool._in_use_connections), int(pool.max_connections)  # noqa: SLF001 - as above


def _anyio(limiter):
    return int(limiter.borrowed_tokens), int(limiter.total_tokens)


_KINDS = (
    ("sqlalchemy/pool/", ("_do_get",), "SQLAlchemy", _sqlalchemy),
    ("psycopg_pool/", ("getconn",), "psycopg", _psycopg),
    ("asyncpg/pool.py", ("_acquire",), "asyncpg", _asyncpg),
    ("httpcore/_", ("handle_request", "handle_async_request"), "httpx", _httpcore),
    ("aiohttp/connector.py", ("connect",), "aiohttp", _aiohttp),
    ("redis/asyncio/connection.py", ("get_connection",), "redis", _redis),
    ("redis/connection.py", ("get_connection",), "redis", _redis),
    ("anyio/_backends/", ("acquire_on_behalf_of",), "anyio", _anyio),
)
