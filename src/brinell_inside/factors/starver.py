"""Takes the processor away from a process. A program: ``starver.py spin|stop PID BEGAN [RUN_S STOP_S]``.

``spin`` computes for nothing; ``stop`` lets that process run for about RUN_S and stand still for about STOP_S, by
turns, and with it what it has started, where it leads a process group of its own. Started apart from the tests (own
session, not their child). Ends with the process that it was started for: that one is known by number and by when it
began, so a number given out again is not taken for it. PYTEST_DONT_REWRITE.
"""

import contextlib
import os
import random
import signal
import sys
import time


def began(pid):
    """When ``pid`` began (clock ticks, as text); None once it is gone or only waits to be reaped."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def spin(pid, birth):
    """Until ``pid`` is gone."""
    while began(pid) == birth:
        until = time.monotonic() + 0.005
        while time.monotonic() < until:
            pass


def stop(pid, birth, run_s, stop_s):
    """Until ``pid`` is gone; whatever ends this, ``pid`` goes on."""
    run_s, stop_s = float(run_s), float(stop_s)
    with contextlib.suppress(ProcessLookupError):
        send = os.killpg if os.getpgid(pid) == pid else os.kill
    signal.signal(signal.SIGTERM, _leave)
    try:
        time.sleep(random.uniform(0, run_s))  # noqa: S311 - not for secrets
        while began(pid) == birth:
            send(pid, signal.SIGSTOP)
            time.sleep(stop_s * random.uniform(0.8, 1.2))  # noqa: S311 - as above
            send(pid, signal.SIGCONT)
            time.sleep(run_s * random.uniform(0.5, 1.5))  # noqa: S311 - as above
    except ProcessLookupError:
        pass
    finally:
        if began(pid) == birth:
            send(pid, signal.SIGCONT)


def _leave(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not keep the last SIGCONT from being sent
    sys.exit(0)


def main(kind, pid, birth, *times_s):
    """Let the caller have its child back, go on as nobody's child, and say who that is."""
    if os.fork():
        os._exit(0)
    os.setsid()
    sys.stdout.write("%d %s\n" % (os.getpid(), began(os.getpid())))
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    {"spin": spin, "stop": stop}[kind](int(pid), birth, *times_s)


if __name__ == "__main__":
    main(*sys.argv[1:])
