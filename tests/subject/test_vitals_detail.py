from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brinell.subject import vitals_detail
from brinell.subject.vitals_detail import DetailSampler

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def now() -> int:
    return time.monotonic_ns()


def test_this_process_is_seen_as_it_is():
    (one,) = (found := DetailSampler().look(now(), [os.getpid()])).processes
    assert one.pid == os.getpid()
    assert one.parent == os.getppid()
    assert one.cpu_s > 0
    assert one.rss_bytes
    assert one.rss_bytes > 1_000_000
    assert one.fds
    assert one.fd_limit
    assert one.fds < one.fd_limit
    assert one.threads
    assert one.voluntary is not None
    assert len(found.busy_s) == os.cpu_count()
    assert found.memory_bytes
    assert found.available_bytes
    assert found.memory_bytes > found.available_bytes > 0


def test_counters_grow():
    sampler = DetailSampler()
    (first,) = sampler.look(now(), [os.getpid()]).processes
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    (last,) = sampler.look(now(), [os.getpid()]).processes
    assert last.cpu_s >= first.cpu_s + 0.03


def test_a_queue_fills_and_its_owner_is_known():
    sampler = DetailSampler()
    with socket.create_server(("127.0.0.1", 0), backlog=3) as server:
        before = sampler.look(now(), [os.getpid()])
        if before.accept_queue is None:
            pytest.skip("not here: the kernel does not tell (sock_diag)")
        connections = [socket.create_connection(server.getsockname()) for _ in range(3)]
        until = time.monotonic() + 60
        found = sampler.look(now(), [os.getpid()])
        while found.accept_queue != 3 and time.monotonic() < until:
            time.sleep(0.01)
            found = sampler.look(now(), [os.getpid()])
        assert (found.accept_queue, found.accept_limit) == (3, 3)
        assert found.processes[0].listens
        accepted = [server.accept()[0] for _ in connections]
        for _ in range(vitals_detail.SLOW_EVERY):
            found = sampler.look(now(), [os.getpid()])
        assert found.accept_queue == 0
        assert found.processes[0].connections == 3
        for one in (*connections, *accepted):
            one.close()


def test_who_is_gone_is_left_out():
    sampler = DetailSampler()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert len(sampler.look(now(), [os.getpid(), process.pid]).processes) == 2
        process.kill()
        process.wait()
        assert [one.pid for one in sampler.look(now(), [os.getpid(), process.pid]).processes] == [os.getpid()]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["-m", "http.server", "--bind", "127.0.0.1", "0"], "http.server"),
        (["-c", "import time; time.sleep(60)"], "python -c"),
    ],
)
def test_a_python_is_named_by_what_it_runs(arguments, name):
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            until = time.monotonic() + 60
            found = ""
            while found != name and time.monotonic() < until:
                (one,) = DetailSampler().look(now(), [process.pid]).processes
                found = one.name
        finally:
            process.kill()
    assert found == name


def test_what_psutil_tells_is_the_same_sort_of_thing():
    found = vitals_detail._elsewhere(now(), [os.getpid()])
    assert found.processes[0].pid == os.getpid()
    assert found.processes[0].cpu_s > 0
    assert len(found.busy_s) == os.cpu_count()


def test_files_of_the_kernel_are_read():
    stat = "cpu  10 0 10 80 0 0 0 5 0 0\ncpu0 5 0 5 40 0 0 0 5 0 0\nintr 1\nprocs_running 3\n"
    busy, steal, running = vitals_detail._cores(stat)
    assert busy == pytest.approx((15 * vitals_detail._TICK_S,))
    assert steal == pytest.approx(5 * vitals_detail._TICK_S)
    assert running == 3
    assert vitals_detail._memory("MemTotal: 10 kB\nMemAvailable: 4 kB\n") == (10240, 4096)
    assert vitals_detail._limit("Limit Soft Hard Units\nMax open files            64      4096    files\n") == 64
    assert vitals_detail._limit("Max open files            unlimited  unlimited    files\n") is None
    assert vitals_detail._cores("") == ((), None, None)


BUSY_THREADS = """
import threading, time, zlib
def work():
    while True:
        zlib.compress(b"x" * 5_000_000)  # without the interpreter's lock
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
print("up", flush=True)
time.sleep(60)
"""


def test_waits_of_all_threads_for_a_core_count():
    with subprocess.Popen([sys.executable, "-c", BUSY_THREADS], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(process.pid))})
            for thread in Path(f"/proc/{process.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {min(os.sched_getaffinity(process.pid))})
            sampler = DetailSampler()
            (first,) = sampler.look(now(), [process.pid]).processes
            if first.starved_s is None:
                pytest.skip("not here: the kernel does not tell (schedstat)")
            time.sleep(0.3)
            (last,) = sampler.look(now(), [process.pid]).processes
        finally:
            process.kill()
    assert last.starved_s is not None
    assert last.starved_s - first.starved_s > 0.5  # eight threads, of which one runs; the first of all sleeps
