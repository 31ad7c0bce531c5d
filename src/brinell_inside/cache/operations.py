"""The operations of a workload on one cache. PYTEST_DONT_REWRITE.

They are coroutines also where nothing is awaited (``subject.plain``), so that both kinds of cache have one text.
"""

READ, UPDATE, INSERT, SCAN, MODIFY, DELETE = range(6)
KIND_AT, HITS_AT, GETS_AT, LOADS_AT = 16, 24, 32, 40
HIT = 1 << HITS_AT | 1 << GETS_AT
GET = 1 << GETS_AT
LOAD = 1 << LOADS_AT


def word(kind, key, size=100, length=1):
    """An operation as one number."""
    return kind | length << 4 | size << 11 | key << 31


class Operations:
    """What a worker asks of its cache. ``side`` waits; ``job`` is the table of the protocol."""

    def __init__(self, subject, side, stamps, job):
        self._get, self._set, self._delete = subject.get, subject.set, subject.delete
        self._absent, self._missing = subject.absent, subject.missing
        self._side = side
        self._stamps = stamps
        self._before, _, self._after = job["key"].partition("{key}")
        self._is_number = job["key"] == "{key}"
        self._loads = job["loads"]
        self._loader_s = job["loader_s"]
        self._options = job["set_options"]

    @property
    def can_delete(self):
        """Whether the cache has a delete."""
        return self._delete is not None

    def key(self, number):
        """The key as the cache gets it."""
        return number if self._is_number else self._before + str(number) + self._after

    def fresh(self, number):
        """A value as a set would have it, of which nobody says whether it is put in."""
        return self._stamps.begin(number, 100)

    async def carry_out(self, given):
        """Do one operation; return its bits of the code above the kind."""
        kind, size, number = given & 15, given >> 11 & 0xFFFFF, given >> 31
        if kind == READ:
            return await self.read(number, size)
        if kind == SCAN:
            bits = 0
            for key in range(number, number + (given >> 4 & 127)):
                bits += await self.read(key, size)
            return bits
        if kind == DELETE:
            await self.delete(number)
            return 0
        bits = 0
        if kind == MODIFY:
            bits = HIT if await self.found(number) else GET
        await self.put(number, size)
        return bits

    async def read(self, number, size):
        """A get, and what follows on a miss."""
        if await self.found(number):
            return HIT
        if not self._loads:
            return GET
        if self._loader_s:
            await self._side.pause(self._loader_s)
        await self.put(number, size)
        return GET + LOAD

    async def found(self, number, floor=None):
        """Whether a get found something, which is looked at. ``floor``: the stamps' of the moment it begins at."""
        floor = self._stamps.floor(number) if floor is None else floor
        try:
            value = self._get(self.key(number))
            if hasattr(value, "__await__"):
                value = await value
        except self._missing:
            return False
        if value is None or value is self._absent:
            return False
        self._stamps.check(number, value, floor)
        return True

    async def put(self, number, size):
        """A set. One that fails stays under way for ever: nobody knows what came of it."""
        given = self._set(self.key(number), self._stamps.begin(number, size), **self._options)
        if hasattr(given, "__await__"):
            await given
        self._stamps.acknowledged(number)

    async def put_under(self, key, number):
        """A set of a number's value under any key, of which the stamps are told nothing."""
        given = self._set(key, self.fresh(number), **self._options)
        if hasattr(given, "__await__"):
            await given

    async def number_under(self, key):
        """Whose value is under a key: its number; None where there is none. ``WrongValue`` where it is no value."""
        try:
            value = self._get(key)
            if hasattr(value, "__await__"):
                value = await value
        except self._missing:
            return None
        return None if value is None or value is self._absent else self._stamps.parts(value)[0]

    async def drop(self, key):
        """Delete what is under any key, if it can be."""
        try:
            given = self._delete(key)
            if hasattr(given, "__await__"):
                await given
        except Exception:  # noqa: BLE001, S110 - the project's code may raise anything, and nothing follows from it
            pass

    async def delete(self, number):
        """A delete; of what is not there as well."""
        floor = self._stamps.deleting(number)
        try:
            given = self._delete(self.key(number))
            if hasattr(given, "__await__"):
                await given
        except self._missing:
            pass
        self._stamps.deleted(number, floor)
