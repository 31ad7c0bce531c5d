"""What the rules of ``core.reason_rules`` and ``core.reason_waits`` have in common: a case, and words for who it is."""

from __future__ import annotations

from dataclasses import dataclass

from brinell.core.vitals_window import WORKS, Inside, ProcessNumbers, Window


@dataclass(frozen=True)
class Case:
    """Something at its limit. ``who``: the process, 0 for the machine. ``degree``: how much of it there is, in whatever
    unit the kind has; what was there as much well below the knee explains nothing.
    """

    kind: str
    who: int
    title: str
    evidence: tuple[str, ...]
    at_ns: int | None = None
    process: str | None = None
    degree: float = 1.0


def percent(share: float) -> str:
    """``61 %``."""
    return f"{share * 100:.0f} %"


def by_cores(at: Window) -> list[ProcessNumbers]:
    """Return the processes, the one with the most processor time first."""
    return sorted(at.processes.values(), key=lambda one: (-one.cores, one.pid))


def workers_of(at: Window) -> list[ProcessNumbers]:
    """Return processes that accept. One that started the others holds their socket, and mostly does nothing else."""
    listening = [one for one in by_cores(at) if one.listens]
    parents = {one.parent for one in listening}
    return [one for one in listening if one.pid not in parents or one.cores >= WORKS or one.connections]


def insides(at: Window) -> list[Inside]:
    """Return what probes saw, the process with the busiest event loop first."""
    return sorted(at.inside.values(), key=lambda one: (-one.busy, one.pid))


def name_of(at: Window, pid: int) -> str | None:
    """Return what a process is called; None where it was not looked at from outside."""
    return at.processes[pid].name if pid in at.processes else None


def words_of(at: Window, pid: int) -> str:
    """``process 4711 (uvicorn)``."""
    return at.processes[pid].words if pid in at.processes else f"process {pid}"
