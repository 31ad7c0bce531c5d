"""The page that Prometheus scrapes while a run goes on: on 127.0.0.1 only, numbers only. Whoever dawdles there keeps
neither another visitor waiting nor the run's end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from brinell.core.errors import UsageError
from brinell.load.export.metrics import Family
from brinell.load.export.openmetrics import OPENMETRICS, PLAIN, text

HOST = "127.0.0.1"
_PATIENCE_S = 2.0  # with a visitor who does not speak


class Scrape:
    """Serves ``families()``, called in a thread of this page's own. UsageError if the port (0: any) is taken."""

    def __init__(self, port: int, families: Callable[[], Sequence[Family]]) -> None:
        class Visit(_Visit):
            told = staticmethod(families)

        try:
            self._server = _Server((HOST, port), Visit)
        except OSError as error:
            raise UsageError(
                f"--prometheus {port}: {error.strerror}", hint="give another port, or 0 for any that is free"
            ) from None
        self.url = f"http://{HOST}:{self._server.server_port}/metrics"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve nobody any more."""
        self._server.shutdown()
        self._thread.join(_PATIENCE_S + 1)
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Visit(BaseHTTPRequestHandler):
    timeout = _PATIENCE_S
    server_version = "brinell"
    sys_version = ""
    told: Callable[[], Sequence[Family]]

    def do_GET(self) -> None:
        """Answer a scrape, in the newest format that the visitor names."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        is_new = "application/openmetrics-text" in self.headers.get("Accept", "")
        content = text(self.told(), openmetrics=is_new).encode("utf-8", "replace")
        self.send_response(200)
        self.send_header("Content-Type", OPENMETRICS if is_new else PLAIN)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *said: Any) -> None:
        """Say nothing: standard error is the display's."""
