"""Pools of connections that somebody was seen waiting in, by looking only: nothing is imported. PYTEST_DONT_REWRITE."""

import os

MOST = 8
_FUTURES = os.path.join("concurrent", "futures", "thread.py")


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


def queued(frame):
    """Calls that wait for a thread of the pool of ``concurrent.futures`` in whose thread this is; None: in none."""
    if frame.f_code.co_name != "_worker" or not frame.f_code.co_filename.endswith(_FUTURES):
        return None
    try:
        return frame.f_locals["work_queue"].qsize()
    except Exception:  # noqa: BLE001 - as above
        return None


def _sqlalchemy(pool):
    overflow = pool._max_overflow  # noqa: SLF001 - no method tells it
    return int(pool.checkedout()), None if overflow < 0 else int(pool.size() + overflow)


def _psycopg(pool):
    return pool._nconns - len(pool._pool), int(pool.max_size)  # noqa: SLF001 - as above


def _asyncpg(pool):
    return pool.get_size() - pool.get_idle_size(), int(pool.get_max_size())


_KINDS = (
    ("sqlalchemy/pool/", ("_do_get",), "SQLAlchemy", _sqlalchemy),
    ("psycopg_pool/", ("getconn",), "psycopg", _psycopg),
    ("asyncpg/pool.py", ("_acquire",), "asyncpg", _asyncpg),
)
