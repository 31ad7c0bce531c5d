"""``driver = "cache"`` with the address of a store: Redis or memcached, by their own protocols over the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.load.drivers.http import Http
from brinell.load.wire import WireSessions

if TYPE_CHECKING:
    from brinell.load.engine.connection import Connection, Host
    from brinell.subject.targets import Target


class Redis(Http):
    """Sessions as HTTP has them, whose connections speak another protocol."""

    def sessions(self, spec: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> WireSessions | None:
        """Return what is asked of the store."""
        del root, allow
        if spec.cache is None:
            raise UsageError(f"[[load]] {spec.name}: which store?", hint='cache = { target = "redis://127.0.0.1" }')
        options = {
            "scheme": target.scheme,
            "address": (target.addresses[0], target.port),
            "cache": msgspec.to_builtins(spec.cache),
        }
        return WireSessions("brinell.load.cache.store:sessions", options, partly=True)

    def exchange(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return the class of its connections."""
        del streams
        from brinell.load.cache.store_connection import RespConnection  # noqa: PLC0415 - worker only

        return RespConnection


class Memcached(Redis):
    """The same in memcached's words."""

    def exchange(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return the class of its connections."""
        del streams
        from brinell.load.cache.store_connection import MemcachedConnection  # noqa: PLC0415 - worker only

        return MemcachedConnection
