"""HTTP whose requests a document describes: they are prepared before the driver is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from brinell.core.plan import LoadSpec
from brinell.load.drivers.http import Http
from brinell.load.drivers.http2 import Http2
from brinell.load.wire import WireOperation, WireSessions

if TYPE_CHECKING:
    from brinell.load.engine.connection import Connection, Host
    from brinell.load.engine.recorder import Recorder
    from brinell.load.engine.work import Operation
    from brinell.subject.targets import Target


class Prepared(NamedTuple):
    """Requests that never change, or else sessions."""

    operations: tuple[WireOperation, ...] = ()
    sessions: WireSessions | None = None


class _Described:
    """What is prepared; workers make the driver without it."""

    def __init__(self, prepared: Prepared | None = None) -> None:
        self._prepared = prepared or Prepared()

    def encode(self, spec: LoadSpec, target: Target, root: Path) -> tuple[WireOperation, ...]:
        """Return what was prepared."""
        del spec, target, root
        return self._prepared.operations

    def sessions(self, spec: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> WireSessions | None:
        """Return what was prepared."""
        del spec, target, root, allow
        return self._prepared.sessions


class DescribedHttp(_Described, Http):
    """``driver = "http"`` of a scenario with a document."""

    def decode(self, operations: Sequence[WireOperation], recorder: Recorder) -> tuple[Operation, ...]:
        """Return the operations with the judges of their answers."""
        from brinell.load.openapi.judged import decode  # noqa: PLC0415 - worker only: loads the parser

        return decode(operations, recorder)

    def connection(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return the class of connections that let a judge look at answers."""
        del streams
        from brinell.load.openapi.judged import JudgedConnection  # noqa: PLC0415 - worker only

        return JudgedConnection

    def once(self) -> Callable[[Host], Connection]:
        """Return the class of such connections for one request each."""
        from brinell.load.openapi.judged import JudgedOnce  # noqa: PLC0415 - worker only

        return JudgedOnce


class DescribedHttp2(_Described, Http2):
    """The same with ``version = "2"``."""

    def decode(self, operations: Sequence[WireOperation], recorder: Recorder) -> tuple[Operation, ...]:
        """Return the operations with the judges of their answers."""
        from brinell.load.openapi.judged_lane import decode  # noqa: PLC0415 - worker only: loads h2

        return decode(operations, recorder)

    def connection(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return what makes lanes that let a judge look at answers, ``streams`` of which share a socket."""
        from brinell.load.drivers.http2_link import Pool  # noqa: PLC0415 - worker only: loads h2
        from brinell.load.openapi.judged_lane import JudgedLane  # noqa: PLC0415 - likewise

        return Pool(JudgedLane, streams).lane
