"""Sessions of a recording: its requests in order, with the cookies that the session itself was given."""

from __future__ import annotations

from typing import Any

import msgspec

from brinell.load.drivers.http_exchange import ExchangeOperation
from brinell.load.engine.session import Pause, Send, Session, Stage
from brinell.load.har import Options
from brinell.load.scenario.cookies import Jar

_HOST = "recorded"  # a recording goes to one host: what it is called matters to nobody


class Recording:
    """``engine.session.Sessions`` of a recording: each is all of it."""

    def __init__(self, options: Options, stage: Stage) -> None:
        self._requests = options.requests
        self._cookies = options.cookies
        self._operations = {
            one.operation: ExchangeOperation(one.operation, stage.recorder, bodiless=one.bodiless, keep_bytes=0)
            for one in options.requests
        }

    def begin(self, user: int) -> Session:
        """Return the whole recording as one session; all are the same."""
        del user
        return self._session()

    def _session(self) -> Session:
        jar = Jar()
        for one in self._requests:
            if one.pause_s:
                yield Pause(one.pause_s)
            request = one.request
            path = request.split(b" ", 2)[1].decode("latin-1") if self._cookies else ""
            held = jar.header(_HOST, path, secure=True) if self._cookies else ""
            if held:
                line, _, rest = request.partition(b"\r\n")
                request = line + b"\r\nCookie: " + held.encode("latin-1") + b"\r\n" + rest
            answer = yield Send(self._operations[one.operation], request)
            if self._cookies and answer is not None:
                jar.take(_HOST, path, answer.headers)


def sessions(options: dict[str, Any], stage: Stage) -> Recording:
    """Return the sessions that ``options`` describe: the factory that workers call."""
    return Recording(msgspec.convert(options, Options), stage)
