"""What the interpreter in which calls are made costs, looked at from outside: inside, whoever looks needs its lock."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no annotations


class Upkeep:
    """Differences since the last ``take``; zero of a process that is gone."""

    def __init__(self, pid: int) -> None:
        self._tasks = Path(f"/proc/{pid}/task")
        self._process: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            self._process = psutil.Process(pid)
        self._cpu_s = self._cpu()
        self._waited = self._waits()

    def restart(self) -> None:
        """Count from now."""
        self.take()

    def take(self) -> tuple[float, float]:
        """Return processor seconds, and seconds in which threads were ready to run and others had the processor."""
        cpu_s, waited = self._cpu() or self._cpu_s, self._waits()
        starved_s = sum(max(0.0, now - self._waited.get(thread, 0.0)) for thread, now in waited.items())
        taken = max(0.0, cpu_s - self._cpu_s), starved_s
        self._cpu_s, self._waited = cpu_s, waited
        return taken

    def _cpu(self) -> float:
        if self._process is None:
            return 0.0
        try:
            times = self._process.cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def _waits(self) -> dict[str, float]:
        """Seconds in the run queue by thread, where the system says (Linux's schedstat)."""
        found = {}
        with contextlib.suppress(OSError):
            for thread in self._tasks.iterdir():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    found[thread.name] = int((thread / "schedstat").read_text(encoding="ascii").split()[1]) / 1e9
        return found
