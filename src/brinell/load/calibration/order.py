"""What the trial asks of the calibration's process, and how much of everything it takes."""

from __future__ import annotations

import resource
import ssl
import time
from typing import NamedTuple

import msgspec

from brinell.load.websocket.stamps import SIZE
from brinell.load.wire import WireSocket, WorkerSpec

BUSY_S = 0.2
PACED_S = 0.3
MOST_CONNECTIONS = 256
MOST_SECURE = 64  # of them over TLS: each takes a handshake on both sides
UNDER_WAY_BYTES = 16 << 20  # of messages, at once: each lies on both sides, several times
PACED_SHARE = 0.8  # of what it can reach: above, response times are those of a queue
FEW = 200  # answers of the busy phase
TRIES = 3  # where the machine stood still for all of one
SPARE = 64  # descriptors beside connections, at either end
_CLOCK_OF_ALL_THREADS = 2  # of a process, by its id: clock_getcpuclockid(3)


class Order(msgspec.Struct, frozen=True):
    """A worker's specification and the requests a second that it is to begin; None where the subject sets that."""

    worker: WorkerSpec
    rate: float | None
    note: str = ""
    asked: float | None = None
    workers: int = 1


class Null(NamedTuple):
    """The null server: where it listens, its process, and how TLS is spoken with it; None: it is not."""

    port: int
    pid: int
    secure: ssl.SSLContext | None = None

    def cpu_s(self) -> float | None:
        """Return the processor time that it has had; None where the system does not tell."""
        try:
            return time.clock_gettime(~self.pid << 3 | _CLOCK_OF_ALL_THREADS)
        except OSError:
            return None


def size_of(wire: WireSocket | None) -> int:
    """Return about how many bytes a message has; 0 where there are none."""
    return 0 if wire is None else max(wire.does.size, len((wire.does.message or "").encode()), SIZE)


def most_of(worker: WorkerSpec) -> int:
    """Return over how many connections it is done at most."""
    most = MOST_CONNECTIONS if worker.tls_name is None else MOST_SECURE
    return max(1, min(most, UNDER_WAY_BYTES // max(1, size_of(worker.socket))))


def connections_of(worker: WorkerSpec, wanted: int) -> int:
    """Return over how many connections it is done, of those wanted."""
    return max(1, min(wanted, most_of(worker), resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE))
