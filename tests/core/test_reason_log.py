from __future__ import annotations

import pytest

from brinell.core.reasons import explain
from brinell.core.vitals_records import ProbeLook, ProcessLook, Said, VitalsDetail
from brinell.core.vitals_window import Span

S = 1_000_000_000
QUEUE = "sqlalchemy.exc.TimeoutError: QueuePool limit of size N overflow N reached, connection timed out, timeout N"


def looks(*said: Said, begin: int = 10, end: int = 20, **process: float) -> list[VitalsDetail]:
    process = {"cpu_s": 0.1} | process
    return [
        VitalsDetail(
            at_ns=at * S,
            processes=(ProcessLook(pid=100, name="uvicorn", **{key: at * value for key, value in process.items()}),),
            said=said,
        )
        for at in range(begin, end + 1)
    ]


def reason(*records: VitalsDetail, below: Span | None = None, broke: bool = True):
    return explain(records, Span(10 * S, 20 * S), below, broke=broke).limited_by


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (QUEUE, "pool", "SQLAlchemy's connection pool"),
        ("OSError: [Errno N] Too many open files", "descriptors", "descriptors"),
        ("MemoryError", "memory", "out of memory"),
        ("redis.exceptions.ConnectionError: Too many connections", "pool", "redis'"),
        ("asyncpg.exceptions.TooManyConnectionsError: sorry, too many clients already", "pool", "database server"),
        ("sqlite3.OperationalError: database is locked", "errors", "database is locked (33 times"),
    ],
)
def test_what_the_log_says_with_every_request(text, kind, words):
    found = reason(*looks(Said(text, 3)))
    assert found.kind == kind
    assert words in found.title
    assert any(f"33 times: {text}" in line for line in found.evidence)


@pytest.mark.parametrize(
    "said", [(), (Said("ValueError: N", 0),), (Said("starlette.requests.ClientDisconnect", 9),)], ids=str
)
def test_what_says_nothing(said):
    assert reason(*looks(*said)) is None


def test_errors_explain_nothing_where_nothing_was_missed_or_as_many_came_well_below():
    said = Said("shop.errors.OutOfStockError: N", 5)
    assert reason(*looks(said), broke=False) is None
    assert reason(*looks(said), *looks(said, begin=0, end=9), below=Span(0, 9 * S)) is None


def test_what_is_known_from_elsewhere_is_only_confirmed():
    found = reason(*full())
    assert found.kind == "descriptors"
    assert "80 of 80" in found.title
    assert any("Too many open files" in line for line in found.evidence)


def test_the_connections_that_threads_wait_for_are_named_before_the_threads():
    queued = [ProbeLook(at_ns=at * S, pid=100, span_ns=S, queued=20, pool_threads=4, loop="") for at in range(11, 21)]
    found = explain([*looks(Said(QUEUE, 3)), *queued], Span(10 * S, 20 * S), broke=True).limited_by
    assert "SQLAlchemy's connection pool" in found.title
    assert any("20 at most" in line for line in found.evidence)


def full() -> list[VitalsDetail]:
    said = (Said("OSError: [Errno N] Too many open files", 3),)
    process = ProcessLook(pid=100, name="uvicorn", cpu_s=1.0, fds=80, fd_limit=80)
    return [VitalsDetail(at_ns=at * S, processes=(process,), said=said) for at in range(10, 21)]
