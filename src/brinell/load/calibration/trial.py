"""The trial's side of the calibration: when there is one, and how its process is started, waited for and ended."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence

import msgspec

from brinell.core.generator_records import Calibrated
from brinell.core.plan import LoadSpec
from brinell.core.redact import one_line
from brinell.core.roles import Child, Room
from brinell.load.calibration.order import most_of
from brinell.load.fleet import ALONE
from brinell.load.wire import WireSocket, WorkerSpec

PATIENCE_S = 10.0  # for what takes about one: half a second of requests, and the start of an interpreter
_LOG = "load-workers.log"
_WAIT_S = 0.05
_BY_ONE = "connections are tried one by one: nothing is sent at a rate"
_END_S = 1.0  # for a process that has said its last
_READ_BYTES = 1 << 16


def calibrate(room: Room, spec: LoadSpec, workers: Sequence[WorkerSpec], rate: float | None) -> Calibrated:
    """Return what one worker needs by itself, at its part of ``rate``; or why nobody knows. ``Interrupted`` passes."""
    if not spec.calibrate:
        return Calibrated(skipped="not asked for (calibrate = false)")
    if spec.websocket is not None and spec.websocket.one_by_one:
        return Calibrated(skipped="a limit is tried: nothing is sent at a rate" if spec.websocket.limit else _BY_ONE)
    worker = max(workers, key=lambda one: one.connections)
    share = rate / len(workers) if rate else None
    order = {"worker": worker, "rate": share, "note": _note(worker), "asked": rate, "workers": len(workers)}
    room.progress(0, None, "what the generator needs by itself")
    theirs_in, words = os.pipe()
    lines, theirs_out = os.pipe()
    child: Child | None = None
    try:
        try:
            child = room.start(
                [sys.executable, "-P", "-m", "brinell.load.calibration.process"],
                stdin=theirs_in,
                stdout=theirs_out,
                stderr=room.folder / _LOG,
                env=_environment(),
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        return _answer(room, child, msgspec.json.encode(order) + b"\n", words, lines)
    finally:
        os.close(words)
        os.close(lines)
        if child is not None and child.poll() is None:
            child.stop(0.0)  # it holds nothing that an orderly end would save
        room.progress(0, None, "")


def _answer(room: Room, child: Child, order: bytes, words: int, lines: int) -> Calibrated:
    """Hand the order over and wait for the answer; an order may be larger than a pipe (long bodies)."""
    os.set_blocking(words, False)
    until = room.clock.now_ns() + int(PATIENCE_S * 1e9)
    held, rest = b"", memoryview(order)
    while room.clock.now_ns() < until:
        room.tick()
        readable, writable, _ = select.select([lines], [words] if rest else [], [], _WAIT_S)
        if writable:
            try:
                rest = rest[os.write(words, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                rest = rest[:0]
        if readable:
            data = os.read(lines, _READ_BYTES)
            held += data
            if held.endswith(b"\n"):
                return _read(held)
            if not data:
                break
        elif child.poll() is not None:
            break
    ended = child.poll() if rest or room.clock.now_ns() >= until else child.stop(_END_S)
    how = f"it took longer than {PATIENCE_S:g} s" if ended is None else f"its process ended with status {ended}"
    return Calibrated(skipped=f"it did not work: {how} (load-workers.log)")


def _read(line: bytes) -> Calibrated:
    try:
        return msgspec.json.decode(line, type=Calibrated)
    except msgspec.DecodeError as error:
        return Calibrated(skipped=f"it did not work: {one_line(str(error), 120)}")


def _environment() -> dict[str, str]:
    """Return ours, without threads (it forks), and without a file for keys: who asked for that meant the scenario."""
    return {name: value for name, value in os.environ.items() if name != "SSLKEYLOGFILE"} | ALONE


def _note(worker: WorkerSpec) -> str:
    """Say how the null server's traffic is not the scenario's; it is cheaper, then."""
    parts = []
    if worker.socket is not None:
        parts += _socket_note(worker, worker.socket)
    if worker.sessions is not None:
        parts.append("sessions of one request that is always the same")
    return " and ".join(parts)


def _socket_note(worker: WorkerSpec, wire: WireSocket) -> list[str]:
    parts = ["uncompressed"] if wire.compression else []
    if worker.connections / (wire.does.rooms if wire.does.mode == "broadcast" else 1) > most_of(worker):
        parts.append(f"over {most_of(worker)} connection{'s' if most_of(worker) != 1 else ''}")
    return parts
