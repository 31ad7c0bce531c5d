"""Real processes, really killed. A *tool* is a script that starts commands under guards, as Brinell does."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brinell.core.errors import UsageError
from brinell.subject import guard, process_table

PYTHON = sys.executable

# A service as they are: it writes the pids of all it is made of, a worker and a daemon that forked twice.
SERVICE = """
import os, sys, time, signal
def note():
    with open(sys.argv[1], "a") as f:
        f.write(f"{os.getpid()}\\n")
if os.fork() == 0:
    note(); time.sleep(600)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.setsid(); note(); time.sleep(600)
    os._exit(0)
note()
time.sleep(600)
"""

TOOL = """
import sys, time
from pathlib import Path
from brinell.subject import guard
children = [guard.start([sys.executable, "-c", sys.argv[1], sys.argv[2]], lease_s=float(sys.argv[3]))]
print(children[0].pid, children[0].guard_pid, flush=True)
while True:
    for child in children:
        child.beat()
    time.sleep(0.05)
"""


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    found = process_table.find(pid)
    return found is not None and found.alive


def pids_in(path: Path, count: int) -> list[int]:
    until(lambda: path.exists() and len(path.read_text().split()) >= count)
    return [int(word) for word in path.read_text().split()]


@contextlib.contextmanager
def tool(folder: Path, code: str = SERVICE, lease_s: float = 5.0) -> Iterator[tuple[subprocess.Popen[str], int, Path]]:
    pids = folder / "pids"
    with subprocess.Popen([PYTHON, "-c", TOOL, code, str(pids), str(lease_s)], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        _, guard_pid = map(int, it.stdout.readline().split())
        try:
            yield it, guard_pid, pids
        finally:
            it.kill()


def python(code: str, *args: str, **options: object) -> guard.GuardedChild:
    return guard.start([PYTHON, "-c", code, *args], **options)  # type: ignore[arg-type]


def finished(child: guard.GuardedChild) -> int | None:
    until(lambda: child.poll() is not None)
    return child.poll()


# --- status and descriptors ---


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("import os; os._exit(255)", 255),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
        ("import os; os.abort()", -6),
    ],
)
def test_exit_status_of_the_command_arrives(code, status):
    child = python(code)
    assert finished(child) == status
    assert child.poll() == status
    assert child.stop(1.0) == status
    assert child.ending is None
    assert child.survivors == ()


def test_poll_is_none_while_it_runs_and_pid_is_the_command_itself():
    child = python("import time; time.sleep(600)")
    assert child.poll() is None
    assert os.getsid(child.pid) == child.pid
    assert os.getsid(child.guard_pid) == child.guard_pid != os.getsid(0)
    assert child.stop(5.0) == -signal.SIGTERM
    assert not alive(child.pid)
    assert not alive(child.guard_pid)


def test_signal_reaches_the_command_and_nothing_happens_once_it_is_gone():
    child = python("import signal, sys; signal.sigwait([signal.SIGUSR1]); sys.exit(7)")
    time.sleep(0.2)
    child.signal(signal.SIGUSR1)
    assert finished(child) in (7, -signal.SIGUSR1)  # the latter where the interpreter was not up yet
    child.signal(signal.SIGTERM)
    child.stop(0.0)
    child.signal(signal.SIGTERM)


def test_the_command_gets_only_the_descriptors_it_was_given():
    read_end, write_end = os.pipe()
    stray = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(stray, True)
    code = """
import json, os, sys
seen = []
for fd in range(256):
    try:
        os.fstat(fd)
        seen.append(fd)
    except OSError:
        pass
