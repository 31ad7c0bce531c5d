"""Scenarios played by the engine inside the test's own process, against a small shop on loopback."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from brinell.core.plan import LoadSpec
from brinell.load.engine.session import Spent, Stage
from brinell.load.scenario.play import Play
from brinell.load.scenario.verify import Wired, wired
from brinell.load.shapes.constant import Constant
from brinell.subject.targets import Target

LONG = Constant(100, 30)  # ends with the sessions that are played: nothing is cut off, however slow the machine


class Shop:
    """Keeps notes, knows who logged in by a cookie, redirects; writes down every request it got."""

    def __init__(self, lab):
        self.asked = []
        self.notes = {}
        self._lab = lab
        self.port = lab.start(self._serve)

    async def _serve(self, reader, writer):
        while True:
            head, body = await self._request(reader)
            method, target = head[0].split()[:2]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            self.asked.append((method, target, headers, body))
            status, extra, content = self._answer(method, urlsplit(target), headers, body)
            lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *extra]
            writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content)
            await writer.drain()

    async def _request(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lengths = [int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")]
        if any(line.lower().startswith("transfer-encoding:") for line in head):
            body = b""
            while size := int((await reader.readline()), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
            return head, body
        return head, await reader.readexactly(sum(lengths))

    def _answer(self, method, url, headers, body):  # noqa: PLR0911 - one return for each thing the shop does
        path, query = url.path, parse_qs(url.query)
        if path == "/notes" and method == "POST":
            number = len(self.notes) + 1
            self.notes[number] = json.loads(body)
            return 201, [f"Location: /notes/{number}"], json.dumps({"id": number, **self.notes[number]}).encode()
        if path.startswith("/notes/") and path[7:].isdigit() and int(path[7:]) in self.notes:
            return 200, ["X-Kind: note"], json.dumps({"id": int(path[7:]), **self.notes[int(path[7:])]}).encode()
        if path == "/login":
            return 303, ["Set-Cookie: sid=s3; Path=/; HttpOnly", "Location: /me"], b""
        if path == "/me":
            return (200, [], b"welcome") if "sid=s3" in headers.get("cookie", "") else (401, [], b"who are you")
        if path == "/to":
            return int(query.get("status", ["302"])[0]), [f"Location: {query['where'][0]}"], b""
        if path in {"/", "/echo"}:
            return 200, [], body or target_of(url)
        return 404, [], b"no such thing"


class Limited:
    """So many sessions and no more."""

    def __init__(self, sessions, most):
        self._sessions = sessions
        self._left = most

    def begin(self, user):
        if self._left == 0:
            raise Spent
        if self._left is not None:
            self._left -= 1
        return self._sessions.begin(user)


def target_of(url):
    return (url.path + (f"?{url.query}" if url.query else "")).encode()


@pytest.fixture
def shop(lab):
    return Shop(lab)


@pytest.fixture
def play(lab, shop, tmp_path):
    """Play ``most`` sessions of a scenario (None: what the shape begins) and return what came of it."""

    def run(shape=LONG, *, most=10, allow=(), connections=4, seed=1, worker=(0, 1), port=None, **fields):
        port = port or shop.port
        spec = LoadSpec(name="browse", shape={}, url=f"http://127.0.0.1:{port}", **fields)
        target = Target("http", "127.0.0.1", port, ("127.0.0.1",))
        assert wired(spec, target, tmp_path, tuple(allow)).factory

        def sessions(recorder):
            closed = shape.model == "closed"
            stage = Stage(*worker, seed, recorder, closed)
            return Limited(Play(Wired(spec, target, str(tmp_path), tuple(allow)), stage), most)

        return lab.drive(port, shape, connections=connections, sessions=sessions)

    return run
