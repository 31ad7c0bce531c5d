"""The load shapes a scenario can name."""

from __future__ import annotations

from brinell.load.contract import Shape
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant

SHAPES: dict[str, type[Shape]] = {"constant": Constant, "closed": Closed}