os.write(int(sys.argv[1]), json.dumps(seen).encode())
"""
    try:
        child = python(code, str(write_end), pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end, "rb") as pipe:
            # The end of file comes although the guard may still be there: it holds no end of the pipe.
            assert json.loads(pipe.read()) == [0, 1, 2, write_end]
    finally:
        os.close(stray)
    child.stop(5.0)


def test_no_descriptor_and_no_process_stays_with_the_tool():
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    python("pass").stop(5.0)
    before = count()
    for _ in range(5):
        child = python("pass")
        child.stop(5.0)
        with pytest.raises(UsageError):
            guard.start(["no-such-command-anywhere"])
    assert count() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(child.guard_pid, os.WNOHANG)


def test_output_is_appended_to_a_path_that_others_cannot_read(tmp_path):
    log = tmp_path / "service.log"
    for word in ("one", "two"):
        child = python("import sys; print(sys.argv[1]); print('err', file=sys.stderr)", word, stdout=log, stderr=log)
        finished(child)
        child.stop(5.0)
    assert sorted(log.read_text().split()) == ["err", "err", "one", "two"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_stdin_env_and_cwd_are_the_commands_own(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    read_end, write_end = os.pipe()
    os.write(write_end, b"hello")
    os.close(write_end)
    code = "import os, sys; print(sys.stdin.read(), os.getcwd(), sorted(os.environ))"
    env = {"ONLY": "caf\udce9", "LC_ALL": "C.UTF-8"}
    child = python(code, stdin=read_end, cwd=folder, env=env, stdout=tmp_path / "out")
    os.close(read_end)
    assert finished(child) == 0
    child.stop(5.0)
    assert (tmp_path / "out").read_text().strip() == f"hello {folder} ['LC_ALL', 'ONLY']"


def test_signals_are_back_to_their_defaults_in_the_command(tmp_path):
    code = (
        "import signal as s; print([n.name for n in s.valid_signals() if isinstance(n, s.Signals) "
        "and s.getsignal(n) is s.SIG_IGN], s.pthread_sigmask(s.SIG_BLOCK, ()))"
    )
    child = python(code, stdout=tmp_path / "out")
    assert finished(child) == 0
    child.stop(5.0)
    assert (tmp_path / "out").read_text().strip() == "['SIGPIPE', 'SIGXFSZ'] set()"  # Python's own two


def test_a_command_in_a_path_with_a_space(tmp_path):
    folder = tmp_path / "my tools"
    folder.mkdir()
    script = folder / "run me"
    script.write_text("#!/bin/sh\nexit 5\n")
    script.chmod(0o755)
    child = guard.start([str(script)])
    assert finished(child) == 5
    child.stop(5.0)


def test_waiting_ends_with_the_command_or_with_the_time():
    child = python("import sys; sys.stdin.read(1); sys.exit(4)", stdin=(pipe := os.pipe())[0])
    os.close(pipe[0])
    assert child.wait(0.05) is None
    os.close(pipe[1])
    assert child.wait(20.0) == 4
    child.stop(5.0)


# --- what cannot be started ---


def test_unknown_command_names_the_nearest(tmp_path):
    (tmp_path / "uvicorn").write_text("#!/bin/sh\n")
    (tmp_path / "uvicorn").chmod(0o755)
    with pytest.raises(UsageError, match="'uvicorm'") as caught:
        guard.start(["uvicorm", "app"], env={"PATH": str(tmp_path)})
    assert caught.value.hint == "did you mean 'uvicorn'?"


def test_unknown_command_is_found_in_the_environment_beside_it(tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/uvicorn").touch()
    with pytest.raises(UsageError) as caught:
        guard.start(["uvicorn"], env={"PATH": "/nowhere"}, cwd=tmp_path)
    assert str(tmp_path / ".venv/bin") in str(caught.value.hint)


def test_bad_directory_names_the_nearest(tmp_path):
    (tmp_path / "backend").mkdir()
    with pytest.raises(UsageError, match="No such file") as caught:
        guard.start(["true"], cwd=tmp_path / "backnd" / "src")
    assert caught.value.hint == f"did you mean {tmp_path / 'backend'}?"


def test_what_cannot_be_executed_says_why(tmp_path):
    text = tmp_path / "text"
    text.write_text("hello")
    with pytest.raises(UsageError, match="not executable") as caught:
        guard.start([str(text)])
    assert caught.value.hint == f"chmod +x {shlex.quote(str(text))}"
    text.chmod(0o755)
    with pytest.raises(UsageError, match="neither a program nor a script"):
        guard.start([str(text)])
    text.write_text("#!/no/such/python\n")
    with pytest.raises(UsageError, match="first line names does not exist") as caught:
        guard.start(["./text"], cwd=tmp_path)
    assert "/no/such/python" in str(caught.value.hint)
    with pytest.raises(UsageError, match="is a directory"):
        guard.start([str(tmp_path)])
    with pytest.raises(UsageError, match="null"):
        guard.start(["true", "a\0b"])
    with pytest.raises(UsageError, match="no file"):
        guard.start(["./missing"], cwd=tmp_path)


# --- trees end ---


def test_stop_ends_workers_and_daemons(tmp_path):
    child = python(SERVICE, str(tmp_path / "pids"))
    pids = pids_in(tmp_path / "pids", 3)
    assert child.pid in pids
    assert child.stop(5.0) == -signal.SIGTERM
    assert [pid for pid in pids if alive(pid)] == []
    assert child.survivors == ()


def test_what_the_command_leaves_behind_ends_with_it(tmp_path):
    ends = "note()\nwhile len(open(sys.argv[1]).readlines()) < 3: time.sleep(0.01)"
    child = python(SERVICE.replace("note()\ntime.sleep(600)", ends), str(tmp_path / "pids"))
    assert finished(child) == 0
    pids = pids_in(tmp_path / "pids", 3)
    until(lambda: not any(map(alive, pids)))
    child.stop(5.0)


def test_what_outlives_the_command_is_told_and_what_ends_soon_is_not():
    code = "import os, time\nfor s in (60, 0.1):\n    if os.fork() == 0:\n        time.sleep(s); os._exit(0)"
    child = guard.start([PYTHON, "-c", code], linger_s=2.0)
    until(lambda: child.poll() is not None and child.over)
    (left,) = child.left
    assert (child.poll(), child.survivors) == (0, ())
    assert not alive(left)


def test_nothing_is_told_of_what_leaves_nothing():
    child = guard.start([PYTHON, "-c", "pass"], linger_s=30.0)
    until(lambda: child.poll() is not None and child.over)  # and nobody waits for the 30 s
    assert child.left == ()


def test_dropping_the_child_ends_the_tree(tmp_path):
    child = python(SERVICE, str(tmp_path / "pids"))
    pids = [*pids_in(tmp_path / "pids", 3), child.guard_pid]
    del child
    until(lambda: not any(map(alive, pids)))
    python("pass").stop(5.0)  # reaps the guard that was dropped
    assert guard._unreaped == []


def test_a_child_that_is_dropped_in_a_cycle_ends_without_a_complaint():
    child = guard.start(["sleep", "99"])
    child.itself = child  # type: ignore[attr-defined]
    pid = child.pid
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        del child
        gc.collect()
    assert [one for one in said if "socket" in str(one.message) or "subprocess" in str(one.message)] == []
    until(lambda: not alive(pid))
    python("pass").stop(5.0)  # reaps the guard that was dropped


def test_a_worker_behind_a_wrapper_may_end_in_order(tmp_path):
    worker = (
        "import signal, sys, time\n"
        "def end(*_): time.sleep(0.7); print('drained', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    child = guard.start(["sh", "-c", f'"{PYTHON}" -c "$0" & wait', worker], stdout=log)
    until(lambda: log.exists() and "up" in log.read_text())
    assert child.stop(10.0) == -signal.SIGTERM
    assert "drained" in log.read_text()


def test_sigterm_ignored_ends_in_sigkill(tmp_path):
    code = "import signal; signal.signal(15, signal.SIG_IGN)\n" + SERVICE
    child = python(code, str(tmp_path / "pids"))
    pids = pids_in(tmp_path / "pids", 3)
    assert child.stop(0.2) == -signal.SIGKILL
    assert not any(map(alive, pids))


def test_a_stopped_command_ends_in_order():
    child = python("import time; time.sleep(600)")
    child.signal(signal.SIGSTOP)
    assert child.stop(60.0) == -signal.SIGTERM


def test_a_command_that_closes_everything_is_still_seen(tmp_path):
    code = (
        "import os, sys, time; open(sys.argv[1], 'w').write('1'); os.closerange(0, 4096); time.sleep(0.2); os._exit(9)"
    )
    child = python(code, str(tmp_path / "pids"))
    pids_in(tmp_path / "pids", 1)
    assert finished(child) == 9
    child.stop(5.0)


def test_a_tree_that_respawns_when_it_is_ended_is_ended(tmp_path):
    # Four workers and their supervisor, each of which answers SIGTERM, and the death of a worker, with a new process in
    # a session of its own. The alarm bounds what a guard that fails would leave behind.
    code = """
