"""``driver = "call"``: no protocol and no address, but a function of the project; see ``brinell.load.calls``."""

from __future__ import annotations

from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.core.roles import Room
from brinell.load.calls.look import look, wire_call
from brinell.load.calls.told import Hello
from brinell.load.schedule import Schedule
from brinell.load.watch import CallWatch
from brinell.load.wire import WorkerSpec


class Calls:
    """The driver of ``driver = "call"``. ``preparing`` is what is being done until all is ready."""

    preparing = "the project is imported"

    def look(self, spec: LoadSpec, root: Path) -> Hello:
        """Import the function where it will be called, without calling it. UsageError if that cannot be done."""
        return look(spec, root)

    def watch(self, room: Room, spec: LoadSpec, pids: list[int]) -> CallWatch:
        """Return who watches the interpreters."""
        del spec
        return CallWatch(room, pids)

    def workers(self, spec: LoadSpec, schedule: Schedule, root: Path) -> list[WorkerSpec]:
        """Return every worker's specification. They share ``connections``, which are calls under way at once."""
        if spec.workers > spec.connections:
            raise UsageError(
                f"[[load]] {spec.name}: {spec.workers} workers cannot share {spec.connections} calls at once",
                hint=f"connections = {spec.workers} or more",
            )
        call = wire_call(spec, root)
        shape, options = schedule.wire
        return [
            WorkerSpec(
                worker=worker,
                workers=spec.workers,
                driver="",
                shape=shape,
                shape_options=options,
                operations=(),
                family=0,
                address=(),
                timeout_ns=int(spec.timeout_s * 1e9),
                connections=(spec.connections + spec.workers - 1 - worker) // spec.workers,
                seed=spec.seed,
                call=call,
                span_ns=int(schedule.span_s * 1e9),
                requests=schedule.share(worker, spec.workers),
            )
            for worker in range(spec.workers)
        ]
