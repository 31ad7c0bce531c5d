"""What the load benchmarks share: running a scenario through the product's own trial and check."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path
from typing import NamedTuple

from brinell.checks.load import load
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.judgement import Load
from brinell.core.observation import StepStarted
from brinell.core.plan import LoadSpec
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES


class Ours(NamedTuple):
    """Numbers of the judgement; CPU seconds of the workers, and of the process that reads them."""

    load: Load
    workers_cpu_s: float
    trial_cpu_s: float


def ours(url: str, shape: dict[str, object], **fields: object) -> Ours:
    """Run one scenario with real worker processes."""
    with tempfile.TemporaryDirectory() as folder:
        # Without the null server beforehand, whose processor time would count as the requests'.
        spec = LoadSpec(name="bench", shape=shape, url=url, **{"calibrate": False, **fields})  # type: ignore[arg-type]
        room = FakeRoom(spec, Path(folder))
        children, own = _cpu_s(resource.RUSAGE_CHILDREN), _cpu_s(resource.RUSAGE_SELF)
        try:
            LoadTrial(DRIVERS, SHAPES).run(room)
        finally:
            room.close()
        children, own = _cpu_s(resource.RUSAGE_CHILDREN) - children, _cpu_s(resource.RUSAGE_SELF) - own
        evidence = MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records])
        (numbers,) = load(evidence).load or ()
        return Ours(numbers, children, own)


def _cpu_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime
