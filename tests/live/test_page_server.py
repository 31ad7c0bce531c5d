"""A real server on 127.0.0.1, asked by a real client."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from urllib.parse import urlsplit

import pytest

from brinell.live import page_server
from brinell.live.page_server import MOST_CLIENTS, PageServer


class Run:
    """What is drawn: a number that goes up each time."""

    def __init__(self):
        self.drawn = 0

    def draw(self):
        self.drawn += 1
        return {"run": f"<p>{self.drawn}\n</p>", "loads": [], "title": "x"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(page_server, "EVERY_S", 0.05)
    monkeypatch.setattr(page_server, "_ALIVE_S", 0.05)
    monkeypatch.setattr(page_server, "_GRACE_S", 0.5)


@pytest.fixture
def run():
    return Run()


@pytest.fixture
def server(run):
    made = PageServer("shop", run.draw)
    yield made
    made.close()


def ask(server, path=None, *, method="GET", host=None, **headers):
    """Ask; return the answer and its body."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    connection.putrequest(method, address.path if path is None else path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or address.netloc)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


class Events:
    """One open stream of events."""

    def __init__(self, server):
        address = urlsplit(server.url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
        self.connection.request("GET", address.path + "events", headers={"Sec-Fetch-Site": "same-origin"})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200

    def next(self):
        """Return the next event's name and data; comments are passed over."""
        name = None
        while line := self.answer.readline():
            if line.startswith(b"event: "):
                name = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                return name, json.loads(line[6:])
        return None

    def close(self):
        self.answer.close()
        self.connection.close()


def test_only_this_machine_is_listened_on_and_the_token_cannot_be_guessed(server):
    assert server._http.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32
    assert server.token in server.url


def test_the_page_needs_nothing_from_elsewhere(server):
    answer, body = ask(server)
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert b"http://" not in body.replace(b"http://www.w3.org/2000/svg", b"")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("what", ["", "events", "report"])
@pytest.mark.parametrize(
    "host", ["", "evil.example", "127.0.0.1", "localhost:{port}", "127.0.0.1:1", "127.0.0.1:{port}."]
)
def test_a_foreign_host_is_refused(server, run, what, host):
    port = urlsplit(server.url).port
    answer, body = ask(server, f"/{server.token}/{what}", host=host.format(port=port))
    assert answer.status in {400, 403}
    assert body == b""
    assert run.drawn == 0


def test_two_hosts_are_none(server):
    with socket.create_connection((page_server.ADDRESS, urlsplit(server.url).port), timeout=10) as raw:
        host = urlsplit(server.url).netloc
        request = f"GET /{server.token}/ HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n"
        raw.sendall(request.encode())
        assert b" 403 " in raw.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "path", ["/", "//", "/{token}x/events", "/{half}/events", "/x/{token}/", "/{token}/../events", "/%C3%BC/", "*"]
)
def test_a_foreign_token_is_refused(server, run, path):
    answer, _ = ask(server, path.format(token=server.token, half=server.token[:16]))
    assert answer.status in {403, 404}
    assert run.drawn == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_makes_a_browser_ask_for_is_refused(server, site):
    for what, dest in (("events", "empty"), ("report", "empty"), ("", "iframe"), ("", "script")):
        answer, _ = ask(server, f"/{server.token}/{what}", Sec_Fetch_Site=site, Sec_Fetch_Dest=dest)
        assert answer.status == 403
    answer, _ = ask(server, Sec_Fetch_Site=site, Sec_Fetch_Dest="document")  # a link to the page is one
    assert answer.status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "HEAD"])
def test_nothing_but_reading_is_understood(server, method):
    assert ask(server, method=method)[0].status == 501


def test_a_report_there_is_not_yet_is_not_found(server):
    assert ask(server, f"/{server.token}/report")[0].status == 404
    assert ask(server, f"/{server.token}/else")[0].status == 404


def test_nothing_is_drawn_while_nobody_watches(server, run):
    ask(server)
    threading.Event().wait(0.3)
    assert run.drawn == 0
    events = Events(server)
    assert events.next()[1]["run"] == "<p>1\n</p>"
    events.close()


def test_every_state_comes_and_the_last_one_before_the_end(server, run, monkeypatch):
    monkeypatch.setattr(page_server, "_GRACE_S", 30.0)  # which ends with the report that is fetched
    events = Events(server)
    first, second = events.next(), events.next()
    assert (first[0], second[0]) == ("now", "now")
    closing = threading.Thread(target=server.close, args=("<html>",))
    closing.start()
    told = []
    while (event := events.next()) and event[0] == "now":
        told.append(event[1]["run"])
    assert event[0] == "end"
    assert told[-1] == f"<p>{run.drawn}\n</p>"
    answer, body = ask(server, f"/{server.token}/report", Sec_Fetch_Site="same-origin")
    assert (answer.status, body) == (200, b"<html>")
    assert answer.headers["Content-Type"].startswith("text/plain")
    closing.join(10)
    assert not closing.is_alive()
    events.close()
    with pytest.raises(OSError, match="refused"):
        ask(server)


def test_a_page_that_was_closed_changes_nothing_for_others(server):
    gone, kept = Events(server), Events(server)
    gone.next()
    gone.connection.sock.close() if gone.connection.sock else None
    gone.close()
    seen = [kept.next()[1]["run"] for _ in range(4)]
    assert len(set(seen)) == 4
    kept.close()
    for _ in range(100):
        if server._watchers == 0:
            break
        threading.Event().wait(0.05)
    assert server._watchers == 0


def test_a_page_that_does_not_read_does_not_hold_the_run(server, monkeypatch):
    monkeypatch.setattr(server, "_draw", lambda: {"run": "x" * 20_000_000})
    with socket.create_connection((page_server.ADDRESS, urlsplit(server.url).port), timeout=10) as raw:
        host = urlsplit(server.url).netloc
        raw.sendall(f"GET /{server.token}/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        raw.recv(1)
        closing = threading.Thread(target=server.close)
        closing.start()
        closing.join(10)
        assert not closing.is_alive()


def test_there_is_room_for_a_few_pages_only(server):
    streams = [Events(server) for _ in range(MOST_CLIENTS)]
    for stream in streams:
        stream.next()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(server)
    for stream in streams:
        stream.close()
    for _ in range(100):
        if server._watchers == 0:
            break
        threading.Event().wait(0.05)
    assert ask(server)[0].status == 200


def test_connections_that_say_nothing_take_no_more_than_their_places(server):
    address = urlsplit(server.url)
    before = threading.active_count()
    silent = [socket.create_connection((address.hostname, address.port), timeout=10) for _ in range(3 * MOST_CLIENTS)]
    threading.Event().wait(0.3)
    assert threading.active_count() - before <= MOST_CLIENTS
    for one in silent:
        one.close()


def test_closing_twice_is_closing_once(run):
    made = PageServer("x", run.draw)
    made.close()
    with pytest.raises(OSError, match="refused"):
        ask(made)
