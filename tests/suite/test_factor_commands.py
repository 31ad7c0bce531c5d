"""The commands are run: what they say they change is changed."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brinell.suite.factor_commands import command_for, with_brinell

LOOPBACK_ONLY = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
try:
    socket.socket(type=socket.SOCK_DGRAM).connect(("203.0.113.1", 9))
except OSError:
    pass
else:
    raise AssertionError("there is more than this machine")
"""
SHOWN = [
    ("hash", 3, "import os; assert os.environ['PYTHONHASHSEED'] == '3'"),
    ("tz", "America/New_York", "import time; assert time.localtime(0).tm_hour == 19"),
    ("locale", "C.UTF-8", "import os; assert os.environ['LC_ALL'] == 'C.UTF-8'"),
    ("locale", {"variable": "xx_XX.UTF-8"}, "import os; assert os.environ['LC_ALL'] == 'xx_XX.UTF-8'"),
    ("locale", "C", "import codecs, locale; assert codecs.lookup(locale.getpreferredencoding(False)).name == 'ascii'"),
    ("umask", "027", "import os; assert os.umask(0) == 0o27"),
    ("nofile", 100, "import resource; assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 100"),
    ("home", "missing", "import os; assert not os.path.exists(os.path.expanduser('~'))"),
    ("clock", "2028-02-29T12:00:00", "import time; assert time.localtime()[:3] == (2028, 2, 29)"),
    ("date", {"at": "2028-02-29T12:00:00"}, "import time; assert time.localtime()[:3] == (2028, 2, 29)"),
    ("network", "all", "import socket; assert socket.socket().connect_ex(('127.0.0.1', 1)) == 101"),
    ("network", "apart", LOOPBACK_ONLY),
    ("cpu", "starved", "import os; assert len(os.sched_getaffinity(0)) == 1"),
]  # fmt: skip


@pytest.mark.parametrize(("factor", "level", "check"), SHOWN, ids=[f"{factor}-{level}" for factor, level, _ in SHOWN])
def test_command_does_what_it_says(factor, level, check):
    command = command_for(factor, level)
    if command is None:
        pytest.skip(f"no program for {factor} here")
    environment, prefix, explanation = command
    assert explanation
    if factor == "network" and subprocess.run([*prefix, shutil.which("true")], check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    subprocess.run([*prefix, sys.executable, "-c", check], env={**os.environ, **environment}, check=True)


def test_what_keeps_the_core_busy_ends_with_the_command():
    command = command_for("cpu", "slow")
    if command is None:
        pytest.skip("not here: no program to choose a core")
    _, prefix, _ = command
    count = "import os, sys; sys.exit(len(open(f'/proc/{os.getppid()}/task/{os.getppid()}/children').read().split()))"
    with subprocess.Popen([*prefix, sys.executable, "-c", count], start_new_session=True) as shell:
        assert shell.wait(60) == 7
    until = time.monotonic() + 30
    while _in_session(shell.pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _in_session(shell.pid)


def _in_session(session):
    stats = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    return [fields for fields in stats if fields[3] == str(session) and fields[0] != "Z"]


def test_what_only_brinell_can_set():
    assert command_for("entropy", 3) is None
    assert command_for("network", "blocked") is None
    assert command_for("clock", {"at": "2026-11-21T23:59:59.900000"}) is None
    assert command_for("locale", "xx_XX.UTF-8") is None  # a variable alone would be another level
    assert with_brinell("a.py::t", "clock", "2028-02-29T12:00:00")[-1] == "clock=2028-02-29T12:00:00"
    assert with_brinell("a.py::t", "clock", {"at": "2028-02-29T12:00:00"})[-1] == 'clock={"at":"2028-02-29T12:00:00"}'
    assert with_brinell("a.py::t", "date", "2028-02-29T12:00:00")[-1] == "clock=2028-02-29T12:00:00"
    assert with_brinell("a.py::t", "rng", 7) == ["brinell", "isolate", "a.py::t", "--with", "rng=7"]
