"""Values that say which key and version they are, and what must not be read any more. PYTEST_DONT_REWRITE.

A read is stale if it began after a delete (or another set) was acknowledged and gives a version whose set was
acknowledged before that began: no order of the operations explains it. Where another set was under way meanwhile, or
failed, nothing is said.
"""

import os
import threading

_END = b"|"
_HEAD_BYTES = 80
_KEPT = 1 << 14  # keys of which it is known: memory that grew with the keys would look like the cache's own


class StaleRead(Exception):  # noqa: N818 - the name is the outcome's
    """A read gave what had been deleted or replaced before it began."""


class WrongValue(Exception):  # noqa: N818 - likewise
    """A read gave something else than what was written under its key."""


class Stamps:
    """Versions of one process. ``form``: bytes or text."""

    def __init__(self, form):
        self._form = form
        self.who = os.urandom(4).hex()
        self._filler = b"x" * (1 << 20)
        self._lock = threading.Lock()
        self._version = 0
        self._setting = {}  # key: [sets that were begun and not acknowledged, what the only one of them replaces]
        self._floors = [(-1 - number, number) for number in range(_KEPT)]  # by key: no version up to this one any more

    def begin(self, key, size):
        """A set begins: the value to be set, of so many bytes if its stamp is not longer."""
        with self._lock:
            self._version = version = self._version + 1
            entry = self._setting.get(key)
            self._setting[key] = [1, version - 1] if entry is None else [entry[0] + 1, 0]
        stamp = ("%x.%s.%x|" % (key, self.who, version)).encode("ascii")
        value = stamp + self._filler[: max(0, size - len(stamp))]
        return value.decode("ascii") if self._form == "text" else value

    def acknowledged(self, key):
        """A set ended well."""
        with self._lock:
            entry = self._setting[key]
            if entry[0] > 1:
                self._setting[key] = [entry[0] - 1, 0]  # which of them came last nobody knows
                return
            del self._setting[key]
            self._raise(key, entry[1] << 1)

    def deleting(self, key):
        """A delete begins: what it makes unreadable once it is acknowledged."""
        with self._lock:
            return 0 if key in self._setting else self._version

    def deleted(self, key, floor):
        """A delete was acknowledged."""
        with self._lock:
            self._raise(key, floor << 1 | 1)

    def _raise(self, key, floor):
        held, before = self._floors[key % _KEPT]
        if floor > 1:
            self._floors[key % _KEPT] = key, max(floor, before if held == key else 0)

    def floor(self, key):
        """A read begins: twice the version that it must exceed, and one more if that was deleted."""
        held, floor = self._floors[key % _KEPT]
        return floor if held == key else 0

    def check(self, key, value, floor):
        """``WrongValue`` or ``StaleRead`` if the value should not have been read."""
        number, who, version = self.parts(value)
        if number != key:
            raise WrongValue("the value of key %d was read under key %d" % (number, key))
        if who == self.who and version <= floor >> 1:
            what = "deleted" if floor & 1 else "replaced"
            raise StaleRead("version %d of key %d, which was %s before the read began" % (version, key, what))

    def parts(self, value):
        """Key, who wrote it, and version."""
        head = value[:_HEAD_BYTES].encode("ascii", "replace") if isinstance(value, str) else bytes(value[:_HEAD_BYTES])
        stamp, end, _ = head.partition(_END)
        fields = stamp.split(b".")
        if not end or len(fields) != 3:
            raise WrongValue("what was read is nothing that was written under this key")
        return int(fields[0], 16), fields[1].decode("ascii"), int(fields[2], 16)
