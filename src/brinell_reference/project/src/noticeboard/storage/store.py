"""Units of work: one transaction, one thread, one deadline."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from noticeboard.errors import Problem
from noticeboard.storage.engines import build_engine, database_file, interrupted_at
from noticeboard.storage.schema import metadata
from noticeboard.workers import RefusedError, UnfinishedError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")

_SLOW = ("interrupted", "statement timeout", "lock timeout", "database is locked")  # in a driver's message

_SCHEMA_LOCK = 0x6E6F7465  # any number, as long as every process uses the same


class Store:
    """Runs functions over a connection in threads.

    SQLite has one writer, so it gets one writing thread: writes queue here, in order, and not for its lock. Whatever
    the database does, callers get an answer or a `Problem` within the timeout.
    """

    def __init__(self, url: str, *, readers: int, backlog: int, timeout_s: float) -> None:
        writers = 1 if url.startswith("sqlite") else readers
        self._timeout_s = timeout_s
        self._engine = build_engine(url, connections=readers + writers, timeout_s=timeout_s)
        self._readers = Workers("database-read", readers, backlog)
        self._writers = Workers("database-write", writers, backlog)
        self._failing = False
        self._prepared = False
        self._preparing = threading.Lock()

    @property
    def outstanding(self) -> int:
        """Units of work that are waiting or running."""
        return self._readers.outstanding + self._writers.outstanding

    @property
    def address(self) -> str:
        """The database's URL without its password."""
        return self._engine.url.render_as_string(hide_password=True)

    def start(self) -> None:
        """Start the threads. The database is first touched by the first unit of work."""
        self._readers.start()
        self._writers.start()

    async def read(self, work: Callable[[Connection], T], *, timeout_s: float | None = None) -> T:
        """Run work that only reads.

        Raises:
            Problem: overloaded, database-timeout or database-unavailable.
        """
        timeout_s = timeout_s or self._timeout_s
        deadline = time.monotonic() + timeout_s
        with self._translating():
            return await self._readers.run(lambda: self._transact(work, deadline, None), timeout_s=timeout_s)

    async def write(self, work: Callable[[Connection], T], *, after: Callable[[T], None]) -> T:
        """Run work that writes, and commit it.

        `after` gets the work's result on the event loop once its transaction has ended, unless it was certainly rolled
        back: before the caller is told, and also when the caller has stopped waiting or the commit's outcome is lost.

        Raises:
            Problem: as `read`. After database-timeout and database-unavailable the write may still have been applied.
            IntegrityError: the database refused it.
        """
        deadline = time.monotonic() + self._timeout_s
        committing: list[T] = []

        def ended() -> None:
            for result in committing:
                after(result)

        with self._translating():
            return await self._writers.run(
                lambda: self._transact(work, deadline, committing), timeout_s=self._timeout_s, after=ended
            )

    async def ping(self, timeout_s: float) -> None:
        """Raise a `Problem` unless the database answers in time."""
        await self.read(lambda connection: connection.execute(text("SELECT 1")).scalar_one(), timeout_s=timeout_s)

    async def end_writing(self, timeout_s: float) -> bool:
        """Take no more writes, and let those accepted end, at most so long; False if some still run."""
        return await self._writers.close(timeout_s)

    async def close(self, timeout_s: float) -> None:
        """Let running work end, at most so long, and close the connections."""
        await self._writers.close(timeout_s)
        await self._readers.close(timeout_s)
        self._engine.dispose()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Turn what threads and drivers raise into problems. Their own words may name hosts: they go to the log."""
        try:
            yield
        except RefusedError as refused:
            raise Problem("overloaded", str(refused)) from None
        except IntegrityError:
            raise
        except (UnfinishedError, PoolTimeoutError, DBAPIError, OSError) as error:
            cause = str(getattr(error, "orig", error))
            self._noted(cause)
            slow = isinstance(error, (UnfinishedError, PoolTimeoutError)) or any(sign in cause for sign in _SLOW)
            raise Problem("database-timeout" if slow else "database-unavailable") from error
        else:
            self._noted(None)

    def _noted(self, failure: str | None) -> None:
        """Log when the database begins to fail, and when it answers again."""
        if (failure is not None) != self._failing:
            self._failing = failure is not None
            log.warning("database %s", "works again" if failure is None else f"fails: {failure}")

    def _transact(self, work: Callable[[Connection], T], deadline: float, committing: list[T] | None) -> T:
        """Run the work in a transaction; if it is to be committed, its result is put into the list just before."""
        if not self._prepared:
            self._prepare()
        with self._engine.connect().execution_options(writes=committing is not None) as connection:
            with interrupted_at(connection, deadline):
                result = work(connection)
            if committing is not None:
                committing.append(result)
                connection.commit()
            return result

    def _prepare(self) -> None:
        """Create what is missing. It runs with the first work that finds the database there, not at start-up: a
        database that is late must not keep the process from starting, or from recovering without a restart.
        """
        with self._preparing:
            if self._prepared:
                return
            if (file := database_file(self._engine)) is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
            with self._engine.connect().execution_options(writes=True) as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
                metadata.create_all(connection)
                connection.commit()
            self._prepared = True
