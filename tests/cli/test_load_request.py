"""What ``brinell load URL`` sends: forms, files, rows of data, redirects, connections."""

from __future__ import annotations

import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brinell.cli.load_request import fields
from brinell.core.errors import UsageError

AT = "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([AT, "--form", "user"], "name=value"),
        ([AT, "--form", "a=@nowhere"], "no such file"),
        ([AT, "--form", "a=b", "--body", "c"], "one body"),
        ([AT, "--body", "@~nobody-of-that-name/a"], "there is no such file"),
        ([AT, "--har", "~nobody-of-that-name/a.har"], "there is no such file"),
        ([AT, "--openapi", "~nobody-of-that-name/a.json"], "there is no such file"),
        ([AT, "--body", "@."], "--body @.: this is no regular file"),
        ([AT, "--form", "a=@/dev/null"], "--form a=@/dev/null: this is no regular file"),
        ([AT, "--data", "nowhere.csv"], "no such file"),
        ([AT, "--data", "users.csv"], "nothing uses it: {{users.column}} would"),
        ([AT + "{{users.id}}", "--data", "users.csv:onze"], "did you mean users.csv:once?"),
        ([AT + "{{users.ip}}", "--data", "users.csv"], "URL: users has no column ip"),
        ([AT + "{{uid}}"], "URL: nothing is called uid"),
        ([AT, "--body", "{{wrd}}"], "--body: nothing is called wrd"),
        ([AT, "--form", "a={{wrd}}"], "--form: nothing is called wrd"),
        ([AT, "--header", "A: {{wrd}}"], "--header: nothing is called wrd"),
        (
            [AT + "{{users.id}}", "--data", "users.csv:once", "--rate", "10", "--duration", "1s"],
            "--data: its 2 rows are given once each, and the shape begins 10 sessions: 2 is the most that max_requests",
        ),
        ([AT, "--redirects", "21"], "--redirects"),
        (["--call", "a:b", "--form", "a=b"], "--form is for an address"),
        ([AT, "--har", "x.har", "--data", "users.csv"], "--data is for one request"),
        (
            [AT, "--http2", "--no-keep-alive", "--duration", "100ms"],
            "error: --no-keep-alive: HTTP/2 keeps its connections",
        ),
    ],
)
def test_mistakes_are_exit_2(brinell, here, argv, said):
    (here / "users.csv").write_text("id,name\n1,ada\n2,grace\n")
    (here / "x.har").write_text("{}")
    given = brinell("load", *argv)
    assert given.code == 2, given
    assert said in given.err


class _Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.asked.append((self.path, self.headers["Content-Type"], self.rfile.read(length)))
        self.send_response(303)
        self.send_header("Location", "/done")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Connection"], b""))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def shop():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shop) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_form_with_rows_and_redirects(brinell, here, shop):
    (here / "users.csv").write_text("id,name\n1,ada\n2,gräce\n", encoding="utf-8")
    given = brinell(
        "load", f"http://127.0.0.1:{shop.server_port}/users/{{{{users.id}}}}", "--data", "users.csv",
        "--form", "name={{users.name}}", "--redirects", "1", "--no-keep-alive", "--rate", "20", "--duration", "500ms",
        "--connections", "4", "--out", "run", "--quiet",
    )  # fmt: skip
    assert given.code in {0, 3}, given  # a crowded machine may make it inconclusive
    posts = [one for one in shop.asked if one[0] != "/done"]
    gets = [one for one in shop.asked if one[0] == "/done"]
    assert {(path, body) for path, _, body in posts} == {("/users/1", b"name=ada"), ("/users/2", b"name=gr%C3%A4ce")}
    assert 0 < len(gets) <= len(posts) == 10  # what an answer leads to after the schedule's end is not asked
    assert {kind for _, kind, _ in posts} == {"application/x-www-form-urlencoded"}
    assert {connection for _, connection, _ in gets} == {"close"}


@pytest.mark.parametrize(
    ("typed", "body"), [(b"hello\n", "hello\n"), ("gr\u00fc\u00dfe".encode(), "gr\u00fc\u00dfe"), (b"", "")]
)
def test_standard_input_is_a_body(monkeypatch, typed, body):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed)))
    assert fields(None, "@-", None) == {"method": "POST", "body": body}


@pytest.mark.parametrize(("typed", "said"), [(b"\xff\x00", "not UTF-8"), (b"x" * ((1 << 20) + 1), "longer than")])
def test_what_standard_input_cannot_be(monkeypatch, typed, said):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed)))
    with pytest.raises(UsageError, match=said) as refused:
        fields(None, "@-", None)
    assert "--body @FILE" in (refused.value.hint or "")
