"""A small JSON-over-HTTP client with retries."""

import json
import logging
import time
from urllib import error, request
from urllib.parse import urlencode, urljoin

log = logging.getLogger("courier")


class HTTPError(Exception):
    def __init__(self, status, body=""):
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class Response:
    def __init__(self, status, body, headers=None):
        self.status = status
        self.body = body
        self.headers = {k.lower(): v for k, v in (headers or {}).items()}

    @property
    def ok(self):
        return 200 <= self.status < 300

    def json(self):
        return json.loads(self.body)


def _open(req, timeout):
    try:
        with request.urlopen(req, timeout=timeout) as answer:
            return Response(answer.status, answer.read().decode(), dict(answer.headers))
    except error.HTTPError as exc:
        with exc:
            return Response(exc.code, exc.read().decode(), dict(exc.headers))


class Client:
    def __init__(self, base, token=None, retries=2, backoff=0.0, transport=_open):
        self.base = base.rstrip("/") + "/"
        self.token = token
        self.retries = retries
        self.backoff = backoff
        self.transport = transport
        self.closed = False

    def url(self, path, **query):
        url = urljoin(self.base, path.lstrip("/"))
        return f"{url}?{urlencode(sorted(query.items()))}" if query else url

    def get(self, path, **query):
        return self._send("GET", self.url(path, **query))

    def post(self, path, payload):
        return self._send("POST", self.url(path), json.dumps(payload).encode())

    def _send(self, method, url, data=None):
        if self.closed:
            raise RuntimeError("client is closed")
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        for attempt in range(self.retries + 1):
            answer = self.transport(request.Request(url, data, headers, method=method), 5)
            if answer.status not in (429, 502, 503):
                break
            log.warn("attempt %s: %s", attempt + 1, answer.status)
            if attempt < self.retries:
                time.sleep(self.backoff * 2**attempt)
        if not answer.ok:
            raise HTTPError(answer.status, answer.body)
        return answer

    def close(self):
        self.closed = True
