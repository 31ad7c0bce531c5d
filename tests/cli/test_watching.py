from __future__ import annotations

import http.client
import re
import threading
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from brinell.cli import watching
from brinell.live import page_server

pytestmark = pytest.mark.prove  # real workers and servers, seconds each


@pytest.fixture
def url():
    """A server of ours, in this process."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


class Opened:
    """A browser that only remembers."""

    def __init__(self):
        self.urls = []

    def open(self, url, *_):
        self.urls.append(url)
        return True


def test_a_run_can_be_watched_to_its_end(brinell, url, monkeypatch):
    seen = []

    class Watcher(Opened):
        """Follows the page as its script does."""

        def open(self, url, *_):
            super().open(url)
            self.thread = threading.Thread(target=self.follow, args=(urlsplit(url),))
            self.thread.start()
            return True

        def follow(self, address):
            events = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            events.request("GET", f"{address.path}events")
            seen.append(events.getresponse().read().decode())
            report = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            report.request("GET", f"{address.path}report")
            seen.append(report.getresponse().read().decode())

    watcher = Watcher()
    monkeypatch.setattr(webbrowser, "get", lambda *_: watcher)
    said = brinell("load", url, "--rate", "50", "--duration", "2s", "--watch", "--out", "run")
    watcher.thread.join(30)
    assert said.code in {0, 3}
    assert f"Watch it at {watcher.urls[0]}" in said.err
    events, report = seen
    assert events.count("event: now") >= 2
    assert events.rstrip().endswith("event: end\ndata: {}")
    assert "Response time" in events
    assert report.startswith("<!doctype html>")
    assert "By percentile" in report


def test_nothing_is_opened_where_nothing_shall_be(brinell, url, monkeypatch):
    browser = Opened()
    monkeypatch.setattr(webbrowser, "get", lambda *_: browser)
    said = brinell(
        "load", url, "--rate", "50", "--duration", "1s", "--watch", "--no-browser", "--quiet", "--out", "run"
    )
    assert re.search(r"Watch it at http://127\.0\.0\.1:\d+/[\w-]{32}/", said.err)
    assert browser.urls == []


def test_a_run_goes_on_without_a_port_or_a_browser(brinell, url, monkeypatch):
    def no_browser(*_):
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", no_browser)
    said = brinell("load", url, "--rate", "50", "--duration", "1s", "--watch", "--out", "one")
    assert "No browser could be started; open the address yourself." in said.err
    assert said.code in {0, 3}

    def no_port(*_):
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(page_server, "_Server", no_port)
    said = brinell("load", url, "--rate", "50", "--duration", "1s", "--watch", "--out", "two")
    assert "no page to watch: no port on 127.0.0.1 could be had (Address already in use)" in said.err
    assert said.code in {0, 3}


def test_a_browser_that_would_take_the_terminal_is_not_started(monkeypatch):
    started = []
    chosen = webbrowser.GenericBrowser("lynx")
    monkeypatch.setattr(chosen, "open", started.append)
    monkeypatch.setattr(webbrowser, "get", lambda *_: chosen)
    assert watching._opened("http://127.0.0.1:1/") is False
    assert started == []


def test_both_are_told():
    heard = []
    watching.both(lambda *a: heard.append(("first", a)), lambda *a: heard.append(("second", a)))(1, 2)
    watching.both(lambda *a: heard.append(("alone", a)), None)(3)
    assert heard == [("first", (1, 2)), ("second", (1, 2)), ("alone", (3,))]
