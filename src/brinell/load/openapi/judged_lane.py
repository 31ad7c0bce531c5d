"""The same look at the answers over HTTP/2: prepared requests whose answers are compared with the document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from brinell.core import outcomes
from brinell.load.drivers.http2_lane import Lane
from brinell.load.drivers.http2_request import Http2Operation
from brinell.load.openapi.judged import judges_of
from brinell.load.openapi.kept import Kept

if TYPE_CHECKING:
    from brinell.load.drivers.http2_link import Pool
    from brinell.load.drivers.http2_machine import Fields
    from brinell.load.engine.connection import Host
    from brinell.load.engine.recorder import Recorder
    from brinell.load.openapi.contract import Judge
    from brinell.load.wire import WireOperation


class JudgedHttp2Operation(Http2Operation):
    """``judge`` None: nothing is known of its answers."""

    __slots__ = ("judge",)

    def __init__(self, wire: WireOperation, recorder: Recorder, judge: Judge | None) -> None:
        super().__init__(wire, recorder)
        self.judge = judge


class JudgedLane(Lane):
    """``kept`` is what is kept of an answer's body, ``fields`` its content type and encoding."""

    __slots__ = ("fields", "kept")

    def __init__(self, host: Host, pool: Pool) -> None:
        super().__init__(host, pool)
        self.kept = Kept()
        self.fields = "", ""

    def begun(self, status: int, headers: Fields) -> None:
        """The answer's headers came."""
        super().begun(status, headers)
        wanted = self._judge() is not None
        self.kept.begin(wanted=wanted)
        if wanted:
            self.fields = _field(headers, b"content-type"), _field(headers, b"content-encoding")

    def took(self, data: bytes) -> None:
        """A piece of the body came."""
        self.kept.add(data)
        super().took(data)

    def close(self) -> None:
        """Leave the socket, and drop what was kept of an answer."""
        super().close()
        self.kept.drop()

    def verdict(self) -> str:
        """Return the outcome of an answer that came whole, as the document has it."""
        judge = self._judge()
        if judge is None:
            return super().verdict()
        if not self.kept.is_whole:
            judge.unseen += 1
            return self.outcome
        kind, encoding = self.fields
        wrong = judge.judge(self.status, kind, self.kept.take(), encoding)
        if wrong is None:
            return self.outcome
        self.said = f"status {self.status}: {wrong}"
        self.operation.move_bytes(self.outcome, outcomes.CHECK, self.came)
        return outcomes.CHECK

    def _judge(self) -> Judge | None:
        operation = self.operation
        return operation.judge if isinstance(operation, JudgedHttp2Operation) and self.outcome == outcomes.OK else None


def decode(operations: Sequence[WireOperation], recorder: Recorder) -> tuple[JudgedHttp2Operation, ...]:
    """Return the operations, each with the judge of its name."""
    known = judges_of(operations, recorder)
    return tuple(JudgedHttp2Operation(one, recorder, known.get(one.name)) for one in operations)


def _field(headers: Fields, name: bytes) -> str:
    """Return a header's value in lower case, "" without it."""
    return next((bytes(value) for key, value in headers if key == name), b"").lower().decode("latin-1")
