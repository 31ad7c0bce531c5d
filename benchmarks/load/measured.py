"""What the load benchmarks share: running a scenario through the product's own trial and check, and running wrk."""

from __future__ import annotations

import os
import re
import resource
import subprocess
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


class Wrk(NamedTuple):
    """wrk's own words in milliseconds, and its CPU seconds."""

    requests: int
    rate: float
    ms: dict[str, float]
    cpu_s: float


def ours(url: str, shape: dict[str, object], **fields: object) -> Ours:
    """Run one scenario with real worker processes."""
    with tempfile.TemporaryDirectory() as folder:
        spec = LoadSpec(name="bench", shape=shape, url=url, **fields)  # type: ignore[arg-type]
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


def wrk(url: str, seconds: float, connections: int, threads: int = 1) -> Wrk:
    """Run wrk with its latency table."""
    process = subprocess.Popen(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{round(seconds)}s", "--latency", "--timeout", "10s", url],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    counted = re.search(r"(\d+) requests in ([\d.]+)(m?s|m)", said)
    assert counted is not None, said
    table = {name: _ms(value) for name, value in re.findall(r"^\s+(\d+)%\s+(\S+)$", said, re.MULTILINE)}
    most = re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", said)
    assert most is not None, said
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None, said
    return Wrk(int(counted[1]), float(rate[1]), table | {"max": _ms(most[1])}, usage.ru_utime + usage.ru_stime)


def _cpu_s(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]
