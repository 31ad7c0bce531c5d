"""Recorded requests (HAR 1.2): those that went to the target are sent again, as a mix or in their order."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.core.redact import one_line, redact
from brinell.core.roles import Room
from brinell.core.traffic_records import LeftOut, TrafficRead
from brinell.load.drivers.described import Prepared
from brinell.load.openapi.assembly import Head, head_of
from brinell.load.openapi.document import Unreadable, parse
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.variants import COMPUTED, Variant
from brinell.load.wire import WireOperation, WireSessions
from brinell.subject.targets import Target

FACTORY = "brinell.load.har_sessions:sessions"
MOST_ENTRIES = 2000
MOST_BYTES = 256 << 20  # a recording holds every answer's body
MOST_OPERATIONS = 300
_TOLD = 5
# The connection's, computed, or about a cache that is not ours.
_DROPPED = COMPUTED | {"accept-encoding", "if-none-match", "if-modified-since", "cookie"}
_METHOD = re.compile(r"[A-Z]{1,20}")
_NUMBERS = re.compile(r"(?<=/)(?:\d+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-f]{24,64})(?=/|$)")


class Entry(NamedTuple):
    """One recorded request. ``at_s``: seconds since the first; ``took_s``: until its answer was complete."""

    operation: str
    request: bytes
    method: str
    at_s: float
    took_s: float


class Recorded(msgspec.Struct, frozen=True):
    """One request of the session: ``pause_s`` before it."""

    operation: str
    request: bytes
    pause_s: float = 0.0
    bodiless: bool = False


class Options(msgspec.Struct, frozen=True):
    """What the workers are told. ``cookies``: each session keeps those that it is given."""

    requests: tuple[Recorded, ...]
    cookies: bool = False


def prepare(room: Room, spec: LoadSpec, target: Target, address: str) -> Prepared:
    """Read the recording and return what there is to send; the record is written. UsageError where it is none."""
    del address
    where = f"[[load]] {spec.name}: har = {one_line(str(spec.har), 120)!r}"
    root = Path(room.plan.root)
    try:
        entries = _entries(_read(root / str(spec.har)))
    except Unreadable as why:
        raise UsageError(f"{where}: {why}", hint=why.hint) from None
    reading = _Reading(target, head_of(spec, target, root, ""))
    for entry in entries[:MOST_ENTRIES]:
        reading.add(entry)
    if len(entries) > MOST_ENTRIES:
        reading.left["..."] = f"{len(entries) - MOST_ENTRIES} entries more than the {MOST_ENTRIES} that are read"
    in_order = spec.think or reading.stateful
    room.emit(
        TrafficRead(
            form="har",
            source=one_line(str(spec.har), 200),
            version="1.2",
            title=one_line(redact(reading.stateful), 80),
            operations=tuple(dict.fromkeys(one.operation for one in reading.kept)),
            requests=len(reading.kept),
            left=tuple(LeftOut(name, why) for name, why in reading.left.items()),
            judged=False,
        )
    )
    if not reading.kept:
        told = "; ".join(f"{name}: {why}" for name, why in list(reading.left.items())[:_TOLD]) or "it has no entries"
        raise UsageError(f"{where}: nothing in it can be sent to {target.authority}: {told}")
    return _session(reading, think=spec.think) if in_order else _mix(reading)


class _Reading:
    """``cookies`` and ``tokens``: with which it was recorded, so that the order matters."""

    def __init__(self, target: Target, head: Head) -> None:
        self.kept: list[Entry] = []
        self.left: dict[str, str] = {}
        self.cookies = self.tokens = False
        self._target = target
        self._head = head
        self._first: float | None = None

    def add(self, entry: Any) -> None:
        """Take one entry, or name it among those that are left."""
        request = entry.get("request") if isinstance(entry, dict) else None
        method = str(request.get("method", "")).upper() if isinstance(request, dict) else ""
        url = request.get("url") if isinstance(request, dict) else None
        if not isinstance(request, dict) or not isinstance(url, str) or not _METHOD.fullmatch(method):
            self._leave("(an entry)", "it has no method or no address")
            return
        try:
            parts = urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
        except ValueError:
            self._leave(f"{method} {one_line(url, 60)}", "its address is none")
            return
        if (parts.scheme, parts.hostname, port) != (self._target.scheme, self._target.host, self._target.port):
            place = one_line(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", 80)
            self._leave(place, f"another place than {self._target.scheme}://{self._target.authority}")
            return
        name = one_line(f"{method} {_NUMBERS.sub('*', parts.path or '/')}", 120)
        if len({one.operation for one in self.kept} | {name}) > MOST_OPERATIONS:
            self._leave(name, f"there are more than {MOST_OPERATIONS} operations")
            return
        try:
            content = self._head.request(method, self._variant(request, parts.path or "/", parts.query))
        except Cannot as why:
            self._leave(name, str(why))
            return
        moment = _instant(entry.get("startedDateTime"))
        self._first = moment if self._first is None else self._first
        at_s = self.kept[-1].at_s if self.kept else 0.0  # who says nothing comes with the one before
        if moment is not None and self._first is not None:
            at_s = moment - self._first
        took = entry.get("time")
        took_s = took / 1000 if isinstance(took, int | float) and 0 <= took < 1e8 else 0.0
        self.kept.append(Entry(name, content, method, at_s, took_s))

    def _variant(self, request: dict[str, Any], path: str, query: str) -> Variant:
        headers: dict[str, str] = {}
        for one in _dicts(request.get("headers")):
            name, value = str(one.get("name", "")), str(one.get("value", ""))
            lowered = name.lower()
            self.cookies = self.cookies or lowered == "cookie"
            self.tokens = self.tokens or lowered == "authorization"
            # HAR writers add HTTP/2's pseudo-headers.
            if name and not name.startswith(":") and lowered not in _DROPPED:
                headers[name] = value
        return Variant(path + (f"?{query}" if query else ""), tuple(headers.items()), _content(request))

    @property
    def stateful(self) -> str:
        """Why the order matters, "" where it does not."""
        told = [word for word, holds in (("cookies", self.cookies), ("a token", self.tokens)) if holds]
        return f"it was recorded with {' and '.join(told)}" if told else ""

    def _leave(self, name: str, why: str) -> None:
        if len(self.left) < MOST_ENTRIES:
            self.left.setdefault(name, why)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"it has {path.stat().st_size} bytes, and at most {MOST_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(str(error.strerror)) from None


def _entries(content: bytes) -> list[Any]:
    log = parse(content, "recording.har", most_bytes=MOST_BYTES).get("log")
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise Unreadable("it is no recording: it has no log.entries", "save one in a browser: Network, Save all as HAR")
    return entries


def _content(request: dict[str, Any]) -> bytes:
    data = request.get("postData")
    if not isinstance(data, dict):
        return b""
    text = data.get("text")
    if isinstance(text, str) and data.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise Cannot("its body says that it is base64, and is not") from None
    if isinstance(text, str) and text:
        return text.encode("utf-8", "surrogatepass")
    if _dicts(data.get("params")):
        raise Cannot("its body was recorded in parts and not as it was sent")
    return b""


def _instant(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return None


def _dicts(several: Any) -> list[dict[str, Any]]:
    return [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []


def _mix(reading: _Reading) -> Prepared:
    """Every recorded request as often as it was recorded."""
    counts: dict[tuple[str, bytes, str], int] = {}
    for one in reading.kept:
        key = one.operation, one.request, one.method
        counts[key] = counts.get(key, 0) + 1
    return Prepared(
        tuple(
            WireOperation(name, float(count), request, bodiless=method == "HEAD")
            for (name, request, method), count in counts.items()
        )
    )


def _session(reading: _Reading, *, think: bool) -> Prepared:
    """All of it in order, as one user did. Think time: from an answer to the next request."""
    steps = []
    ended_s = 0.0
    for number, one in enumerate(sorted(reading.kept, key=lambda entry: entry.at_s)):
        pause_s = max(0.0, one.at_s - ended_s) if think and number else 0.0
        steps.append(Recorded(one.operation, one.request, pause_s, bodiless=one.method == "HEAD"))
        ended_s = max(ended_s, one.at_s + one.took_s)
    options = msgspec.to_builtins(Options(tuple(steps), cookies=reading.cookies))
    return Prepared(sessions=WireSessions(FACTORY, options))
