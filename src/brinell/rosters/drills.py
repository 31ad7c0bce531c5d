"""The drills a plan can name."""

from __future__ import annotations

from brinell.drills.contract import Drill
from brinell.drills.drain import Drain
from brinell.drills.lifecycle import Lifecycle
from brinell.drills.race import RaceDrill
from brinell.drills.slow_client import SlowClient
from brinell.drills.spike import Spike
from brinell.drills.storm import Storm

DRILLS: dict[str, type[Drill]] = {
    "drain": Drain,
    "lifecycle": Lifecycle,
    "race": RaceDrill,
    "spike": Spike,
    "slow-client": SlowClient,
    "storm": Storm,
}
