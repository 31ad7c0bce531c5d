"""Sleeps, threads that begin late, and how often threads change places. PYTEST_DONT_REWRITE."""

import sys
import threading
import time

from brinell_inside.factors import swap

_LONGER_S = 0.05
_LATE_S = 0.05


def set_switch_interval(level, _scratch=None):
    """Seconds after which a thread that runs must let another one."""
    sys.setswitchinterval(float(level))


def set_sleep(level, _scratch=None):
    """``long``: each ``time.sleep`` takes 50 ms more, which a busy machine may do to any of them. ``zero-yield``:
    sleeps of up to 1 s only yield; no machine does that, so a failure is a hint that the test waits by sleeping and
    no proof. Both for ``from time import sleep`` too; asyncio's and other waits stay.
    """
    if level not in ("long", "zero-yield"):
        raise ValueError("sleep is long or zero-yield, not %r" % (level,))
    real = swap.copy_of(time.sleep)

    def longer(seconds):
        real(seconds)
        real(_LONGER_S)

    def yielding(seconds):
        real(0 if isinstance(seconds, (int, float)) and 0 <= seconds <= 1 else seconds)

    swap.module_functions(time, {"sleep": longer if level == "long" else yielding})


def set_threads(level, _scratch=None):
    """``slow-start``: what a ``threading.Thread`` runs begins 50 ms after ``start()`` returned."""
    if level != "slow-start":
        raise ValueError("threads is slow-start, not %r" % (level,))
    real_start = threading.Thread.start
    pause = swap.copy_of(time.sleep)

    def start(self):
        own = self.__dict__.get("run")
        run = self.run

        def late():
            pause(_LATE_S)
            if own is None:
                self.__dict__.pop("run", None)
            else:
                self.__dict__["run"] = own
            run()

        self.__dict__["run"] = late
        try:
            real_start(self)
        except BaseException:
            if own is None:
                self.__dict__.pop("run", None)
            else:
                self.__dict__["run"] = own
            raise

    threading.Thread.start = start
