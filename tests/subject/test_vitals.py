from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from brinell.subject import vitals
from brinell.subject.vitals import Sampler

# Starts a worker that burns a processor for 0.3 s and ends when it is told to; says its pid.
PARENT = """
import os, sys, time
pid = os.fork()
if pid == 0:
    end = time.process_time() + 0.3
    while time.process_time() < end: pass
    print("burnt", flush=True)
    sys.stdin.readline()
    os._exit(0)
os.waitpid(pid, 0)
print("reaped", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def running(code: str) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", code]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_descendants_count_and_a_dead_workers_time_stays_in_the_sum():
    with running(PARENT) as process:
        sampler = Sampler([process.pid])
        assert line(process) == "burnt"
        before = sampler.sample(1)
        assert before.at_ns == 1
        assert before.processes == 2
        assert before.cpu_s >= 0.25
        assert before.threads == 2
        assert before.fds is not None
        assert before.fds >= 6
        assert len(sampler.pids()) == 2
        tell(process)
        assert line(process) == "reaped"
        after = sampler.sample(2)
        assert after.processes == 1
        assert after.cpu_s >= before.cpu_s
        assert after.rss_bytes is not None
        assert before.rss_bytes is not None
        assert 1_000_000 < after.rss_bytes < before.rss_bytes
    gone = sampler.sample(3)
    assert (gone.processes, gone.rss_bytes, gone.fds, gone.threads) == (0, None, None, None)
    assert gone.cpu_s >= after.cpu_s


def test_threads_and_descriptors_are_counted():
    code = (
        "import os, threading, time\n"
        "for _ in range(5): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "fds = [os.open('/dev/null', 0) for _ in range(20)]; print('up', flush=True); time.sleep(600)"
    )
    with running(code) as process:
        line(process)
        seen = Sampler([process.pid]).sample(0)
        assert seen.threads == 6
        assert seen.fds == 23


def test_a_worker_whose_parent_ended_is_still_followed():
    code = "import os, sys, time\nif os.fork() == 0:\n  print('up', flush=True); time.sleep(600)\nsys.stdin.readline()"
    with running(code) as process:
        line(process)
        sampler = Sampler([process.pid])
        (worker,) = set(sampler.pids()) - {process.pid}
        try:
            tell(process)
            process.wait()
            assert sampler.pids() == [worker]
            assert sampler.sample(0).processes == 1
        finally:
            os.kill(worker, signal.SIGKILL)


def test_nothing_is_sampled_for_a_process_that_is_not_there():
    seen = Sampler([2**22 + 1]).sample(5)
    assert (seen.processes, seen.cpu_s, seen.rss_bytes) == (0, 0.0, None)


def test_overlapping_roots_are_counted_once():
    with running(PARENT) as process:
        line(process)
        first = Sampler([process.pid])
        assert Sampler(first.pids()).sample(0).processes == 2


def test_what_is_not_readable_makes_the_sum_none_not_smaller(monkeypatch):
    with running(PARENT) as process:
        line(process)
        real = os.stat

        def refused(path, *args, **kwargs):
            if str(path) == f"/proc/{process.pid}/fd":
                raise PermissionError(13, "Permission denied")
            return real(path, *args, **kwargs)

        monkeypatch.setattr(os, "stat", refused)
        seen = Sampler([process.pid]).sample(0)
    assert seen.fds is None
    assert seen.threads == 2


def test_psutil_tells_the_same_where_there_is_no_proc(monkeypatch):
    with running(PARENT) as process:
        line(process)
        sampler = Sampler([process.pid])
        ours = sampler.sample(0)
        monkeypatch.setattr(sys, "platform", "darwin")
        theirs = sampler.sample(0)
    assert (theirs.processes, theirs.fds, theirs.threads) == (ours.processes, ours.fds, ours.threads)
    assert theirs.rss_bytes == pytest.approx(ours.rss_bytes, rel=0.2)
    assert theirs.cpu_s == pytest.approx(ours.cpu_s, abs=0.1)


def test_a_process_that_goes_between_two_looks_is_left_out():
    assert vitals._read_proc(2**22 + 1) is None
    assert vitals._read_psutil(2**22 + 1) is None


def test_processor_time_never_goes_back_while_workers_come_and_go():
    code = """
import os, time
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.02
        while time.process_time() < end: pass
        os._exit(0)
    os.wait()
"""
    with running(code) as process:
        sampler = Sampler([process.pid])
        seen = []
        deadline = time.monotonic() + 20
        while len(seen) < 100 and time.monotonic() < deadline:
            seen.append(sampler.sample(0).cpu_s)
    assert seen == sorted(seen)
