"""HTTP/1.1 whose requests a document describes: they are prepared before the driver is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from brinell.core.plan import LoadSpec
from brinell.load.drivers.http import Http
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


class DescribedHttp(Http):
    """``driver = "http"`` of a scenario with a document. Workers make it without anything prepared."""

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

    def decode(self, operations: Sequence[WireOperation], recorder: Recorder) -> tuple[Operation, ...]:
        """Return the operations with the judges of their answers."""
        from brinell.load.openapi.judged import decode  # noqa: PLC0415 - worker only: loads the parser

        return decode(operations, recorder)

    def connection(self, streams: int = 1) -> Callable[[Host], Connection]:
        """Return the class of connections that let a judge look at answers."""
        del streams
        from brinell.load.openapi.judged import JudgedConnection  # noqa: PLC0415 - worker only

        return JudgedConnection
