"""Serves one page to browsers of this machine: what a run looks like now, sent anew whenever it has changed.

Only 127.0.0.1 is listened on, but every page of the web can make a browser ask there, and a name that it controls can
be made to point there (DNS rebinding). So the address holds a random token, the Host header must be the address itself,
and what a browser asks for another site is refused. Nothing can be changed from outside: it only shows.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from brinell.reports.live_page import policy, shell

ADDRESS = "127.0.0.1"
MOST_CLIENTS = 24  # connections; a browser opens a few more than it uses
EVERY_S = 1.0
_SHARE = 20  # drawing takes at most a twentieth of the time
_ALIVE_S = 5.0  # a comment this often tells a page that nothing has changed, and us that the page is gone
_SLOW_S = 10.0  # a browser that does not read is dropped
_GRACE_S = 3.0  # at the end, for pages to fetch the report

Draw = Callable[[], dict[str, Any]]
"""What is there to see, as the page's script takes it."""


class PageServer:
    """Serves until ``close``. OSError if there is no port to be had.

    ``draw`` is called from a thread of its own, about once a second, and only while somebody watches.
    """

    def __init__(self, name: str, draw: Draw) -> None:
        self.token = secrets.token_urlsafe(24)
        self._draw = draw
        self._shell = shell(name).encode()
        self._news = threading.Condition()
        self._latest = b""
        self._version = 0
        self._watchers = 0
        self._ended = threading.Event()
        self._report: bytes | None = None
        self._awaited = 0  # pages that have not fetched the report yet
        self._http = _Server((ADDRESS, 0), type("Handler", (_Handler,), {"page": self}))
        self._threads = [
            threading.Thread(target=self._http.serve_forever, args=(0.1,), name="watch-page", daemon=True),
            threading.Thread(target=self._publish, name="watch-draw", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        """The page's address, token included."""
        return f"http://{ADDRESS}:{self._http.server_port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser that was given ``url`` says it asks."""
        return (f"{ADDRESS}:{self._http.server_port}",)

    def close(self, report: str | None = None) -> None:
        """Show the last state, hand out the report to pages that are open, and stop."""
        with self._news:
            self._report = None if report is None else report.encode()
            self._awaited = self._watchers if report is not None else 0
            if self._watchers:
                self._redraw()
            self._ended.set()
            self._news.notify_all()
            until = time.monotonic() + _GRACE_S
            while self._watchers + self._awaited > 0 and (left := until - time.monotonic()) > 0:
                self._news.wait(left)
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join(2.0)

    # --- what handlers ask -------------------------------------------------------------------------------------------

    def content(self) -> bytes:
        """Return the shell."""
        return self._shell

    def report(self) -> bytes | None:
        """Return the report, once there is one."""
        with self._news:
            self._awaited = max(0, self._awaited - 1)
            self._news.notify_all()
            return self._report

    def follow(self, write: Callable[[bytes], None]) -> None:
        """Send every new state, the last of all, and the end. Whatever ``write`` raises ends it."""
        with self._news:
            self._watchers += 1
            self._redraw()
        seen = 0
        try:
            while True:
                with self._news:
                    ended = self._ended.is_set()
                    if self._version == seen and not ended:
                        self._news.wait(_ALIVE_S)
                    ended, latest, version = self._ended.is_set(), self._latest, self._version
                if version != seen:
                    seen = version
                    write(b"event: now\ndata: " + latest + b"\n\n")
                elif not ended:
                    write(b": nothing new\n\n")
                if ended:
                    write(b"event: end\ndata: {}\n\n")
                    return
        except BaseException:
            with self._news:
                self._awaited = max(0, self._awaited - 1)
            raise
        finally:
            with self._news:
                self._watchers -= 1
                self._news.notify_all()

    def _publish(self) -> None:
        pause_s = EVERY_S
        while not self._ended.wait(pause_s):
            with self._news:
                if not self._watchers:
                    continue
                began = time.monotonic()
                self._redraw()
            pause_s = max(EVERY_S, _SHARE * (time.monotonic() - began))

    def _redraw(self) -> None:
        """Draw what there is now; the caller holds the condition. What has not changed is no news."""
        # JSON of one line: a line break would end the event.
        drawn = json.dumps(self._draw(), separators=(",", ":"), allow_nan=False).encode()
        if drawn != self._latest:
            self._latest = drawn
            self._version += 1
            self._news.notify_all()


class _Server(ThreadingHTTPServer):
    """A thread for each connection, and few of them: whoever comes when all are taken is sent away unheard."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CLIENTS

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._slots = threading.BoundedSemaphore(MOST_CLIENTS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own."""
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and give the place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a page that was closed is no error, and the terminal belongs to the run."""


class _Handler(BaseHTTPRequestHandler):
    page: ClassVar[PageServer]
    protocol_version = "HTTP/1.1"
    timeout = _SLOW_S

    def do_GET(self) -> None:
        """Answer the page, its events, or the report; refuse all else."""
        _, token, *rest = [*self.path.split("?")[0].split("/"), ""][:4]
        what = rest[0] if rest else ""
        known = hmac.compare_digest(token.encode("utf-8", "replace"), self.page.token.encode())
        if self.headers.get_all("Host") != list(self.page.hosts) or not known or not self._own(what):
            self._refuse(HTTPStatus.FORBIDDEN)
        elif what == "":
            self._send(self.page.content(), "text/html; charset=utf-8")
        elif what == "events":
            self._events()
        elif what == "report" and (report := self.page.report()) is not None:
            self._send(report, "text/plain; charset=utf-8")
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _own(self, what: str) -> bool:
        """Whether nobody else's page asks: the page may be opened from anywhere, its data only by itself."""
        site = self.headers.get("Sec-Fetch-Site", "none")
        if what == "" and self.headers.get("Sec-Fetch-Dest", "document") == "document":
            return True
        return site in {"none", "same-origin"}

    def _events(self) -> None:
        self._head(HTTPStatus.OK, {"Content-Type": "text/event-stream", "Connection": "close"})
        self.close_connection = True
        self.page.follow(self._write)

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _send(self, body: bytes, kind: str) -> None:
        self._head(HTTPStatus.OK, {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
        self._write(body)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._head(status, {"Content-Length": "0", "Connection": "close"})

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**headers, **_ALWAYS}.items():
            self.send_header(name, value)
        self.send_header("Content-Security-Policy", policy())
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing: the terminal belongs to the run."""


_ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
