"""What a load scenario's schedule will send, in words and as a line of bars."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from brinell.cli import say
from brinell.config.durations import spell
from brinell.core.plan import LoadSpec
from brinell.load.contract import Shape
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant
from brinell.load.shapes.poisson import Poisson
from brinell.load.shapes.ramp import Ramp
from brinell.load.shapes.replay import Replay
from brinell.load.shapes.sine import Sine
from brinell.load.shapes.spike import Spike
from brinell.load.shapes.steps import Steps

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 32
_MOST_RATES = 8


def pace(spec: LoadSpec, shape: Shape) -> str:  # noqa: PLR0911 - one line for each kind
    """Say at which rate what is sent: ``100 to 1000 requests/s``; in a closed model by how many users."""
    what = "sessions" if spec.sessions or spec.flows is not None else "calls" if spec.call is not None else "requests"
    match shape:
        case Constant():
            return f"{shape.rate:g} {what}/s"
        case Poisson():
            return f"{shape.rate:g} {what}/s on average, at random (seed {shape.seed})"
        case Ramp():
            return f"{shape.from_rate:g} to {shape.to_rate:g} {what}/s"
        case Steps():
            told = ", ".join(f"{rate:g}" for rate in shape.rates[:_MOST_RATES])
            more = f" and {len(shape.rates) - _MOST_RATES} more" if len(shape.rates) > _MOST_RATES else ""
            return f"{told}{more} {what}/s, each for {spell(shape.each_s)}, in all"
        case Spike():
            at = f"from {spell(shape.at_s)} on" if shape.at_s else "from the start"
            return f"{shape.rate:g} {what}/s, {shape.peak:g}/s for {spell(shape.lasts_s)} {at},"
        case Sine():
            return f"{shape.low:g} to {shape.high:g} {what}/s and back every {spell(shape.period_s)},"
        case Replay():
            speed = "" if shape.speed == 1 else f", {shape.speed:g} times as fast"
            return f"the moments of {say.near(Path(shape.file))}{speed},"
        case Closed():
            return _users(spec, shape)
        case _:
            return f"{shape.target_rate or 0:g} {what}/s"


def volume(spec: LoadSpec, shape: Shape) -> str:
    """Say how much that is in all, how much at most, and how it goes; empty in a closed model without a bound."""
    with tempfile.TemporaryDirectory(prefix="brinell-plan-") as folder:
        read = shape.prepared(Path(folder))
        planned = read.planned()
        bars = _bars(read) if read.peak_rate != read.target_rate else ""
    if planned is None:
        return "" if spec.max_requests is None else f"at most {spec.max_requests:,} requests in all"
    what = "sessions" if spec.sessions or spec.flows is not None else "calls" if spec.call is not None else "requests"
    if spec.max_requests is not None and (what == "sessions" or spec.max_requests < planned):
        return f"at most {spec.max_requests:,} requests in all"
    peak = f", at most {read.peak_rate:g}/s  {bars}" if bars else ""
    return f"{planned:,} {what} in all{peak}"


def rules(spec: LoadSpec) -> list[str]:
    """Say what is not sent, and what is not judged."""
    found = []
    if spec.shed_after_s is not None:
        found.append(f"what waits longer than {spell(spec.shed_after_s)} is dropped unsent, and counted")
    if spec.grain_s:
        found.append(f"what falls due within {spell(spec.grain_s)} is sent together")
    if spec.steady:
        found.append("judged on the steady part only")
    return found


def _users(spec: LoadSpec, shape: Closed) -> str:
    least, most = shape.think
    told = f"{spec.connections} users in turn"
    if most:
        told += f", thinking {spell(most)}" if least == most else f", thinking {_spell(least)} to {spell(most)}"
    return told + (f", each at most {shape.user_rate:g} times a second," if shape.user_rate else "")


def _spell(seconds: float) -> str:
    return spell(seconds) if seconds else "0s"


def _bars(shape: Shape) -> str:
    """The rate over the schedule, in equal parts of it: each bar the requests due in its part."""
    edges = [shape.planned(shape.span_s * part / WIDTH) or 0 for part in range(WIDTH + 1)]
    counts = [late - early for early, late in pairwise(edges)]
    most = max(counts) or 1
    return "".join(BARS[min(len(BARS) - 1, count * len(BARS) // (most + 1))] if count else " " for count in counts)
