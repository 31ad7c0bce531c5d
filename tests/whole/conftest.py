"""A project to examine, and the tool as a process of its own, so that it can be killed, stopped and asked to end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SUITE = """
import pathlib, time
def test_wrong():
    with (pathlib.Path(__file__).parents[1] / "suite.log").open("a") as log:
        log.write("once\\n")
    assert [1] == [2]
def test_slow():
    time.sleep(0.5)
"""
CONFIGURATION = """
[project]
name = "shop"
[suite]
[service]
command = "{python} server.py {port}"
ready = "/"
[[load]]
name = "browse"
shape = { kind = "constant", rate = 50, duration = "2s" }
requests = [{ path = "/" }]
"""
_MARK = "BRINELL_TEST_MARK"


class Tool:
    """``brinell`` in a project. Everything it starts inherits a mark, so nothing it leaves behind can hide."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.run_folder = project / "the run"
        self._mark = uuid.uuid4().hex
        self._env = {**os.environ, _MARK: self._mark, "VIRTUAL_ENV": sys.prefix, "TERM": "dumb"}

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """Start a command; its output goes to a file, so that nobody has to read it."""
        with (self.project / "output.log").open("a") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "brinell", *argv],
                cwd=self.project, env=self._env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True,
            )  # fmt: skip

    def call(self, *argv: str) -> int:
        """Run a command to its end; return its exit code."""
        return self.start(*argv).wait(120)

    def left(self) -> list[psutil.Process]:
        """Return the living processes that come from this tool."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(_MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def wait_for(self, text: str) -> None:
        """Wait until the run's journal holds ``text``."""
        journal = self.run_folder / "journal.jsonl"
        self.until(lambda: journal.exists() and text in journal.read_text(errors="replace"))

    def until(self, what: Callable[[], object], within_s: float = 60.0) -> None:
        """Wait for something that must come; the limit only ends a test that fails."""
        end = time.monotonic() + within_s
        while not what():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.02)

    @property
    def suites(self) -> int:
        """How often the suite was run, reproducing included."""
        log = self.project / "suite.log"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def tool(tmp_path: Path) -> Iterator[Tool]:
    project = tmp_path / "ein Läden"
    (project / "tests").mkdir(parents=True)
    (project / "tests" / "test_shop.py").write_text(SUITE)
    (project / "server.py").write_text(SERVER)
    (project / "brinell.toml").write_text(CONFIGURATION)
    it = Tool(project)
    yield it
    for process in it.left():
        process.kill()
