"""What workers print: a log for each while they run, then all of them in the run's one log."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from brinell.suite.lab.server import Slot
from brinell.suite.output_log import CAP_BYTES, OutputLog


class WorkerLogs:
    """Takes what the children in ``slots`` print; at the end it is in ``log``, under a heading for each worker."""

    def __init__(self, slots: Sequence[Slot], log: OutputLog) -> None:
        self._slots = slots
        self._log = log
        self._bytes = 0
        self._folder = tempfile.TemporaryDirectory(prefix="brinell-")
        cap_bytes = CAP_BYTES // (2 * len(slots))
        self._logs = [OutputLog(Path(self._folder.name) / str(n), cap_bytes) for n in range(len(slots))]

    def __enter__(self) -> Self:
        for slot, log in zip(self._slots, self._logs, strict=True):
            slot.sink = self._sink(log)
        return self

    def _sink(self, log: OutputLog) -> Callable[[bytes], None]:
        def sink(data: bytes) -> None:
            self._bytes += len(data)
            log.feed(data)

        return sink

    def flush(self) -> int:
        """Write some of what came; return how many bytes have come in all."""
        self._log.flush(0.01)
        for log in self._logs:
            log.flush(0.01)
        return self._bytes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Join them."""
        with self._folder:
            for number, log in enumerate(self._logs):
                self._slots[number].sink = None
                log.close()
                text = Path(self._folder.name, str(number)).read_bytes()
                if text.strip():
                    self._log.feed(f"\n--- output of worker {number + 1} of {len(self._logs)} ---\n".encode() + text)
