from __future__ import annotations

import http.server
import json
import threading

import pytest

AT = "http://127.0.0.1:9/"
FLOW = """
from brinell.flow import User, flow


@flow
async def browse(user: User) -> None:
    answer = await user.get("/notes")
    assert answer.json() == []
    await user.sleep(0.01)
    await user.get(f"/notes/{user.number}")
"""


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"[]" if self.path == "/api/notes" else b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--flows", "loadtest.py"], "needs the address"),
        ([AT, "--flows", "nowhere.py"], "no such file"),
        ([AT, "--flows", "loadtest.py", "--body", "x"], "so does --body"),
        ([AT, "--flows", "loadtest.py", "--method", "PUT"], "so does --method"),
        ([AT, "--flows", "empty.py"], "has no flow"),
        (["--call", "a:b", "--flows", "loadtest.py"], "--flows is for an address"),
        (["http://192.0.2.1/", "--flows", "loadtest.py"], "allow_targets"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, here, argv, said):
    (here / "loadtest.py").write_text(FLOW)
    (here / "empty.py").write_text("")
    given = brinell("load", *argv)
    assert given.code == 2, given
    assert said in given.err
    assert given.out == ""
    assert not (here / ".brinell").exists()


@pytest.mark.prove
def test_flows_from_the_command_line_and_from_the_file(brinell, here, service):
    (here / "loadtest.py").write_text(FLOW)
    given = brinell(
        "load", f"{service}/api", "--flows", "loadtest.py", "--rate", "4", "--duration", "1s", "--json",
    )  # fmt: skip
    assert given.code in {0, 3}, given  # 3: a crowded machine
    (load,) = json.loads(given.out)["load"]
    assert (load["scenario"], load["model"], load["errors"]) == ("loadtest", "partly-open", {})
    assert {name: one["requests"] for name, one in load["operations"].items()} == {
        "GET /api/notes": 4, "GET /api/notes/{id}": 4,
    }  # fmt: skip
    (here / "brinell.toml").write_text(
        f'[[load]]\nname = "browse"\nurl = "{service}/api"\nflows = "loadtest.py"\n'
        'shape = { kind = "constant", rate = 4, duration = "1s" }\n'
    )
    assert "loadtest.py" in brinell("plan").out
    given = brinell("run", "--json")
    assert given.code in {0, 3}, given
    (load,) = json.loads(given.out)["load"]
    assert (load["scenario"], load["requests"]) == ("browse", 8)