import os, signal, sys, time
def spawn(*_):
    if os.fork() == 0:
        os.setsid()
        signal.alarm(30)
        with open(sys.argv[1], "a") as f:
            f.write(f"{os.getpid()}\\n")
        while True:
            time.sleep(0.01)
signal.signal(signal.SIGTERM, spawn)
signal.signal(signal.SIGCHLD, spawn)
for _ in range(4):
    spawn()
signal.alarm(30)
while True:
    time.sleep(0.01)
"""
    child = python(code, str(tmp_path / "pids"))
    pids_in(tmp_path / "pids", 4)
    assert child.stop(0.5) == -signal.SIGKILL
    pids = pids_in(tmp_path / "pids", 5)
    assert not any(map(alive, pids))
    assert child.survivors == ()


# --- the tool dies, hangs, or its guard does ---


PRESSED = """
import os, signal, threading
from brinell.subject import guard
asked = []
signal.signal(signal.SIGINT, lambda *_: asked.append(1))
over = threading.Event()
def press():
    while not over.wait(0.0002):
        os.killpg(0, signal.SIGINT)
threading.Thread(target=press).start()
try:
    for _ in range(8):
        child = guard.start(["sleep", "99"])
        assert child.poll() is None, child.poll()
        child.stop(0.0)
finally:
    over.set()
