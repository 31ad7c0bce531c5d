"""An engine per kind of database, tuned as one would for production."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

_SQLITE_PRAGMAS = {
    "busy_timeout": "{busy_ms}",
    "synchronous": "NORMAL",  # safe in WAL against a crash of the process; a power cut may take the last commits
    "foreign_keys": "ON",
    "cache_size": "-16000",  # KiB per connection
    "temp_store": "MEMORY",
    "journal_size_limit": str(64 * 1024 * 1024),  # gives the space back after a burst
}
_CHECK_EVERY_INSTRUCTIONS = 2_000
_RETRY_S = 0.01


def build_engine(url: str, *, connections: int, timeout_s: float) -> Engine:
    """Return an engine for a SQLite or PostgreSQL URL that holds at most so many connections."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1) if url.startswith("postgres://") else url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, pool_size=connections, max_overflow=0, pool_timeout=timeout_s)
        _tune_sqlite(engine, timeout_s)
        return engine
    milliseconds = round(timeout_s * 1000)
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=timeout_s,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": max(2, round(timeout_s)),
            "application_name": "noticeboard",
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
            f" -c idle_in_transaction_session_timeout={2 * milliseconds}",
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": max(2_000, 2 * milliseconds),
        },
    )


def database_file(engine: Engine) -> Path | None:
    """Return the file behind a SQLite engine, if it is one."""
    database = engine.url.database
    return Path(database) if engine.dialect.name == "sqlite" and database not in {None, "", ":memory:"} else None


@contextmanager
def interrupted_at(connection: Connection, deadline: float) -> Iterator[None]:
    """Have SQLite give up once `time.monotonic()` passes the deadline; PostgreSQL has its statement_timeout."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _CHECK_EVERY_INSTRUCTIONS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _tune_sqlite(engine: Engine, timeout_s: float) -> None:
    @event.listens_for(engine, "connect")
    def connected(driver: sqlite3.Connection, _record: Any) -> None:
        driver.isolation_level = None  # sqlite3 would open transactions by itself, and never an IMMEDIATE one
        for pragma, value in _SQLITE_PRAGMAS.items():
            driver.execute(f"PRAGMA {pragma} = {value.format(busy_ms=round(timeout_s * 1000))}")
        _switch_to_wal(driver, time.monotonic() + timeout_s)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once with "database is locked" if another one wrote
        # in between, whatever the busy_timeout; taking the write lock at the start waits for it instead.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _switch_to_wal(driver: sqlite3.Connection, deadline: float) -> None:
    """Let readers and the writer not block each other.

    When several processes begin on a new file, SQLite refuses all but one of them at once, whatever the busy_timeout:
    waiting for each other with a lock in hand would be a deadlock.
    """
    while True:
        try:
            driver.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_S)
        else:
            return
