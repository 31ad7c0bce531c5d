"""No test takes longer than it may. PYTEST_DONT_REWRITE.

An alarm raises in the test what Hypothesis does not take for a failure, so nothing is shrunk. Code that never returns
to the interpreter hears no alarm: then ``faulthandler``'s own thread ends the process, and the tool goes on without
the test.
"""

import faulthandler
import os
import signal
import threading
from contextlib import suppress

_GRACE_S = 5.0


class TookTooLong(BaseException):
    """The test's time is over. Not an ``Exception``: Hypothesis would look for the smallest example of it."""


class Limit:
    """Arms both for one test at a time."""

    def __init__(self, config):
        self._nowhere = open(os.devnull, "w")  # noqa: SIM115 - for the life of the process
        self._alarm = threading.current_thread() is threading.main_thread() and not config.pluginmanager.hasplugin(
            "timeout"  # pytest-timeout's alarm is the project's own
        )
        self.rang = False

    def start(self, seconds):
        """Begin to count."""
        self.rang = False
        if seconds <= 0:
            return
        if self._alarm and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None):
            signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, seconds)
        with suppress(Exception):  # pytest's own faulthandler has no use for it, unless its timeout is configured
            faulthandler.dump_traceback_later(seconds + _GRACE_S, exit=True, file=self._nowhere)

    def end(self):
        """Disarm."""
        with suppress(Exception):
            faulthandler.cancel_dump_traceback_later()
        with suppress(Exception):
            if signal.getsignal(signal.SIGALRM) == self._ring:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _ring(self, number, frame):
        del number, frame
        self.rang = True
        raise TookTooLong
