"""Real processes with the probe in them, on a real line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

MOST_S = 20.0

BLOCKED = """
import asyncio, time

async def naps():
    time.sleep(0.03)

async def waits(turn):
    async with turn:
        await asyncio.sleep(60)

async def main():
    turn = asyncio.Semaphore(1)
    tasks = [asyncio.ensure_future(waits(turn)) for _ in range(5)]
    while True:
        await naps()
        await asyncio.sleep(0)

asyncio.run(main())
"""

COLLECTS = """
import gc
heap = [{"n": n} for n in range(50_000)]
while True:
    gc.collect()
"""

FORKS = """
import os, time
pids = [os.getpid()]
for _ in range(2):
    if os.fork() == 0:
        break
time.sleep(60)
"""

SPAWNS = """
import multiprocessing, time

def work():
    time.sleep(60)

if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=work)
    worker.start()
    time.sleep(60)
"""


NAMES = [f"python3.{minor}" for minor in range(8, 15)]
PYTHONS = [path for path in os.environ.get("BRINELL_TEST_PYTHONS", "").split(os.pathsep) if path] or NAMES


def test_a_blocked_loop_is_told_with_the_function_that_blocks_it(running, heard):
    with running(BLOCKED) as process:
        looks = heard(lambda seen: len(seen) > 1)
    one = looks[-1]
    assert one.pid == process.pid
    assert one.busy > one.looks / 2
    assert one.loop.startswith("asyncio")
    assert one.tasks == 6
    assert one.loop_cpu_s is not None
    assert one.lag_max_ms is not None
    assert one.lags_us == tuple(sorted(one.lags_us))
    top = max((stack for stack in one.stacks if stack.of == "loop"), key=lambda stack: stack.count)
    assert "naps (./script.py:5)" in top.frames
    assert top.frames.endswith("time.sleep (native)")
    waiting = [stack for stack in one.stacks if stack.of == "task" and "Semaphore.acquire" in stack.frames]
    assert sum(stack.count for stack in waiting) == 4


def test_collections_are_told(running, heard):
    with running(COLLECTS):
        looks = heard(lambda seen: len(seen) > 1)
    assert looks[-1].gc_count > 0
    assert looks[-1].gc_s > looks[-1].cpu_s / 2
    assert looks[-1].gc_longest_ms > 0
    assert looks[-1].loop == ""


@pytest.mark.parametrize(("code", "processes"), [(FORKS, 3), (SPAWNS, 2)])
def test_workers_speak_for_themselves(running, heard, code, processes):
    with running(code):
        looks = heard(lambda seen: len({one.pid for one in seen}) >= processes)
    assert len({one.pid for one in looks}) >= processes


def test_the_other_sitecustomize_is_run_and_ours_is_out_of_sight(running, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "sitecustomize.py").write_text("import builtins\nbuiltins.theirs = __file__\n")
    code = (
        "import sys, threading, sitecustomize\n"
        "print(theirs == sitecustomize.__file__, [one for one in sys.path if 'vitals' in one], "
        "threading.active_count(), 'asyncio' in sys.modules, 'json' in sys.modules)\n"
    )
    with running(code, PYTHONPATH=str(theirs)) as process:
        out, err = process.communicate(timeout=MOST_S)
    assert out.split(maxsplit=3) == ["True", "[]", "1", "False False\n"], (out, err)
    assert err == ""


def test_without_the_variable_nothing_happens(line, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys, sitecustomize\nprint([one for one in sys.modules if 'brinell' in one])\n")
    environment = {**os.environ, **line.environment({})}
    del environment["BRINELL_VITALS"]
    done = subprocess.run([sys.executable, str(script)], env=environment, text=True, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_it_ends_in_silence_when_nobody_listens(line, running):
    code = (
        "import gc, sys, time\n"
        "until = time.monotonic() + 15\n"
        "while gc.callbacks and time.monotonic() < until:\n"
        "    time.sleep(0.02)\n"
        "print(len(gc.callbacks))\n"
    )
    with running(code) as process:
        line.close()
        out, err = process.communicate(timeout=MOST_S)
    assert (out, err) == ("0\n", "")


def test_a_line_that_nobody_reads_holds_nothing_up(running):
    code = (
        "import time\n"
        "from brinell_inside.vitals import probe, sending\n"
        "began = time.monotonic()\n"
        "told = [sending.told(probe._running[0]._address, b'x' * 1000) for _ in range(3000)]\n"
        "print(all(told))\n"
    )
    with running(code) as process:
        out, err = process.communicate(timeout=MOST_S)
    assert (out, err) == ("True\n", "")


@pytest.mark.prove
@pytest.mark.parametrize(
    "name", PYTHONS, ids=lambda path: path.rpartition("/versions/")[2].replace("/", "-").strip("-")
)
def test_every_python_that_a_service_may_have(running, heard, name):
    python = shutil.which(name)
    if python is None or subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip(f"there is no {name}")
    with running(BLOCKED, python=python) as process:
        looks = heard(lambda seen: len(seen) > 1)
        process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    top = max((stack for stack in looks[-1].stacks if stack.of == "loop"), key=lambda stack: stack.count)
    assert "naps (./script.py:5);time.sleep (native)" in top.frames
    assert looks[-1].tasks == 6
    assert looks[-1].gc_count >= 0


COMPUTES = """
import asyncio, threading

def crunch():
    while True:
        sum(range(1000))

async def main():
    threading.Thread(target=crunch, daemon=True, name="cruncher").start()
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the processor time of single threads")
def test_a_thread_that_computes_is_named(running, heard):
    with running(COMPUTES):
        looks = heard(lambda seen: any(one.busiest for one in seen))
    ((one,), *_) = [look.busiest for look in looks if look.busiest]
    assert one.name == "cruncher"
    assert one.cpu_s > 0.1
    assert "crunch (./script.py:" in one.frames


TRIO = """
import time, trio

async def waits():
    await trio.sleep(60)

async def main():
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(waits)
        while True:
            time.sleep(0.03)
            await trio.lowlevel.checkpoint()

trio.run(main)
"""


def test_a_loop_of_trio(running, heard):
    pytest.importorskip("trio")
    with running(TRIO):
        looks = heard(lambda seen: any(one.looks > 5 for one in seen))
    (one, *_) = [one for one in looks if one.looks > 5]
    assert one.loop == "trio"
    assert one.tasks is not None
    assert one.tasks >= 4
    assert one.lag_max_ms is not None
    assert any(stack.of == "loop" and stack.frames.endswith("time.sleep (native)") for stack in one.stacks)
    assert sum(stack.count for stack in one.stacks if stack.of == "task" and "waits (" in stack.frames) == 3