assert asked
"""


def test_ctrl_c_while_something_is_being_started_does_not_end_it():
    """The terminal's signal goes to the whole group, and in its first moments a guard is still in ours."""
    argv = [sys.executable, "-c", PRESSED]
    ended = subprocess.run(argv, start_new_session=True, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_guard_that_was_killed_says_so_and_one_that_was_asked_to_stop_does_not():
    killed, asked = guard.start(["sleep", "99"]), guard.start(["sleep", "99"])
    os.kill(killed.guard_pid, signal.SIGKILL)
    until(lambda: killed.poll() is not None)
    assert (killed.poll(), killed.ending) == (-signal.SIGKILL, "guard")
    asked.stop(0.5)
    assert asked.ending is None


def test_the_tool_is_killed_and_nothing_of_the_service_is_left(tmp_path):
    with tool(tmp_path) as (it, guard_pid, path):
        pids = pids_in(path, 3)
        it.kill()
        until(lambda: not any(map(alive, [*pids, guard_pid])))


def test_the_tool_is_killed_and_the_stubborn_are_gone_as_well(tmp_path):
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN)\n" + SERVICE
    with tool(tmp_path, stubborn) as (it, guard_pid, path):
        pids = pids_in(path, 3)
        it.kill()
        until(lambda: not any(map(alive, [*pids, guard_pid])))


@pytest.mark.prove
def test_a_tool_that_hangs_loses_its_lease(tmp_path):
    with tool(tmp_path, lease_s=2.0) as (it, guard_pid, path):
        pids = pids_in(path, 3)
        time.sleep(3.5)
        assert all(map(alive, pids)), "a tool that beats keeps its lease"
        it.send_signal(signal.SIGSTOP)
        until(lambda: not any(map(alive, [*pids, guard_pid])))


@pytest.mark.prove
def test_a_lease_that_ran_out_says_so():
    child = python("import time; time.sleep(600)", lease_s=0.3)
    assert finished(child) == -signal.SIGTERM
    assert child.ending == "lease"
    child.stop(0.0)


