"""Who is told of load while it happens: one set of totals, and whoever reads or is sent them.

Endpoints are named on the command line and nowhere else: a project that was cloned must not make this machine talk to
anybody. Whom the user names is not put under load, so ``allow_targets`` does not hold for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from brinell.core.addresses import meant
from brinell.core.errors import UsageError
from brinell.core.observation import Envelope
from brinell.core.redact import one_line, redact
from brinell.load.export import otlp, remote_write
from brinell.load.export.metrics import Family, Totals
from brinell.load.export.push import LAST_S, Push
from brinell.load.export.scrape import Scrape

WRITE_EVERY_S = 1.0
OTLP_EVERY_S = 5.0


class Endpoints(NamedTuple):
    """Where to: a port of this machine to be scraped, an address for remote write, one for OTLP."""

    scrape_port: int | None = None
    remote_write: str | None = None
    otlp: str | None = None
    headers: Mapping[str, str] = {}  # of remote write and OTLP


class Feeds:
    """Give ``watch`` every record. UsageError if an endpoint makes no sense or a port is taken."""

    def __init__(self, ends: Endpoints) -> None:
        self._totals = Totals()
        self._lock = threading.Lock()
        self._began_s = time.time()
        self._told = False
        self._pushes: list[Push] = []
        _look_at_addresses(ends)
        self._scrape = Scrape(ends.scrape_port, self._families) if ends.scrape_port is not None else None
        if ends.remote_write is not None:
            headers = {**ends.headers, **remote_write.HEADERS}
            self._pushes.append(Push("remote write", ends.remote_write, headers, self._write_request, WRITE_EVERY_S))
        if ends.otlp is not None:
            headers = {**ends.headers, **otlp.HEADERS}
            self._pushes.append(Push("OTLP", otlp.endpoint(ends.otlp), headers, self._otlp_request, OTLP_EVERY_S))
        for push in self._pushes:
            push.start()

    @property
    def is_used(self) -> bool:
        """Whether anybody is told."""
        return bool(self._pushes) or self._scrape is not None

    @property
    def url(self) -> str:
        """Where Prometheus scrapes; empty where it does not."""
        return self._scrape.url if self._scrape else ""

    def watch(self, envelope: Envelope) -> None:
        """Count one record."""
        if self.is_used:
            with self._lock:
                self._totals.add(envelope)
                self._told = self._told or bool(self._totals.urls)

    def close(self) -> list[str]:
        """Tell the last numbers, stop, and return what went wrong, a line for each endpoint at most."""
        pushes, self._pushes = self._pushes, []
        scrape, self._scrape = self._scrape, None
        for push in pushes:
            push.end()
        until_s = time.monotonic() + LAST_S  # for all of them together
        for push in pushes:
            push.finish(until_s)
        if scrape:
            scrape.close()
        return [push.note for push in pushes if push.note]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _families(self) -> Sequence[Family]:
        with self._lock:
            return self._totals.families()

    def _write_request(self) -> bytes | None:
        return remote_write.body(self._families(), time.time()) if self._told else None

    def _otlp_request(self) -> bytes | None:
        if not self._told:
            return None
        with self._lock:
            families, urls = self._totals.families(), dict(self._totals.urls)
        return otlp.body(families, urls, start_s=self._began_s, moment_s=time.time())


def look_at(ends: Endpoints) -> None:
    """Find what cannot work before anything runs. UsageError."""
    _look_at_addresses(ends)
    if ends.scrape_port is not None:
        Scrape(ends.scrape_port, list).close()


def _look_at_addresses(ends: Endpoints) -> None:
    for option, url in (("--remote-write", ends.remote_write), ("--otlp", ends.otlp)):
        if url is not None:
            _look_at(option, url)


def _look_at(option: str, url: str) -> None:
    """Refuse what is no address of HTTP. UsageError."""
    shown = one_line(redact(url), 120)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{option} {shown}: not a URL", hint=f"{option} http://127.0.0.1:9090/api/v1/write") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        whole = meant(url, "http")
        raise UsageError(
            f"{option} {shown}: an address begins with http:// or https:// and names a host",
            hint=f"{option} {one_line(redact(whole), 120)}" if whole else None,
        )
    if parts.username or parts.password:
        raise UsageError(
            f"{option}: the address carries a user name or password",
            hint="--export-header 'Authorization: Bearer ${TOKEN}' takes it from the environment",
        )
    if any(char <= " " or char > "~" for char in url):
        raise UsageError(f"{option} {shown}: an address is ASCII without white space")
