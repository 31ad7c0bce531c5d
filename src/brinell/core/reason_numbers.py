"""The subject's numbers at its limit beside those well below it, in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Callable

from brinell.core.vitals_window import ProcessNumbers, Window

_MB = 1_000_000


def numbers(at: Window, below: Window | None) -> str:
    """Return ``at its limit 0.98 cores (0.51 well below), 120 MB (118), ...``; empty if nothing is known."""
    parts = [part for name, read in _ROWS if (part := _row(name, read, at, below))]
    if not parts:
        return ""
    if below is not None:
        parts[0] = parts[0].replace(")", " well below)")
    return f"at its limit {', '.join(parts)}"


def _row(name: str, read: Callable[[Window], str | None], at: Window, below: Window | None) -> str:
    now = read(at)
    if now is None:
        return ""
    before = None if below is None else read(below)
    return name.format(now) + (f" ({before})" if before is not None else "")


def _cores(at: Window) -> str | None:
    return f"{sum(one.cores for one in at.processes.values()):.2f}" if at.processes else None


def _memory(at: Window) -> str | None:
    return _sum(at, lambda one: None if one.rss_bytes is None else one.rss_bytes / _MB)


def _descriptors(at: Window) -> str | None:
    return _sum(at, lambda one: one.fds)


def _threads(at: Window) -> str | None:
    return _sum(at, lambda one: one.threads)


def _switches(at: Window) -> str | None:
    return _sum(at, lambda one: one.switches)


def _running(at: Window) -> str | None:
    return None if at.running is None else f"{at.running:.1f}"


def _late(at: Window) -> str | None:
    known = [one.lag_max_ms for one in at.inside.values() if one.lag_max_ms is not None]
    return f"{max(known):.0f}" if known else None


def _collections(at: Window) -> str | None:
    shares = [one.gc_s / one.seconds for one in at.inside.values() if one.seconds]
    return f"{max(shares) * 100:.0f} %" if shares else None


def _tasks(at: Window) -> str | None:
    known = [one.tasks for one in at.inside.values() if one.tasks is not None]
    return f"{sum(known)}" if known else None


def _sum(at: Window, read: Callable[[ProcessNumbers], float | None]) -> str | None:
    known = [value for one in at.processes.values() if (value := read(one)) is not None]
    return f"{sum(known):.0f}" if known else None


_ROWS: tuple[tuple[str, Callable[[Window], str | None]], ...] = (
    ("{} cores", _cores),
    ("{} MB", _memory),
    ("{} descriptors", _descriptors),
    ("{} threads", _threads),
    ("{} context switches/s", _switches),
    ("run queue {}", _running),
    ("loop late by up to {} ms", _late),
    ("{} garbage collection", _collections),
    ("{} tasks", _tasks),
)
