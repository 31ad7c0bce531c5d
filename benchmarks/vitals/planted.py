"""What is said of services whose bottleneck is known, and of look-alikes that have none: right on all, silent on those.

Each service (``services.py``) is started with the probe and put under two rates, one that it holds and one that it
does not; a look-alike under one that it holds. What is judged is ``load[].limited_by`` of the run, and of a look-alike
what ``explain`` says of all its seconds, though nothing asked for a reason. Planted by who wrote the rules: not blind.

    python benchmarks/vitals/planted.py [--only NAME ...] [--no-probe] [--seconds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from brinell.core.load_records import LoadEnded, LoadStarted
from brinell.core.reasons import explain
from brinell.core.vitals_judgement import LimitedBy
from brinell.core.vitals_records import ProbeLook, ProbeSilent, StacksSeen, VitalsDetail
from brinell.core.vitals_window import Span
from brinell.journal.reader import read

HERE = Path(__file__).parent
_UVICORN = "{python} -m uvicorn services:app --port {port} --log-level warning"
_ALONE = "{python} services.py {port}"


class Plant(NamedTuple):
    """``kind`` None: nothing is wrong with it. ``words`` stand in the reason's title. Rates per second."""

    name: str
    kind: str | None
    words: tuple[str, ...]
    rates: tuple[float, ...]
    command: str = _UVICORN
    more: str = ""  # keys of the scenario


PLANTS = (
    Plant("json", "loop", ("json.dumps", "report"), (5, 200)),
    Plant("sleep", "loop", ("time.sleep", "naps"), (5, 100)),
    Plant("disk", "loop", ("written",), (5, 100)),
    Plant("sync-client", "loop", ("asks",), (5, 100)),
    Plant("cpu", "core", ("one core is full",), (20, 800)),
    Plant("gc", "garbage-collection", (), (2, 100)),
    Plant("database-pool", "pool", ("SQLAlchemy",), (10, 150)),
    Plant("semaphore", "pool", ("semaphore", "takes_turns"), (10, 150)),
    Plant("thread-pool", "pool", ("anyio",), (5, 150)),
    Plant("executor", "pool", ("concurrent.futures",), (5, 120)),
    Plant("sticky", "worker", ("one worker",), (20, 800), _ALONE),
    Plant("descriptors", "descriptors", ("80",), (5, 120), more="connections = 40"),
    Plant("accept-queue", "accept-queue", (), (5, 80), _ALONE, "keep_alive = false"),
    Plant("ok-json", None, (), (50,)),
    Plant("ok-sleep", None, (), (200,)),
    Plant("ok-disk", None, (), (5,)),
    Plant("ok-cpu", None, (), (100,)),
    Plant("ok-gc", None, (), (50,)),
    Plant("ok-database-pool", None, (), (60,)),
    Plant("ok-semaphore", None, (), (150,)),
    Plant("ok-thread-pool", None, (), (100,)),
    Plant("ok-executor", None, (), (100,)),
    Plant("ok-workers", None, (), (100,), _UVICORN + " --workers 2"),
    Plant("ok-descriptors", None, (), (50,)),
    Plant("ok-accept-queue", None, (), (50,), more="keep_alive = false"),
)


def examine(plant: Plant, folder: Path, *, seconds: float = 5.0, probe: bool = True) -> tuple[LimitedBy | None, str]:
    """Run it; return the reason, and why there is none."""
    for file in ("services.py",):
        (folder / file).write_bytes((HERE / file).read_bytes())
    python = str(Path(sys.executable))
    (folder / "brinell.toml").write_text(
        f"""
[project]
name = "planted"
python = {json.dumps(python)}

[service]
command = {json.dumps(plant.command)}
env = {{ PLANT = {json.dumps(plant.name)} }}
ready = "/ready"
probe = {str(probe).lower()}

[[load]]
name = "load"
shape = {{ kind = "steps", rates = {json.dumps(list(plant.rates))}, each_s = {seconds} }}
requests = [{{ path = "/" }}]
thresholds = {{ p95_ms = 250 }}
calibrate = false
{plant.more}
"""
    )
    out = folder / "out"
    done = subprocess.run(
        [python, "-m", "brinell", "run", "--out", str(out), "--json", "--quiet"],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    try:
        judgement = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"{plant.name}: {done.stderr[-2000:]}") from None
    (load,) = judgement["load"] or [None]
    if plant.kind is None:
        return whole(out)
    found = load["limited_by"]
    why = judgement["not_measured"].get("load.load.limited_by", "nothing was missed")
    return (None if found is None else LimitedBy(**{**found, "stacks": ()})), why


def whole(out: Path) -> tuple[LimitedBy | None, str]:
    """Say what the rules would say of all seconds of a run."""
    looks, begin, end = [], 0, 0
    for envelope in read(out).envelopes(LoadStarted, LoadEnded, VitalsDetail, ProbeLook, StacksSeen, ProbeSilent):
        match envelope.data:
            case LoadStarted(start_ns=begin, span_s=span_s):
                end = begin + int(span_s * 1e9)
            case VitalsDetail() | ProbeLook() | StacksSeen() | ProbeSilent() as look:
                looks.append(look)
    found = explain(looks, Span(begin, end), start_ns=begin)
    return found.limited_by, found.not_measured.get("limited_by", "")


def is_right(plant: Plant, said: LimitedBy | None) -> bool:
    """Whether the reason is the planted one."""
    if plant.kind is None or said is None:
        return plant.kind is None and said is None
    return said.kind == plant.kind and all(word in said.title for word in plant.words)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", nargs="*", default=[], metavar="NAME")
    options.add_argument("--no-probe", action="store_true", help="from outside only")
    options.add_argument("--seconds", type=float, default=5.0, help="of each rate")
    options.add_argument("--details", action="store_true", help="the evidence, too")
    given = options.parse_args()
    chosen = [plant for plant in PLANTS if not given.only or plant.name in given.only]
    right = accused = 0
    for plant in chosen:
        with tempfile.TemporaryDirectory(prefix="planted-") as folder:
            said, why = examine(plant, Path(folder), seconds=given.seconds, probe=not given.no_probe)
        good = is_right(plant, said)
        right += good and plant.kind is not None
        accused += plant.kind is None and said is not None
        print(f"{'ok ' if good else 'NO '} {plant.name:<17} {said.title if said else f'- ({why})'}", flush=True)
        if given.details and said is not None:
            print("\n".join(f"      {one}" for one in (*said.evidence, *(f"also: {one}" for one in said.also))))
    bad = sum(plant.kind is not None for plant in chosen)
    print(f"{right} of {bad} planted bottlenecks named; {accused} of {len(chosen) - bad} look-alikes accused")
    return 0 if right == bad and not accused else 1


if __name__ == "__main__":
    sys.exit(main())
