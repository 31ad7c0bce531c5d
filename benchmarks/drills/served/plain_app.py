"""The standard library's server: ``plain_app.py PORT one|threads``."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """/ and /big."""

    def do_GET(self) -> None:
        """Answer at once."""
        body = b"x" * 200_000 if self.path == "/big" else b"ok"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    kind = ThreadingHTTPServer if sys.argv[2] == "threads" else HTTPServer
    kind(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
