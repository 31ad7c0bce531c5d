"""What can speak to a subject under load."""

from __future__ import annotations

from brinell.load.contract import Driver
from brinell.load.drivers.cache import Caches
from brinell.load.drivers.call import Calls
from brinell.load.drivers.http import Http

DRIVERS: dict[str, Driver | Calls] = {"http": Http(), "call": Calls(), "cache": Caches()}