@pytest.mark.prove
def test_stopping_one_child_slowly_keeps_the_lease_of_another():
    other = python("import time; time.sleep(600)", lease_s=2.5)
    slow = python("import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)")
    slow.stop(4.0)
    assert other.poll() is None
    other.stop(5.0)


def test_a_killed_guard_takes_the_command_and_its_session_with_it(tmp_path):
    worker = SERVICE.replace("if os.fork() == 0:\n    os.setsid()", "if False:\n    pass")
    child = python(worker, str(tmp_path / "pids"))
    pids = pids_in(tmp_path / "pids", 2)
    os.kill(child.guard_pid, signal.SIGKILL)
    assert finished(child) == -signal.SIGKILL
    until(lambda: not any(map(alive, pids)))
    assert child.stop(1.0) == -signal.SIGKILL


def test_a_guard_that_somebody_stopped_cannot_hold_up_a_stop(monkeypatch):
    for name in ("KILLING_S", "_ANSWER_S"):
        monkeypatch.setattr(guard, name, 0.3)
    child = python("import time; time.sleep(600)")
    os.kill(child.guard_pid, signal.SIGSTOP)
    assert child.stop(0.1) == -signal.SIGKILL
    assert not alive(child.guard_pid)
    until(lambda: not alive(child.pid))


def test_what_cannot_even_be_tried_leaves_nothing_open(tmp_path):
    with pytest.raises(FileNotFoundError):
        python("pass", stdout=tmp_path / "no such folder" / "log")


def test_a_guard_and_a_tool_that_are_killed_leave_no_command(tmp_path):
    with tool(tmp_path, "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)") as (
        it,
        guard_pid,
        path,
    ):
        (pid,) = pids_in(path, 1)
        it.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(guard_pid, signal.SIGKILL)
        until(lambda: not alive(pid))


def test_sigterm_to_the_guard_ends_the_tree_and_other_signals_do_not(tmp_path):
    child = python(SERVICE, str(tmp_path / "pids"))
    pids = pids_in(tmp_path / "pids", 3)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        os.kill(child.guard_pid, number)
    time.sleep(0.1)
    assert child.poll() is None
    os.kill(child.guard_pid, signal.SIGTERM)
    assert finished(child) == -signal.SIGTERM
    assert child.ending == "sigterm"
    until(lambda: not any(map(alive, pids)))
    child.stop(0.0)


def test_a_guard_that_fails_leaves_nothing(tmp_path):
    child = python(SERVICE, str(tmp_path / "pids"))
    pids = pids_in(tmp_path / "pids", 3)
    child._channel.settimeout(1.0)
    child._channel.sendall(b"not json\n")
    assert finished(child) == -signal.SIGKILL
    until(lambda: not any(map(alive, pids)))
    child.stop(0.0)


def test_the_guard_runs_without_the_tools_environment():
    """Nothing outside the standard library, or it would not start in an isolated interpreter."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.shutdown(socket.SHUT_WR)  # the end of file: it has nothing to guard and ends
        process = subprocess.run(
            [PYTHON, "-I", "-S", "-X", "importtime", str(guard._PROGRAM), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
            text=True,
            check=True,
            timeout=30,
        )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in process.stderr.splitlines()}
    assert {"numpy", "msgspec", "pathlib", "subprocess", "typing"} & loaded == set()
    assert {name for name in loaded if name.startswith("brinell")} == {"brinell"}


FULL = """
import os, resource, sys
from brinell.core.errors import UsageError
from brinell.subject import guard
if os.geteuid() == 0:
    os.setuid(65534)  # the limit holds for everybody but root
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    guard.start(["true"])
except UsageError as error:
    print(error, error.hint)
"""


def test_a_user_who_may_start_no_more_processes_is_told():
    done = subprocess.run(
        [PYTHON, "-c", FULL], cwd="/", env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "no process can be started for 'true'" in done.stdout
    assert "ulimit -u" in done.stdout
