"""WebSockets of the reference backend, which Brinell starts: everybody in a room, and a room that is full."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from brinell_reference import eject

CONFIGURATION = """
[project]
name = "noticeboard"
python = '{python}'
[service]
command = "{{python}} -m uvicorn --factory noticeboard.app:create_app --app-dir src --no-access-log --port {{port}}"
env = {{ LOG_REQUESTS = "none", ROOM_MEMBERS = "20" }}
ready = "/health/ready"
[[load]]
name = "rooms"
driver = "websocket"
connections = 40
workers = 2
shape = {{ kind = "constant", rate = 20, duration = "3s" }}
websocket = {{ mode = "broadcast", path = "/rooms/{{{{room}}}}", rooms = 2, ping_s = 1 }}
thresholds = {{ reach = 1.0, lost = 0, duplicated = 0, reordered = 0 }}
[[load]]
name = "full"
driver = "websocket"
websocket = {{ path = "/rooms/a", limit = 20, refusals = 200 }}
"""


@pytest.mark.prove
def test_rooms_reach_everybody_and_have_their_limit(tmp_path):
    project = eject(tmp_path / "noticeboard")
    (project / "brinell.toml").write_text(CONFIGURATION.format(python=sys.executable))
    done = subprocess.run(
        [sys.executable, "-m", "brinell", "run", "--json", "--out", str(tmp_path / "run")],
        cwd=project, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    judgement = json.loads(done.stdout)
    rooms, full = judgement["websocket"]
    assert (rooms["requests"], rooms["errors"], rooms["expected"], rooms["lost"]) == (60, {}, 60 * 20, 0)
    assert [room["reach"] for room in rooms["rooms"]] == [1.0, 1.0]
    assert rooms["sockets"]["opened"] == 40
    assert rooms["sockets"]["closes"] == {}
    assert rooms["operations"]["ping"]["requests"] > 0
    assert rooms["subject"]["rss"] > 0
    limit = full["limit"]
    assert (limit["configured"], limit["accepted"], limit["recovered"]) == (20, 20, True)
    assert limit["rejected"] == limit["tried"] == 201
    assert limit["leaked_fds"] <= 5
    assert limit["freed_s"] < 5
    verdicts = {one["id"]: one["verdict"] for one in judgement["findings"]}
    assert {verdict for name, verdict in verdicts.items() if name.startswith("websocket.full.")} == {"pass"}
    assert done.returncode in {0, 3}, done.stderr  # 3: a crowded machine
