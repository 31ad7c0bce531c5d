"""The commands are run: what they say they change is changed."""

import os
import shutil
import subprocess
import sys

import pytest

from brinell.suite.factor_commands import command_for, with_brinell

SHOWN = [
    ("hash", 3, "import os; assert os.environ['PYTHONHASHSEED'] == '3'"),
    ("tz", "America/New_York", "import time; assert time.localtime(0).tm_hour == 19"),
    ("locale", "C.UTF-8", "import os; assert os.environ['LC_ALL'] == 'C.UTF-8'"),
    ("umask", "027", "import os; assert os.umask(0) == 0o27"),
    ("nofile", 100, "import resource; assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 100"),
    ("home", "missing", "import os; assert not os.path.exists(os.path.expanduser('~'))"),
    ("clock", "2028-02-29T12:00:00", "import time; assert time.localtime()[:3] == (2028, 2, 29)"),
    ("network", "all", "import socket; assert socket.socket().connect_ex(('127.0.0.1', 1)) == 101"),
    ("cpu", "starved", "import os; assert len(os.sched_getaffinity(0)) == 1"),
]  # fmt: skip


@pytest.mark.parametrize(("factor", "level", "check"), SHOWN, ids=[factor for factor, _, _ in SHOWN])
def test_command_does_what_it_says(factor, level, check):
    command = command_for(factor, level)
    if command is None:
        pytest.skip(f"no program for {factor} here")
    environment, prefix, explanation = command
    assert explanation
    if factor == "network" and subprocess.run([*prefix, shutil.which("true")], check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    subprocess.run([*prefix, sys.executable, "-c", check], env={**os.environ, **environment}, check=True)


def test_what_only_brinell_can_set():
    assert command_for("entropy", 3) is None
    assert command_for("network", "blocked") is None
    assert with_brinell("a.py::t", "clock", "2028-02-29T12:00:00")[-1] == "clock=2028-02-29T12:00:00"
    assert with_brinell("a.py::t", "clock", {"at": "2028-02-29T12:00:00"})[-1] == 'clock={"at":"2028-02-29T12:00:00"}'
    assert with_brinell("a.py::t", "rng", 7) == ["brinell", "isolate", "a.py::t", "--with", "rng=7"]
