"""Values that say which key and version they are, and what must not be read any more. PYTEST_DONT_REWRITE.

A read is stale if it began after a delete was acknowledged and gives a version whose set was acknowledged before that
delete began: no order of the operations explains it. Where a set was under way meanwhile, or failed, nothing is said.
"""

import os
import threading

_END = b"|"
_HEAD_BYTES = 80


class StaleRead(Exception):  # noqa: N818 - the name is the outcome's
    """A read gave what had been deleted before it began."""


class WrongValue(Exception):  # noqa: N818 - likewise
    """A read gave something else than what was written under its key."""


class Stamps:
    """Versions of one process. ``form``: bytes or text."""

    def __init__(self, form):
        self._form = form
        self._who = os.urandom(4).hex()
        self._filler = b"x" * (1 << 20)
        self._lock = threading.Lock()
        self._version = 0
        self._setting = {}  # key: sets that were begun and not acknowledged
        self._floor = {}  # key: no version up to this one may be read any more

    def begin(self, key, size):
        """A set begins: the value to be set, of so many bytes if its stamp is not longer."""
        with self._lock:
            self._version = version = self._version + 1
            self._setting[key] = self._setting.get(key, 0) + 1
        stamp = ("%x.%s.%x|" % (key, self._who, version)).encode("ascii")
        value = stamp + self._filler[: max(0, size - len(stamp))]
        return value.decode("ascii") if self._form == "text" else value

    def acknowledged(self, key):
        """A set ended well."""
        with self._lock:
            left = self._setting[key] - 1
            if left:
                self._setting[key] = left
            else:
                del self._setting[key]

    def deleting(self, key):
        """A delete begins: what it makes unreadable once it is acknowledged."""
        with self._lock:
            return 0 if key in self._setting else self._version

    def deleted(self, key, floor):
        """A delete was acknowledged."""
        if floor:
            with self._lock:
                self._floor[key] = max(floor, self._floor.get(key, 0))

    def floor(self, key):
        """A read begins: the version that it must exceed."""
        return self._floor.get(key, 0)

    def check(self, key, value, floor):
        """``WrongValue`` or ``StaleRead`` if the value should not have been read."""
        number, who, version = self.parts(value)
        if number != key:
            raise WrongValue("the value of key %d was read under key %d" % (number, key))
        if who == self._who and version <= floor:
            raise StaleRead("version %d of key %d, which was deleted before the read began" % (version, key))

    def parts(self, value):
        """Key, who wrote it, and version."""
        head = value[:_HEAD_BYTES].encode("ascii", "replace") if isinstance(value, str) else bytes(value[:_HEAD_BYTES])
        stamp, end, _ = head.partition(_END)
        fields = stamp.split(b".")
        if not end or len(fields) != 3:
            raise WrongValue("what was read is nothing that was written under this key")
        return int(fields[0], 16), fields[1].decode("ascii"), int(fields[2], 16)
