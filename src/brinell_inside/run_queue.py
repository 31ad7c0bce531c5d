"""How long the main thread was ready to run and had no processor (Linux's schedstat). PYTEST_DONT_REWRITE."""

import fcntl
import os

_FIRST_HIGH_FD = 512  # out of the way of tests that close 3..255 or expect the lowest number to be free


class RunQueue:
    """A clock of waiting; ``known`` says whether this host tells, and has told until now."""

    def __init__(self):
        self._read = os.pread  # bound here: tests may patch it
        self._fd = None
        self.known = False
        try:
            fd = os.open("/proc/%d/schedstat" % os.getpid(), os.O_RDONLY)
            try:
                self._fd = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST_HIGH_FD)
            finally:
                os.close(fd)
            self.known = int(self._read(self._fd, 80, 0).split()[0]) > 0  # all zeros where the kernel does not count
        except (OSError, ValueError, IndexError):
            self.known = False

    def __call__(self):
        """Nanoseconds so far; 0 where that is not known."""
        if not self.known:
            return 0
        try:
            return int(self._read(self._fd, 80, 0).split()[1])
        except Exception:  # noqa: BLE001 - a test may have closed or replaced the descriptor
            self.known = False
            return 0
