"""The probe does nothing to its subject, whatever the subject does."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from brinell.subject.probe import ProbeLine
from brinell_inside.vitals import forks

MOST_S = 20.0

# What gevent does: functions that were bound before are the real ones, whoever looks them up now gets another.
PATCHED = """
import _thread, os, select, time
def refuse(*_, **__):
    os.write(2, b"a patched function was called\\n")
    raise SystemError
if os.fork() == 0:
    select.select([], [], [], 30)
_thread.start_new_thread = _thread.allocate_lock = _thread.get_ident = time.sleep = time.monotonic = refuse
if os.fork() == 0:
    select.select([], [], [], 30)
select.select([], [], [], 30)
"""

WAITS_FOR_A_SIGNAL = """
import os, signal, threading, time
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.kill(os.getpid(), signal.SIGTERM)
print(signal.sigwait({signal.SIGTERM}) == signal.SIGTERM, flush=True)
"""

ANOTHER_RUNNER = """
import asyncio, uvloop

async def main():
    await asyncio.sleep(60)

loop = uvloop.new_event_loop()

def serve():
    loop.run_until_complete(main())

serve()
"""

NOWHERE = """
import os, time
os.mkdir("gone")
os.chdir("gone")
os.rmdir("../gone")
os.fork()
time.sleep(60)
"""

CLOSES = """
import os, time
os.closerange(3, 256)
os.close(0)
time.sleep(60)
"""

BECOMES_ANOTHER = """
import os, sys, time
if len(sys.argv) == 1:
    os.execv(sys.executable, [sys.executable, __file__, "again"])
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("code", "processes"),
    [
        pytest.param(PATCHED, 3, id="patched"),
        pytest.param(NOWHERE, 2, id="nowhere"),
        pytest.param(CLOSES, 1, id="closes", marks=pytest.mark.prove),
        pytest.param(BECOMES_ANOTHER, 1, id="becomes another", marks=pytest.mark.prove),
    ],
)
def test_it_goes_on_and_says_nothing(running, heard, code, processes):
    with running(code) as process:
        heard(lambda seen: len({one.pid for one in seen}) >= processes)
        os.killpg(process.pid, signal.SIGKILL)
        _, err = process.communicate(timeout=MOST_S)
    assert err == ""


def test_a_signal_that_the_subject_waits_for_is_left_to_it(running):
    with running(WAITS_FOR_A_SIGNAL) as process:
        out, err = process.communicate(timeout=MOST_S)
    assert (process.returncode, out, err) == (0, "True\n", "")


def test_a_loop_that_waits_in_its_own_c_code_is_idle(running, heard):
    with running(ANOTHER_RUNNER):
        looks = heard(lambda seen: any(one.looks > 2 for one in seen))
    (one, *_) = [one for one in looks if one.looks > 2]
    assert "uvloop" in one.loop
    assert (one.busy, [stack for stack in one.stacks if stack.of == "loop"]) == (0, [])


@pytest.mark.parametrize("ending", ["os._exit(3)", "sys.exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_subject_ends_as_it_would(running, ending):
    code = f"import os, sys, time\ntime.sleep(0.4)\n{ending}\n"
    with running(code) as process:
        out, err = process.communicate(timeout=MOST_S)
    assert (process.returncode, out, err) == (-9 if "kill" in ending else 3, "", "")


def test_threads_that_fork_at_once_leave_the_look_free():
    made = forks.Forks()
    begun, go_on = threading.Event(), threading.Event()

    def slow_fork() -> None:
        made.before()
        begun.set()
        go_on.wait(10)
        made.after()

    thread = threading.Thread(target=slow_fork)
    thread.start()
    begun.wait(10)
    made.before()  # in vain, and only for a moment
    go_on.set()
    thread.join()
    made.after()
    assert not made.looking.locked()


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.7.16"])
def test_a_python_that_is_too_old_for_it_starts_as_ever(line, version):
    python = Path.home() / ".pyenv" / "versions" / version / "bin" / "python"
    if not python.exists():
        pytest.skip(f"not here: there is no Python {version}")
    environment = {"PATH": os.environ["PATH"], **line.environment({})}
    done = subprocess.run([str(python), "-c", "print(1)"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_a_line_whose_path_would_be_too_long_is_laid_elsewhere(tmp_path, monkeypatch):
    deep = tmp_path / ("deep" * 25)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    made = ProbeLine()
    made.close()


ENDS_IN_ITS_THREAD = """
import asyncio, threading, time

elsewhere, ended = set(), 0

class Mine:
    def __init__(self):
        self.thread = threading.get_ident()
    def __del__(self):
        global ended
        ended += 1
        if threading.get_ident() != self.thread:
            elsewhere.add(ended)

def uses():
    mine = Mine()
    time.sleep(0.001)

def work():
    while True:
        uses()

async def main():
    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        time.sleep(0.03)
        await asyncio.sleep(0)
    print(len(elsewhere), ended, flush=True)

asyncio.run(main())
"""


def test_what_ends_in_a_thread_ends_there(running):
    with running(ENDS_IN_ITS_THREAD) as process:
        out, err = process.communicate(timeout=MOST_S)
    elsewhere, ended = map(int, out.split())
    assert err == ""
    assert ended > 100
    assert elsewhere <= 15  # a moment's look is no harm; what is kept for 8 ms would be several dozens
