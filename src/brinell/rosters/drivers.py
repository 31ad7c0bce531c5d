"""What can speak to a subject under load."""

from __future__ import annotations

from brinell.load.contract import Driver
from brinell.load.drivers.cache import Caches
from brinell.load.drivers.cache_http import CachedHttp
from brinell.load.drivers.cache_store import Memcached, Redis
from brinell.load.drivers.call import Calls
from brinell.load.drivers.http import Http
from brinell.load.drivers.websocket import Sockets

DRIVERS: dict[str, Driver | Calls | Sockets] = {
    "http": Http(),
    "call": Calls(),
    "cache": Caches(),
    "cache-http": CachedHttp(),
    "cache-redis": Redis(),
    "cache-memcached": Memcached(),
    "websocket": Sockets(),
}
