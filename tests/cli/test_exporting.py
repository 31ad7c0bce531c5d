"""Load handed on to other tools from the command line."""

from __future__ import annotations

import csv
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brinell.cli.exporting import wanted
from brinell.core.errors import UsageError


class _Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hello)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/notes"
    server.shutdown()
    server.server_close()
    thread.join()


def pressed(brinell, url, *options):
    return brinell("load", url, "--rate", "40", "--duration", "1s", "--connections", "2", "--out", "made", *options)


def test_no_calibration_where_it_is_not_wanted(brinell, here, url):
    assert pressed(brinell, url, "--no-calibrate").code in {0, 1, 3}
    (load,) = json.loads((here / "made" / "judgement.json").read_text())["load"]
    assert "calibrate = false" in load["generator"]["calibration"]["skipped"]


def test_a_run_is_exported_afterwards_in_any_format(brinell, here, url):
    assert pressed(brinell, url).code in {0, 1, 3}
    assert "One worker, with a server that does nothing" in (here / "made" / "report.html").read_text()
    said = brinell("report", "made", "--export", "csv", "--export", "hlog", "--quiet")
    assert "exported made/load-notes.csv" in said.err
    with (here / "made" / "load-notes.csv").open(newline="") as file:
        assert sum(int(row["requests"]) for row in csv.DictReader(file)) == 40
    assert "#[Histogram log format version 1.3]" in (here / "made" / "load-notes.hlog").read_text()
    elsewhere = brinell("report", "made", "--export", "json", "--out", "share", "--quiet")
    assert "exported share/load-notes.jsonl" in elsewhere.err


def test_a_format_that_is_none_names_the_nearest(brinell):
    said = brinell("report", "--export", "hlg")
    assert said.code == 2
    assert "did you mean --export hlog" in said.err
    assert "openmetrics" in said.err


def test_files_are_written_at_the_end_of_a_run_that_asks_for_them(brinell, here, url):
    said = pressed(brinell, url, "--export", "openmetrics", "--quiet")
    assert "exported made/load-notes.openmetrics" in said.err
    assert (here / "made" / "load-notes.openmetrics").read_text().endswith("# EOF\n")


def test_others_are_told_while_it_runs_and_a_dead_one_costs_one_line(brinell, url):
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        port = dead.getsockname()[1]
        said = pressed(brinell, url, "--prometheus", "0", "--remote-write", f"http://127.0.0.1:{port}/api/v1/write")
    assert said.code in {0, 1, 3}
    assert "Prometheus may scrape http://127.0.0.1:" in said.err
    assert said.err.count("remote write: ") == 1
    assert "refused" in said.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--remote-write", "127.0.0.1:9090"), "begins with http"),
        (("--otlp", "http://me:secret@127.0.0.1"), "--export-header"),
        (("--export-header", "A: b"), "is for --remote-write"),
        (("--otlp", "http://127.0.0.1:4318", "--export-header", "Token"), "'Name: value'"),
    ],
)
def test_endpoints_that_make_no_sense_leave_no_run(brinell, here, url, options, words):
    said = pressed(brinell, url, *options)
    assert said.code == 2
    assert words in said.err
    assert "secret" not in said.err
    assert not (here / "made").exists()


def test_headers_for_others_take_their_secrets_from_the_environment(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "s3cret")
    given = ["Authorization: Bearer ${SHOP_TOKEN}", "X-Scope-OrgID: 7"]
    ends = wanted(None, None, None, "http://127.0.0.1:4318", given).ends
    assert ends.headers == {"Authorization": "Bearer s3cret", "X-Scope-OrgID": "7"}
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(UsageError, match=r"--export-header: headers: \$\{SHOP_TOKEN\} is not set"):
        wanted(None, None, None, "http://127.0.0.1:4318", given)
