"""Bad manners against servers as they run in production: none that is sound may be accused."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time

import pytest

APP = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text") or ""})
"""
FORGETFUL = """
import os
from websockets.sync.server import serve
from websockets.sync import server
from websockets.frames import CloseCode

class Frail(server.ServerConnection):
    def close_socket(self):
        if self.protocol.close_sent is not None and self.protocol.close_sent.code == CloseCode.INVALID_DATA:
            os._exit(1)
        super().close_socket()

def echo(connection):
    for message in connection:
        connection.send(message)

import sys
serve(echo, "127.0.0.1", int(sys.argv[1]), create_connection=Frail).serve_forever()
"""


def wait_for(port):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


@pytest.fixture
def subject():
    started = []

    def start(argv, cwd):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        started.append(subprocess.Popen([*argv, str(port)], cwd=cwd))
        wait_for(port)
        return port

    yield start
    for one in started:
        one.kill()
        one.wait()


def misbehave(port, folder):
    done = subprocess.run(
        [sys.executable, "-m", "brinell", "websocket", f"ws://127.0.0.1:{port}/", "--hostile", "--timeout", "20s",
         "--json", "--out",
         str(folder / "run")],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    judgement = json.loads(done.stdout)
    found = {one["id"].rpartition(".")[2]: one for one in judgement["findings"]}
    return judgement["websocket"][0]["hostile"], found, done.returncode


@pytest.mark.prove
@pytest.mark.parametrize("protocol", ["websockets", "websockets-sansio"])
def test_uvicorn_is_not_accused(subject, tmp_path, protocol):
    (tmp_path / "served.py").write_text(APP)
    argv = [sys.executable, "-m", "uvicorn", "served:app", "--lifespan", "off", "--ws", protocol, "--port"]
    hostile, found, code = misbehave(subject(argv, tmp_path), tmp_path)
    assert code in {0, 3}, found  # 3: a crowded machine
    assert hostile["whole"]
    assert not any(one["harm"] or one["tolerated"] for one in hostile["cases"])
    assert found["hostile_serves"]["verdict"] == "pass"
    assert found["hostile_leaks"]["verdict"] == "pass"


@pytest.mark.prove
def test_a_process_that_ends_over_it_has_a_bug(subject, tmp_path):
    (tmp_path / "frail.py").write_text(FORGETFUL)
    hostile, found, code = misbehave(subject([sys.executable, "frail.py"], tmp_path), tmp_path)
    assert code == 1
    assert hostile["cases"][-1]["case"] == "not-utf8"
    assert hostile["cases"][-1]["harm"] == "stopped"
    assert found["hostile_serves"]["severity"] == "P0"
