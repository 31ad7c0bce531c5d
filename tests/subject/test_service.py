"""Real services under real guards; each is a few lines of standard library, and one is what people use."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from brinell.core.clock import SystemClock
from brinell.core.errors import Interrupted, SubjectError, UsageError
from brinell.core.plan import ServiceSpec
from brinell.subject import guard, process_table
from brinell.subject.service import RunningService, start_service, tail

SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    seen = 0
    def do_GET(self):
        Handler.seen += 1
        status = STATUS
        self.send_response(status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"body")
PORT
print("up on", port, flush=True)
HTTPServer((HOST, port), Handler).serve_forever()
"""


def server(tmp_path, port: str = "int(sys.argv[1])", status: str = "200", host: str = "'127.0.0.1'") -> str:
    code = SERVER.replace("STATUS", status).replace("PORT", f"port = {port}").replace("HOST", host)
    (tmp_path / "server.py").write_text(code)
    return "{python} server.py"


class SinceUp(SystemClock):
    """Time that begins once the service is up: how long an interpreter needs for that is the machine's affair."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._before_ns = super().now_ns()
        self._up_ns: int | None = None

    def now_ns(self) -> int:
        if self._up_ns is None and self._log.exists() and "up on" in self._log.read_text():
            self._up_ns = super().now_ns()
        return self._before_ns if self._up_ns is None else self._before_ns + super().now_ns() - self._up_ns


@pytest.fixture
def start(tmp_path):
    """Start a service as a run does; what a test leaves running is stopped."""
    running: list[RunningService] = []
    children: list[guard.GuardedChild] = []

    def starter(argv, **options):
        children.append(guard.start(argv, **options))
        return children[-1]

    def begin(command: str, *, tick=guard.beat_all, starter=starter, clock=None, **spec) -> RunningService:
        spec = {"ready_timeout_s": 60.0} | spec
        found = start_service(
            ServiceSpec(command=command, **spec),
            root=tmp_path,
            python=sys.executable,
            log=tmp_path / "service.log",
            starter=starter,
            clock=clock or SystemClock(),
            tick=tick,
        )
        running.append(found)
        return found

    begin.children = children
    yield begin
    for service in running:
        service.stop()
    assert all(child.poll() is not None for child in children), "something was left running"


def failure(start, command: str, **spec) -> tuple[str, str]:
    with pytest.raises(SubjectError) as caught:
        start(command, **spec)
    return str(caught.value), str(caught.value.hint)


# --- it gets ready ---


def test_a_service_that_takes_its_port(tmp_path, start):
    service = start(server(tmp_path) + " {port}")
    assert service.command[:2] == (sys.executable, "server.py")
    assert service.url == f"http://127.0.0.1:{service.command[2]}"
    assert service.pid == service.child.pid
    assert service.ready_s > 0
    assert service.log == tmp_path / "service.log"
    assert any("up on" in line for line in service.tail())
    assert service.stop() == -signal.SIGTERM


def test_a_port_in_the_environment(tmp_path, start):
    service = start(server(tmp_path, "int(os.environ['PORT'])"), env={"PORT": "{port}"})
    assert service.url.startswith("http://127.0.0.1:")


def test_a_service_that_chooses_its_own_port_is_found_by_looking(tmp_path, start, spare_port):
    port = spare_port()
    assert start(server(tmp_path, str(port))).url == f"http://127.0.0.1:{port}"


def test_the_worker_of_a_wrapper_is_found_by_looking(tmp_path, start, spare_port):
    port = spare_port()
    server(tmp_path, str(port), host="'0.0.0.0'")
    assert start(f"sh -c '\"{sys.executable}\" server.py & wait'").url == f"http://127.0.0.1:{port}"


def test_of_several_ports_the_one_that_is_ready_counts(tmp_path, start, spare_port):
    port = spare_port()
    command = server(tmp_path, str(port))
    # The other takes connections and closes them without a word.
    silent = """
import socket, threading
silent = socket.create_server(('127.0.0.1', 0))
def close():
    while True:
        silent.accept()[0].close()
