"""Less processor than the test is used to. PYTEST_DONT_REWRITE."""

import contextlib
import os
import signal
import subprocess
import sys
import time

from brinell_inside.factors import starver

_running = []  # (pid, when it began, the process that had it started)


def starve(level, _scratch=None):
    """``starved``: one core, shared with two processes that compute for nothing (``{"spinners": n}``: with n, at most
    16). ``jitter``: stopped for 1 to 50 ms at random moments, all threads at once, about half of the time.
    """
    if not isinstance(level, dict) and level not in ("jitter", "starved"):
        raise ValueError("cpu is starved or jitter, not %r" % (level,))
    if starver.began(os.getpid()) is None:
        raise ValueError("needs /proc to tell processes apart")
    if level == "jitter":
        _start("stop")
        return
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


def _start(kind):
    me = os.getpid()
    command = [sys.executable, "-I", "-S", starver.__file__, kind, str(me), starver.began(me)]
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
