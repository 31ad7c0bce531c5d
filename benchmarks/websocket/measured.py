"""What the WebSocket benchmarks share: a fast server, and a scenario through the product's own trial and check."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from brinell.checks.websocket import websocket
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.judgement import WebSocket
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec, RequestSpec, WebSocketSpec
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

SERVER = Path(__file__).with_name("fast_server.py")


class Ours(NamedTuple):
    """Numbers of the judgement; CPU seconds of the workers, and of the process that reads them."""

    entry: WebSocket
    workers_cpu_s: float
    trial_cpu_s: float


@contextlib.contextmanager
def fast_server(*, apart: bool = False) -> Iterator[str]:
    """Start ``fast_server.py``; give its address. It ends with its standard input. ``apart``: from then on this process
    and what it starts have one core, and the server the others.
    """
    process = subprocess.Popen([sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    cores = sorted(os.sched_getaffinity(0))
    if apart and len(cores) > 1:
        os.sched_setaffinity(process.pid, cores[:-1])
        os.sched_setaffinity(0, cores[-1:])
    try:
        yield f"ws://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def ours(
    url: str,
    path: str,
    shape: dict[str, Any],
    does: WebSocketSpec,
    *,
    connections: int,
    workers: int = 1,
    grain_s: float = 0.0,
    timeout_s: float = 30.0,
) -> Ours:
    """Run one scenario with real worker processes."""
    with tempfile.TemporaryDirectory() as folder:
        spec = LoadSpec(
            name="bench",
            shape=shape,
            driver="websocket",
            url=url,
            requests=(RequestSpec(path=path),),
            connections=connections,
            workers=workers,
            websocket=does,
            grain_s=grain_s,
            timeout_s=timeout_s,
            calibrate=False,
        )
        room = FakeRoom(spec, Path(folder))
        children, own = _cpu_s(resource.RUSAGE_CHILDREN), _cpu_s(resource.RUSAGE_SELF)
        try:
            LoadTrial(DRIVERS, SHAPES).run(room)
        finally:
            room.close()
        children, own = _cpu_s(resource.RUSAGE_CHILDREN) - children, _cpu_s(resource.RUSAGE_SELF) - own
        evidence = MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records])
        (entry,) = websocket(evidence).websocket or ()
        return Ours(entry, children, own)


def steadily(rate: float, seconds: float) -> dict[str, Any]:
    """The shape of a constant rate."""
    return {"kind": "constant", "rate": rate, "duration": seconds}


def _cpu_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
