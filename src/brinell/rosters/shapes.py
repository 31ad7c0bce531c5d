"""The load shapes a scenario can name."""

from __future__ import annotations

from brinell.load.contract import Shape
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant
from brinell.load.shapes.poisson import Poisson
from brinell.load.shapes.ramp import Ramp
from brinell.load.shapes.replay import Replay
from brinell.load.shapes.sine import Sine
from brinell.load.shapes.spike import Spike
from brinell.load.shapes.steps import Steps

SHAPES: dict[str, type[Shape]] = {
    "constant": Constant,
    "poisson": Poisson,
    "ramp": Ramp,
    "steps": Steps,
    "spike": Spike,
    "sine": Sine,
    "replay": Replay,
    "closed": Closed,
}
