"""A function that caches what it loads: asked by key, and a hit where its loader did not run. PYTEST_DONT_REWRITE."""

from collections import OrderedDict, defaultdict, deque

from brinell_inside.cache.operations import GET, HIT, LOAD, Operations
from brinell_inside.calls import target
from brinell_inside.calls.told import detail_of

TRIED_KEYS = 3
_SHARED_KEYS = 3
_CHANGEABLE = (dict, list, set, bytearray, OrderedDict, defaultdict, deque)
_PATIENCE_S = 5.0
_MOST_SEEN = 4000
_LONGEST = 4096
_FEWEST_LOADS = 50
_FEWEST_WRONG = 3
_MOST_OF_THEM = 0.9


class Through(Operations):
    """Reads of a function that loads by itself; to fill its cache is to read, too."""

    def __init__(self, made, loading, side, stamps, job):
        Operations.__init__(self, made, side, stamps, job)
        self._loading = loading
        self.collisions = None

    async def read(self, number, size):  # noqa: ARG002 - a value is as large as it is loaded
        """A call. A load that another call began, or that runs behind its back, is not this one's."""
        loads, _ = await self._loading.loads_of(self._loading.get(self.key(number), None))
        return GET + LOAD if loads else HIT

    async def put(self, number, size):  # noqa: ARG002 - as above
        """A call as well."""
        loads, value = await self._loading.loads_of(self._loading.get(self.key(number), None))
        if self.collisions is not None:
            self.collisions.see(number, loads, value)


class Collisions:
    """Calls for keys that nobody had asked for, up to ``end``: where one loads nothing and gives what another key's
    load gave, the cache takes both for one. It is told where the values of loads all differ.
    """

    def __init__(self, end):
        self._end = end
        self._faces = {}
        self._alike = 0
        self._hits = self._wrong = 0
        self._example = ""

    def see(self, number, loads, value):
        """A first call and what it gave."""
        if number >= self._end or len(self._faces) + self._hits >= _MOST_SEEN:
            return
        face = _face(value)
        if face is None:
            return
        if loads:
            self._alike += face in self._faces
            self._faces.setdefault(face, number)
            return
        self._hits += 1
        other = self._faces.get(face)
        if other is not None and other != number:
            self._wrong += 1
            self._example = self._example or "key %d was given what key %d had been" % (number, other)

    def tell(self, told):
        """Tell it."""
        sure = not self._alike and len(self._faces) >= _FEWEST_LOADS and self._wrong >= _FEWEST_WRONG
        wrong = self._wrong if sure and self._wrong >= _MOST_OF_THEM * self._hits else 0
        tried = 0 if self._alike else len(self._faces) + self._hits
        why = "" if tried else "values of different keys are alike, or have no text of their own"
        told.say("tried", what="collided", tried=tried, wrong=wrong, why=why, example=self._example if wrong else "")


def _face(value):
    """What a value looks like, where that is its own and not its address."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - the project's code may raise anything
        return None
    return None if " at 0x" in text or len(text) > _LONGEST else text


def shared(operations, loading, told, first):
    """Call for some keys twice: is the second caller given the very object, which can be changed, of the first?"""
    seen = [0, 0, ""]

    async def look():
        for number in range(first, first + _SHARED_KEYS):
            key = operations.key(number)
            one = await loading.get(key, None)
            loads, other = await loading.loads_of(loading.get(key, None))
            if not loads:
                seen[0] += 1
            if not loads and one is other and type(one) in _CHANGEABLE:
                seen[1] += 1
                seen[2] = "a %s" % type(one).__name__

    loading.side.together([look], _PATIENCE_S)  # what it raises the load shows
    why = "" if seen[0] else "no call for a key that was there came to its end"
    told.say("tried", what="shared", tried=seen[0], wrong=seen[1], why=why, example=seen[2])


def try_function(made, table, name, root):
    """Call it for a few keys, the last ones. ``Refused`` where that fails."""
    for number in range(table["keys"] - 1, max(-1, table["keys"] - 1 - TRIED_KEYS), -1):
        key = number if table["key"] == "{key}" else table["key"].replace("{key}", str(number))
        try:
            made.settle(made.get(key))
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the project's code may raise anything here
            message = "%s(%r) failed with %s" % (name, key, detail_of(error, root))
            raise target.Refused("cache-error", message) from None
