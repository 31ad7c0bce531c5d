"""HTTP/2: the same requests as over HTTP/1.1, several at once on each socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from brinell.load.drivers.http import Http
from brinell.load.wire import WireOperation

if TYPE_CHECKING:
    from brinell.load.engine.connection import Connection, Host
    from brinell.load.engine.recorder import Recorder
    from brinell.load.engine.work import Operation


class Http2(Http):
    """The driver of ``driver = "http"`` with ``version = "2"``; what a request is, HTTP/1.1's says."""

    def decode(self, operations: Sequence[WireOperation], recorder: Recorder) -> tuple[Operation, ...]:
        """Return the operations as the engine uses them."""
        from brinell.load.drivers.http2_request import Http2Operation  # noqa: PLC0415 - worker only: loads h2

        return tuple(Http2Operation(one, recorder) for one in operations)

    def connection(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return what makes lanes, ``streams`` of which share a socket."""
        from brinell.load.drivers.http2_lane import Lane  # noqa: PLC0415 - worker only: loads h2
        from brinell.load.drivers.http2_link import Pool  # noqa: PLC0415 - likewise

        return Pool(Lane, streams).lane

    def exchange(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return what makes lanes that hand over what they are answered."""
        from brinell.load.drivers.http2_lane import ExchangeLane  # noqa: PLC0415 - worker only: loads h2
        from brinell.load.drivers.http2_link import Pool  # noqa: PLC0415 - likewise

        return Pool(ExchangeLane, streams).lane
