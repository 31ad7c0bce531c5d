"""Takes the processor away from a process. A program: ``starver.py spin|stop PID BEGAN``. PYTEST_DONT_REWRITE.

``spin`` computes for nothing; ``stop`` stops that process for 1 to 50 ms at random moments and lets it go on. Started
apart from the tests (own session, not their child). Ends with the process that it was started for: that one is known by
number and by when it began, so a number given out again is not taken for it.
"""

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


def stop(pid, birth):
    """Until ``pid`` is gone; whatever ends this, ``pid`` goes on."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        while began(pid) == birth:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 - not for secrets
            os.kill(pid, signal.SIGCONT)
            time.sleep(random.expovariate(1 / 0.03))
    except ProcessLookupError:
        pass
    finally:
        if began(pid) == birth:
            os.kill(pid, signal.SIGCONT)


def _leave(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not keep the last SIGCONT from being sent
    sys.exit(0)


def main(kind, pid, birth):
    """Let the caller have its child back, go on as nobody's child, and say who that is."""
    if os.fork():
        os._exit(0)
    os.setsid()
    sys.stdout.write("%d %s\n" % (os.getpid(), began(os.getpid())))
    sys.stdout.flush()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    {"spin": spin, "stop": stop}[kind](int(pid), birth)


if __name__ == "__main__":
    main(*sys.argv[1:])
