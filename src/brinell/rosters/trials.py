"""The kinds of examination a plan's step can name."""

from __future__ import annotations

from brinell.checks.capacity_steps import doubted
from brinell.core.roles import Trial
from brinell.drills.trial import DrillTrial
from brinell.load.capacity.trial import CapacityTrial
from brinell.load.trial import LoadTrial
from brinell.rosters.drills import DRILLS
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES
from brinell.suite.against.trial import AgainstTrial
from brinell.suite.deep.trial import ExamineTrial
from brinell.suite.property.trial import PropertyTrial
from brinell.suite.quality.trial import QualityTrial
from brinell.suite.runner import PytestRunner
from brinell.suite.trial import SuiteTrial
from brinell.triage.reproduce import ReproduceTrial

TRIALS: dict[str, Trial] = {
    "suite": SuiteTrial(),
    "reproduce": ReproduceTrial(PytestRunner()),
    "examine": ExamineTrial(),
    "property": PropertyTrial(),
    "against": AgainstTrial(PytestRunner()),
    "quality": QualityTrial(),
    "load": LoadTrial(DRIVERS, SHAPES),
    "capacity": CapacityTrial(LoadTrial(DRIVERS, SHAPES), doubted),
    "drill": DrillTrial(DRILLS, LoadTrial(DRIVERS, SHAPES)),
}
