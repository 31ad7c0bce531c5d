"""Less processor than the test is used to. PYTEST_DONT_REWRITE."""

import contextlib
import os
import signal
import subprocess
import sys
import time

from brinell_inside.factors import starver

_running = []  # (pid, when it began, the process that had it started)


PAUSES = {"jitter": (30, 25), "slow": (10, 80), "paused": (60, 350)}
"""Levels that stop the process: milliseconds that it runs, and that it then stands still, each roughly."""


def starve(level, _scratch=None):
    """``starved``: one core, shared with two processes that compute for nothing (``{"spinners": n}``: with n, at most
    16). The others stop all threads at once, and programs that the test has started, again and again: ``jitter`` about
    half of the time; ``slow`` for 80 of 90 ms, as on a machine with nine times the work; ``paused`` now and then for a
    third of a second. ``{"run_ms": r, "stop_ms": s}``: as it says, s at most 2000.
    """
    if starver.began(os.getpid()) is None:
        raise ValueError("needs /proc to tell processes apart")
    pauses = (level.get("run_ms"), level.get("stop_ms")) if isinstance(level, dict) else PAUSES.get(level)
    if pauses is not None and None not in pauses:
        run_ms, stop_ms = map(float, pauses)
        if not (1 <= run_ms <= 60000 and 1 <= stop_ms <= 2000):
            raise ValueError("runs for 1 to 60000 ms, stops for 1 to 2000 ms, not %r" % (level,))
        _start("stop", run_ms / 1000, stop_ms / 1000)
        return
    if not isinstance(level, dict) and level != "starved":
        raise ValueError("cpu is starved, jitter, slow or paused, not %r" % (level,))
    spinners = int(level["spinners"]) if isinstance(level, dict) else 2
    if not 1 <= spinners <= 16:
        raise ValueError("1 to 16 spinners, not %d" % spinners)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})  # spinners inherit it
    else:
        spinners *= os.cpu_count() or 1
    for _ in range(spinners):
        _start("spin")


def _start(kind, *times_s):
    me = os.getpid()
    command = [sys.executable, "-I", "-S", starver.__file__, kind, str(me), starver.began(me), *map(str, times_s)]
    started = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=True
    )  # fmt: skip
    pid, birth = started.stdout.decode().split()
    _running.append((int(pid), birth, me))


def stop():
    """End what was started, and wait until it is gone (at most 2 s each); idempotent, and only where it was started."""
    while _running:
        pid, birth, owner = _running.pop()
        if owner != os.getpid():
            continue
        with contextlib.suppress(ProcessLookupError):
            if starver.began(pid) == birth:
                os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 2
        while starver.began(pid) == birth and time.monotonic() < until:
            time.sleep(0.002)
