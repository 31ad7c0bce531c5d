"""What the service's own log says of its limits: an error that came with every request names what was missing. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from brinell.core.reason_case import Case
from brinell.core.vitals_window import Window

LEAST = 5  # times
PER_S = 1.0
_DESCRIPTORS = re.compile(r"too many open files|EMFILE|no file descriptors", re.IGNORECASE)
_MEMORY = re.compile(r"\bMemoryError\b|Cannot allocate memory|std::bad_alloc")
_POOLS = (
    ("SQLAlchemy's connection pool", re.compile(r"QueuePool limit")),
    ("psycopg's connection pool", re.compile(r"couldn't get a connection after|psycopg_pool\.PoolTimeout")),
    ("psycopg2's connection pool", re.compile(r"connection pool exhausted|psycopg2\.pool\.PoolError")),
    ("redis' connection pool", re.compile(r"redis\..*(?:Too many connections|No connection available|MaxConnections)")),
    ("httpx's connection pool", re.compile(r"(?:httpx|httpcore)\.PoolTimeout")),
    ("the connections that the database server allows", re.compile(
        r"too many clients already|remaining connection slots|TooManyConnections|Too many connections",
    )),
    ("uvicorn's --limit-concurrency", re.compile(r"Exceeded concurrency limit", re.IGNORECASE)),
    ("the threads that the process may have", re.compile(r"can't start new thread")),
)  # fmt: skip
_NOISE = re.compile(r"Cancelled|ClientDisconnect|BrokenPipe|ConnectionReset|KeyboardInterrupt|SystemExit|GeneratorExit")


def frequent(at: Window) -> list[tuple[str, int]]:
    """Return the errors of the log that came often, the most frequent first."""
    least = max(LEAST, PER_S * at.seconds)
    kept = [(text, count) for text, count in at.said.items() if count >= least and not _NOISE.search(text)]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))


def with_log(found: Sequence[Case], at: Window) -> list[Case]:
    """Return the cases with what the log says of them, and those that only the log knows of."""
    cases = list(found)
    for said in _cases(at):
        for index, case in enumerate(cases):
            if case.kind == said.kind:
                # Threads that wait for connections keep calls waiting for threads.
                title = said.title if "thread" in case.title and "thread" not in said.title else case.title
                cases[index] = dataclasses.replace(case, title=title, evidence=case.evidence + said.evidence)
                break
        else:
            cases.insert(0, said)  # it is the service's own word
    return cases


def errors(at: Window, below: Window | None) -> list[Case]:
    """What else the log says of requests that failed, and did not say well below."""
    before = set() if below is None else {text for text, _ in frequent(below)}
    rest = [(text, count) for text, count in frequent(at) if _kind(text) is None and text not in before]
    if not rest:
        return []
    text, count = rest[0]
    more = tuple(_words(*pair) for pair in rest[:3])
    return [Case("errors", 0, f"requests fail in the service: {text} ({count} times in its log)", more)]


def _cases(at: Window) -> list[Case]:
    cases: dict[str, Case] = {}
    for text, count in frequent(at):
        known = _kind(text)
        if known is not None and known[0] not in cases:
            kind, title = known
            cases[kind] = Case(kind, 0, title, (_words(text, count),))
    return list(cases.values())


def _kind(text: str) -> tuple[str, str] | None:
    if _DESCRIPTORS.search(text):
        return "descriptors", "out of descriptors: the service's log says so"
    if _MEMORY.search(text):
        return "memory", "out of memory: the service's log says so"
    name = next((name for name, pattern in _POOLS if pattern.search(text)), None)
    return None if name is None else ("pool", f"pool exhausted: {name}, as the service's log says")


def _words(text: str, count: int) -> str:
    return f"its log said {count} times: {text}"
