"""How many entries a cache holds while it is asked, where it says so (``len``). PYTEST_DONT_REWRITE."""

import time

_EVERY_NS = 1000000000
_SHARE = 50  # one part in so many of the time may go into counting


class Entries:
    """Called at every turn of the thread that tells (``Told.watch``)."""

    def __init__(self, held, told):
        self._held = held if hasattr(type(held), "__len__") else None
        self._told = told
        self._again_ns = 0

    def look(self, now):
        """Count if it is time to; a cache that cannot is asked no more."""
        if self._held is None or now < self._again_ns:
            return
        began = time.monotonic_ns()
        try:
            entries = len(self._held)
        except Exception:  # noqa: BLE001 - the project's code may raise anything here
            self._held = None
            return
        ended = time.monotonic_ns()
        self._again_ns = now + max(_EVERY_NS, _SHARE * (ended - began))
        self._told.say("entries", at_ns=ended, entries=entries)
