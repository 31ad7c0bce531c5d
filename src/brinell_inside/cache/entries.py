"""How many entries a cache holds while it is asked: it itself where it says so (``len``), and containers within it.

PYTEST_DONT_REWRITE.
"""

import time

from brinell_inside.cache.holders import holders

_EVERY_NS = 1000000000
_SHARE = 50  # one part in so many of the time may go into counting


class Entries:
    """Called at every turn of the thread that tells (``Told.watch``). ``roots``: see ``holders``."""

    def __init__(self, held, told, roots=()):
        self._held = held if hasattr(type(held), "__len__") else None
        self._roots = roots
        self._told = told
        self._again_ns = 0

    def look(self, now):
        """Count if it is time to; a cache that cannot is asked no more."""
        if now < self._again_ns or not (self._roots or self._held is not None):
            return
        began = time.monotonic_ns()
        self._count()
        self._count_within()
        self._again_ns = now + max(_EVERY_NS, _SHARE * (time.monotonic_ns() - began))

    def _count(self):
        if self._held is None:
            return
        try:
            entries = len(self._held)
        except Exception:  # noqa: BLE001 - the project's code may raise anything here
            self._held = None
            return
        self._told.say("entries", at_ns=time.monotonic_ns(), entries=entries)

    def _count_within(self):
        if not self._roots:
            return
        try:
            found = holders(self._roots)
        except Exception:  # noqa: BLE001 - what changes while it is looked at, or is no ordinary object
            return
        at_ns = time.monotonic_ns()
        for name, entries in found.items():
            self._told.say("holder", at_ns=at_ns, name=name, entries=entries)
