"""What the trial asks of the calibration's process, and how much of everything it takes."""

from __future__ import annotations

import msgspec

from brinell.load.wire import WorkerSpec

BUSY_S = 0.2
PACED_S = 0.3
MOST_CONNECTIONS = 256
PACED_SHARE = 0.8  # of what it can reach: above, response times are those of a queue
FEW = 200  # answers of the busy phase
TRIES = 3  # where the machine stood still for all of one
SPARE = 64  # descriptors beside connections, at either end


class Order(msgspec.Struct, frozen=True):
    """A worker's specification and the requests a second that it is to begin; None where the subject sets that."""

    worker: WorkerSpec
    rate: float | None
    note: str = ""
    asked: float | None = None
    workers: int = 1
