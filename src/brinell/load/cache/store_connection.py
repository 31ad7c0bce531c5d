"""A connection to Redis or memcached that sends what it is given and hands over what came, for sessions."""

from __future__ import annotations

import time

from brinell.core import outcomes
from brinell.core.redact import one_line, redact
from brinell.load.cache.protocols import MOST_BYTES, Dialect, Memcached, Reply, Resp
from brinell.load.drivers.own_request import OwnRequest
from brinell.load.engine.connection import Host
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.failures import classify
from brinell.load.engine.work import Operation

_READ_BYTES = 1 << 18
_SHORT_BYTES = 1 << 16
_END = b"\r\n"  # of every answer
_KEPT_BYTES = 100  # of a value: its stamp is at its beginning

_now = time.monotonic_ns


class StoreConnection(OwnRequest):
    """``request`` is what it sends and ``user`` whoever asked, set before ``begin`` or ``open``."""

    __slots__ = ("_held", "_last", "_reply", "dialect", "place", "request", "user")

    def __init__(self, host: Host, dialect: Dialect) -> None:
        super().__init__(host)
        self.dialect = dialect
        self.request = b""
        self.user: object = None
        self.place: Endpoint | None = None
        self._held = bytearray()
        self._reply = Reply(0)
        self._last = ""

    @property
    def taken(self) -> int:
        """Bytes of the answer."""
        return self._reply.end

    def answer(self) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes, str]:
        """Return one more than the number of values that were there, the beginning of the first, and nothing else."""
        values = self._reply.values
        return 1 + len(values), (), values[0][:_KEPT_BYTES] if values else b"", self._reply.error

    def told(self) -> str:
        """The last error, if the last answer was one."""
        return self._last

    def recall(self, operation: Operation) -> None:
        """Never: no answer is remembered."""

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once; a whole answer ends here, parts wait for the next call."""
        try:
            data = self.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self.break_off(*classify(error))
            return
        ended = _now()
        if not data:
            self.break_off(outcomes.SHORT_BODY if self._held else outcomes.RESET, "closed by the cache", ended)
            return
        self._held += data
        if len(self._held) > _SHORT_BYTES and not data.endswith(_END):
            # A long answer is read once it may be whole: to begin anew at every piece would take its length squared.
            self.phase = "inside the answer"
            if len(self._held) > MOST_BYTES:
                self.break_off(outcomes.PROTOCOL, f"an answer of more than {MOST_BYTES} bytes", ended)
            return
        self._read(ended)

    def _read(self, ended: int) -> None:
        """End with the answer, if it is whole."""
        try:
            reply = self.dialect.reply(self._held)
        except ValueError as error:
            self.break_off(outcomes.PROTOCOL, one_line(str(error), 120), ended)
            return
        if reply is None:
            self.phase = "inside the answer"
            return
        if reply.end != len(self._held):
            self.break_off(outcomes.PROTOCOL, "more than one answer to one question", ended)
            return
        self._held.clear()
        self._reply, self.used = reply, True
        self._last = one_line(redact(reply.error), 200)
        word = reply.error.split(" ", 1)[0][:40]
        outcome = outcomes.of_exception(word) if word else outcomes.OK
        self.operation.cell(outcome).bytes_in += reply.end
        self.host.answered(self, ended, outcome, keep=True)


class RespConnection(StoreConnection):
    """To Redis."""

    __slots__ = ()

    def __init__(self, host: Host) -> None:
        super().__init__(host, Resp())


class MemcachedConnection(StoreConnection):
    """To memcached."""

    __slots__ = ()

    def __init__(self, host: Host) -> None:
        super().__init__(host, Memcached())