threading.Thread(target=close, daemon=True).start()
"""
    (tmp_path / "server.py").write_text(silent + (tmp_path / "server.py").read_text())
    assert start(command).url == f"http://127.0.0.1:{port}"


def test_a_port_in_the_command_is_used(tmp_path, start, spare_port):
    port = spare_port()
    assert start(server(tmp_path, "int(sys.argv[2])") + f" --port {port}").url == f"http://127.0.0.1:{port}"


def test_an_ipv6_only_service_is_found_by_looking(tmp_path, start, spare_port):
    code = "import socket\nfrom http.server import HTTPServer\nHTTPServer.address_family = socket.AF_INET6\n"
    port = spare_port()
    command = server(tmp_path, str(port), host="'::1'")
    (tmp_path / "server.py").write_text(code + (tmp_path / "server.py").read_text())
    assert start(command).url == f"http://[::1]:{port}"


def test_not_ready_at_first_is_waited_for(tmp_path, start):
    start(server(tmp_path, status="503 if Handler.seen < 4 else 200") + " {port}")


def test_what_people_use(tmp_path, start):
    (tmp_path / "app.py").write_text(
        "async def app(scope, receive, send):\n"
        "    if scope['type'] != 'http': return\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': scope['path'].encode()})\n"
    )
    service = start("uvicorn app:app --port {port} --workers 2", env={"PYTHONPATH": "."}, ready="/health")
    assert len(process_table.tree(service.pid, process_table.table())) >= 2
    assert service.stop() in (0, -signal.SIGTERM)


def test_the_loop_that_owns_time_is_called_meanwhile_and_may_stop_it(tmp_path, start):
    def stop() -> None:
        guard.beat_all()
        if start.children and "up on" in (tmp_path / "service.log").read_text():
            raise Interrupted("stop")

    with pytest.raises(Interrupted):
        start(server(tmp_path, status="503") + " {port}", tick=stop)
    assert start.children[0].poll() is not None


def test_a_port_that_is_lost_to_somebody_else_is_tried_again(tmp_path, start):
    command = server(tmp_path) + " {port}"
    thief = socket.socket()

    def robbed(argv, **options):
        if not start.children:
            thief.bind(("127.0.0.1", int(argv[-1])))
            thief.listen()
        start.children.append(guard.start(argv, **options))
        return start.children[-1]

    with thief:
        service = start(command, starter=robbed)
        assert len(start.children) == 2
        assert service.url != f"http://127.0.0.1:{thief.getsockname()[1]}"
        assert not any("in use" in line for line in service.tail()), "the tail is of the attempt that succeeded"


# --- the user's mistakes ---


def test_a_command_that_does_not_exist_is_the_users_mistake(start):
    with pytest.raises(UsageError, match="no command 'no-such-server'"):
        start("no-such-server --port {port}")


def test_a_port_that_is_taken_names_who_has_it(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}, which is already in use: pid {os.getpid()}") as caught:
            start(f"serve --port {port}")
    assert "{port}" in str(caught.value.hint)


# --- not ready: what was seen, and the likely fix ---


def test_an_early_end_shows_status_and_last_lines_redacted(start):
    code = "import sys; [print('line', n) for n in range(40)]; print('password=hunter2'); sys.exit(3)"
    what, _ = failure(start, f'{{python}} -c "{code}"')
    assert "it ended with status 3" in what
    assert "    line 39" in what
    assert "line 5\n" not in what
    assert "hunter2" not in what


def test_a_service_that_ignores_the_port_is_told_so(tmp_path, start, spare_port):
    port = spare_port()
    clock = SinceUp(tmp_path / "service.log")
    what, hint = failure(start, server(tmp_path, str(port)) + " {port}", ready_timeout_s=1.0, clock=clock)
    assert f"it listens on 127.0.0.1:{port} and not on 127.0.0.1:" in what
    assert "--port {port}" in hint


def test_a_fixed_second_port_that_is_taken_is_told(tmp_path, start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        what, hint = failure(start, server(tmp_path, str(taken.getsockname()[1])) + " {port}")
    assert "already in use" in what
    assert "does it use {port}?" in hint
    with socket.create_server(("127.0.0.1", 0)) as taken:
        _, hint = failure(start, server(tmp_path, str(taken.getsockname()[1])))
    assert "write {port} in the command" in hint


def test_a_missing_module_names_the_interpreter_or_the_path(tmp_path, start):
    what, hint = failure(start, "{python} -m no_such_server_module --port {port}")
    assert "No module named" in what
    assert f"{shlex.quote(sys.executable)} -m pip install no_such_server_module" in hint
    _, hint = failure(start, "{python} -c 'import no_such.module'")
    assert "pip install no_such," in hint
    (tmp_path / "src" / "shop").mkdir(parents=True)
    _, hint = failure(start, "{python} -c 'import shop.app'", env={"PYTHONSAFEPATH": "1"})
    assert 'env = { PYTHONPATH = "src" }' in hint
    _, hint = failure(start, "{python} -c 'import email.no_such'")
    assert "finds email, and in it no no_such" in hint


@pytest.mark.parametrize(
    ("status", "said", "advice"),
    [
        ("404", "still answers 404 (body)", "name a path that answers 2xx"),
        ("503", "still answers 503 (body)", "says that it is not ready"),
        ("401", "still answers 401 (body)", "without signing in"),
    ],
)
def test_a_ready_path_that_does_not_answer_2xx_is_shown(tmp_path, start, status, said, advice):
    given = {"ready": "/ready", "ready_timeout_s": 1.0, "clock": SinceUp(tmp_path / "service.log")}
    what, hint = failure(start, server(tmp_path, status=status) + " {port}", **given)
    assert said in what
    assert "GET /ready" in what
    assert advice in hint


def test_a_last_look_that_was_cut_short_takes_no_answer_back(tmp_path, start):
    code = server(tmp_path, status="503 if Handler.seen < 2 else time.sleep(600)")
    program = tmp_path / "server.py"
    program.write_text("import time\n" + program.read_text())
    clock = SinceUp(tmp_path / "service.log")
    what, _ = failure(start, f"{code} {{port}}", ready_timeout_s=0.9, clock=clock)
    assert "still answers 503" in what


def test_one_that_never_listens(start):
    what, hint = failure(start, "{python} -c 'import time; time.sleep(600)' {port}", ready_timeout_s=0.8)
    assert "listens on no port" in what
    assert "it wrote nothing" in what
    assert "ready_timeout_s" in hint


def test_one_that_never_answers(tmp_path, start):
    (tmp_path / "mute.py").write_text(
        "import socket, sys, time\n"
        "s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
        "print('up on', sys.argv[1], flush=True)\n"
        "time.sleep(600)\n"
    )
    clock = SinceUp(tmp_path / "service.log")
    what, hint = failure(start, "{python} mute.py {port}", ready_timeout_s=1.0, clock=clock)
    assert "gave no answer" in what
    assert "HTTP" in hint


def test_one_that_goes_into_the_background_and_one_that_is_killed(start):
    what, hint = failure(start, "sh -c 'sleep 600 &'")
    assert "ended with status 0" in what
    assert "foreground" in hint
    what, hint = failure(start, "sh -c 'kill -9 $$'")
    assert "ended by SIGKILL" in what
    assert "memory" in hint
    what, hint = failure(start, "sh -c 'no-such-server-at-all --port {port}'")
    assert "status 127" in what
    assert "no-such-server-at-all is not on the PATH" in hint


# --- the log ---


def test_tail_is_bounded_and_plain(tmp_path):
    log = tmp_path / "log"
    assert tail(log, 0, 5) == []
    log.write_bytes(b"before\n" + b"x" * 200_000 + b"\n\x1b[31mred\x1b[0m \xff token=abcdef\n")
    lines = tail(log, 7, 2)
    assert len(lines[0]) < 70_000
    assert lines[1] == "red \ufffd token=[redacted]"
    assert tail(log, log.stat().st_size, 5) == []


def test_starting_a_service_imports_no_server(tmp_path):
    code = (
        "import sys, brinell.subject.service; print([m for m in ('uvicorn', 'starlette', 'scipy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert out.stdout.strip() == "[]"


def test_its_log_is_redacted_once_it_is_stopped(start, tmp_path):
    command = server(tmp_path)
    program = tmp_path / "server.py"
    program.write_text("print('password=hunter2-Zx9')\n" + program.read_text())
    service = start(f"{command} {{port}}")
    assert "hunter2" in service.log.read_text()
    service.stop()
    assert "password=[redacted]" in service.log.read_text()
    assert "hunter2" not in service.log.read_text()


def test_the_log_of_a_service_that_does_not_start_is_redacted(start, tmp_path):
    (tmp_path / "server.py").write_text("raise SystemExit('password=hunter2-Zx9')\n")
    failure(start, "{python} server.py")
    assert (tmp_path / "service.log").read_text() == "password=[redacted]\n"


def test_a_service_with_the_probe_speaks_until_it_is_stopped(start, tmp_path):
    running = start(f"{server(tmp_path)} {{port}}", probe=True)
    assert running.probe is not None
    until = time.monotonic() + 15
    looks = running.probe.read()
    while not looks and time.monotonic() < until:
        guard.beat_all()
        time.sleep(0.05)
        looks = running.probe.read()
    assert [one.pid for one in looks[:1]] == [running.pid]
    folder = Path(running.probe.environment({})["BRINELL_VITALS"]).parent
    assert folder.is_dir()
    running.stop()
    assert not folder.exists()


def test_a_service_that_does_not_get_ready_leaves_no_line(start, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "lines"))
    (tmp_path / "lines").mkdir()
    with pytest.raises(SubjectError):
        start("{python} -c 'raise SystemExit(1)'", probe=True)
    assert list((tmp_path / "lines").iterdir()) == []


def test_nothing_is_put_into_a_service_unasked(start, tmp_path):
    code = "import os, sys\nassert 'BRINELL_VITALS' not in os.environ\n"
    command = server(tmp_path)
    (tmp_path / "server.py").write_text(code + (tmp_path / "server.py").read_text())
    assert start(f"{command} {{port}}").probe is None
