"""Deliveries to an address that somebody asked for, from a thread of their own: a dead one disturbs nobody.

What is delivered are totals, so nothing is kept for later: a delivery that failed is counted, and the next one has all
that it had. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from brinell import __version__
from brinell.core.redact import one_line, redact

PATIENCE_S = 5.0  # of one delivery, for every wait of it
LAST_S = 3.0  # how long the end of a run waits for the last delivery
_READ_BYTES = 2048


class Push(threading.Thread):
    """Delivers ``render()`` to ``url`` every ``every_s`` seconds until ``end``, and then once more.

    ``render`` is called in this thread and returns None where there is nothing to tell yet.
    """

    def __init__(
        self, name: str, url: str, headers: Mapping[str, str], render: Callable[[], bytes | None], every_s: float
    ) -> None:
        super().__init__(name=f"brinell {name}", daemon=True)  # daemon: a name that never resolves holds up no exit
        self.delivered = self.failed = 0
        self.why = ""
        self._what = name
        self._url = url
        self._headers = {"User-Agent": f"brinell/{__version__}", **headers}
        self._render = render
        self._every_s = every_s
        self._ended = threading.Event()
        self._done = False

    def run(self) -> None:
        """Deliver until the end, and then once more."""
        while not self._ended.wait(self._every_s):
            self._deliver()
        self._deliver()
        self._done = True

    def end(self) -> None:
        """Ask for the last delivery."""
        self._ended.set()

    def finish(self, until_s: float) -> None:
        """Wait for the last delivery until this moment of the monotonic clock, and no longer."""
        self.join(max(0.0, until_s - time.monotonic()))
        if not self._done:
            self.failed += 1
            self.why = self.why or f"the last one took longer than {LAST_S:g} s"

    @property
    def note(self) -> str:
        """What went wrong, in a line; empty where nothing did."""
        if not self.failed:
            return ""
        of = self.delivered + self.failed
        return f"{self._what}: {self.failed} of {of} deliveries to {redact(self._url)} failed ({self.why})"

    def _deliver(self) -> None:
        try:
            content = self._render()
            if content is None:
                return
            why = self._post(content)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = one_line(redact(str(error) or type(error).__name__), 120)
        if why:
            self.failed += 1
            self.why = self.why or why
        else:
            self.delivered += 1

    def _post(self, content: bytes) -> str:
        """Deliver once; return why it was refused, empty if it was taken."""
        parts = urlsplit(self._url)
        host = parts.hostname or ""
        connection = (
            http.client.HTTPSConnection(host, parts.port, timeout=PATIENCE_S, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=PATIENCE_S)
        )
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, content, self._headers)
            answer = connection.getresponse()
            said = one_line(redact(answer.read(_READ_BYTES).decode("utf-8", "replace")), 120)
        finally:
            connection.close()
        if 200 <= answer.status < 300:
            return ""
        return f"status {answer.status}{f': {said}' if said else ''}"
