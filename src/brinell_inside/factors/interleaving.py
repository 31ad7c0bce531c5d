"""Threads that change places where they seldom do: at lines of the project's code. PYTEST_DONT_REWRITE.

A thread that runs is only asked to let another one run every few milliseconds, so a race of two lines shows once in
thousands of runs. Here threads pause at lines of project code and after the C functions that these call, most often
where that is done seldom, and all others may go on. Nothing happens that a scheduler may not do. What was never in two
threads at once is not touched: tracing begins with the first thread that a test starts, and ends when it is the only
one again.

After Edelstein et al., Multithreaded Java program test generation (ConTest, IBM Systems Journal 41, 2002).
"""

import os
import random
import sys
import sysconfig
import threading
import time

_MOST_PAUSES = 8000  # in one process: then it goes on as usual
_OFTEN = 12  # visits of a line at which a pause is likely
_SELDOM = 0.1  # chance of a pause at a line that was visited many times
_SHORT_S, _LONG_S = 0.00002, 0.003
_LONG_SHARE = 0.05
_OURS = ("_pytest", "pytest", "pluggy", "brinell_inside")

_pause = time.sleep  # a test may replace it


def set_interleaving(level, _scratch=None):
    """``lines``: threads pause at lines of the project, and change places every microsecond."""
    if level != "lines":
        raise ValueError("interleaving is lines, not %r" % (level,))
    _Pauses().begin()
    sys.setswitchinterval(1e-6)


class _Pauses:
    """Trace functions for the threads of this process."""

    def __init__(self):
        self._random = random.Random()  # noqa: S311 - of its own: the tests' generator must not move
        self._visits = {}
        self._left = _MOST_PAUSES
        self._files = {}
        paths = sysconfig.get_paths()
        self._library = tuple(os.path.join(paths[name], "") for name in ("stdlib", "platstdlib"))
        self._packages = tuple({os.path.join(paths[name], "") for name in ("purelib", "platlib")})

    def begin(self):
        """Trace every thread that is started from now on, and, while there are any, those who start them."""
        threading.settrace(self._called)
        threading.setprofile(self._back)
        real_start = threading.Thread.start

        def start(thread):
            real_start(thread)
            self._trace_caller(sys._getframe(1))  # noqa: SLF001 - there is no other way to the frames that run

        threading.Thread.start = start

    def _trace_caller(self, frame):
        if sys.gettrace() is not None:
            return
        while frame is not None:
            if self._is_project(frame.f_code.co_filename):
                frame.f_trace = self._line
            frame = frame.f_back
        sys.settrace(self._called)
        sys.setprofile(self._back)

    def _called(self, frame, event, _argument):
        if self._left <= 0 or (threading.current_thread() is threading.main_thread() and _is_alone()):
            _leave_alone()
            return None
        if event == "call" and self._is_project(frame.f_code.co_filename):
            self._visit(frame)
            return self._line
        return None

    def _line(self, frame, event, _argument):
        if self._left <= 0:
            _leave_alone()
            return None
        if event == "line":
            self._visit(frame)
        return self._line

    def _back(self, frame, event, _argument):
        """Where a C function has returned, threads change as well, in the middle of a line."""
        if event == "c_return" and self._left > 0 and self._is_project(frame.f_code.co_filename):
            self._visit(frame, frame.f_lasti)

    def _visit(self, frame, at=None):
        place = (frame.f_code, frame.f_lineno if at is None else -at)
        visits = self._visits[place] = self._visits.get(place, 0) + 1
        draw = self._random.random
        if draw() < (0.5 if visits <= _OFTEN else max(_SELDOM, 0.5 * _OFTEN / visits)):
            self._left -= 1
            _pause(_LONG_S if draw() < _LONG_SHARE else _SHORT_S)

    def _is_project(self, path):
        known = self._files.get(path)
        if known is None:
            known = self._files[path] = self._judge(path)
        return known

    def _judge(self, path):
        for folder in self._packages:
            if path.startswith(folder):
                return path[len(folder) :].split(os.sep, 1)[0] not in _OURS
        if "brinell_inside" in path.split(os.sep):
            return False
        return not path.startswith(("<", *self._library))


def _leave_alone():
    sys.settrace(None)
    sys.setprofile(None)


def _is_alone():
    return threading.active_count() == 1
