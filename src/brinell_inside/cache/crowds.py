"""Many at one key at the same moment: how often is it loaded, and is what was deleted read again? PYTEST_DONT_REWRITE.

Whose ``get`` loads by itself is called with a key and a loader of ours, which counts; or with a key alone, where a
loader of the project is replaced by one that counts and passes on.
"""

import contextvars
import itertools
import threading
import time

from brinell_inside.cache.stamps import StaleRead
from brinell_inside.calls import target

_PATIENCE_S = 5.0  # with one crowd
_BUDGET_S = 6.0  # of all crowds of a kind: whoever waits for us to be ready has a minute
_LOADER_S = 0.05  # of a load, where nothing else is said: long enough that all callers come while it runs
_COLD = 1 << 30  # keys that no workload reaches
_ENDED = (1 << 30) + 6000  # likewise, of those whose lifetime is let come to its end
_ENDED_KEYS = 3
_READERS = 8
_PROBED = 20
_now = time.monotonic_ns
_mine = contextvars.ContextVar("brinell_loads", default=None)  # of the call that is under way here


class LoadFailed(Exception):  # noqa: N818 - the name is what it says
    """What a loader of ours raises where a load is to fail."""


class Loading:
    """A get that loads on a miss. ``get(key, loader)``, or ``get(key)`` where ``in_place`` names the loader."""

    def __init__(self, get, job, side, root):
        self._get = get
        self.side = side
        self._loads = itertools.count()
        self._seen = 0
        self.total = 0
        self.is_failing = False  # whether loads are to raise
        self._place = None
        self.in_place = job["loader"]
        self.loader_s = job["loader_s"] or _LOADER_S
        self.held_up_s = self.loader_s  # a load in the project's own place, besides what it takes by itself
        if self.in_place:
            self._replace(self.in_place, root)

    def restore(self):
        """Let the project's own loader be in its place again."""
        if self._place is None:
            return
        owner, name, had = self._place
        if had is None:  # it was its parent's
            delattr(owner, name)
        else:
            setattr(owner, name, had)

    async def loads_of(self, work):
        """How often the loader ran in this piece of work, not in another's it may have waited for; and its value."""
        mine = [0]
        token = _mine.set(mine)
        try:
            value = await work
        finally:
            _mine.reset(token)
        return mine[0], value

    def count(self):
        """How often the loader ran since the last time."""
        total = next(self._loads)
        since, self._seen = total - self._seen, total + 1
        return since

    async def get(self, key, value):
        """Ask for a key, whose value ``value()`` would load."""
        if self.in_place:
            return await self._settled(self._get(key))
        return await self._settled(self._get(key, self._loader(value)))

    def _loader(self, value):
        if self.side.is_async:

            async def load(*_args):
                self._loaded()
                given = value()
                await self.side.pause(self.loader_s)
                self._fail()
                return given

        else:

            def load(*_args):
                self._loaded()
                given = value()
                time.sleep(self.loader_s)
                self._fail()
                return given

        return load

    def _replace(self, name, root):
        original = target.find(name, root)
        module, _, attribute = name.partition(":")
        outer, _, last = attribute.rpartition(".")
        owner = target.attribute(module + ":" + outer, root) if outer else target.module(module, root)
        if target.is_async(original):

            async def counted(*args, **kwargs):
                self._loaded()
                await self.side.pause(self.held_up_s)
                self._fail()
                return await original(*args, **kwargs)

        else:

            def counted(*args, **kwargs):
                self._loaded()
                if self.held_up_s:
                    time.sleep(self.held_up_s)
                self._fail()
                return original(*args, **kwargs)

        had = getattr(owner, "__dict__", {}).get(last)
        self._place = owner, last, had
        # A function that stands in a class would be given the object.
        setattr(owner, last, staticmethod(counted) if isinstance(had, (staticmethod, classmethod)) else counted)

    def _loaded(self):
        next(self._loads)
        self.total += 1  # about: whether it ever ran is what is asked
        mine = _mine.get()
        if mine is not None:
            mine[0] += 1

    def _fail(self):
        if self.is_failing:
            raise LoadFailed("brinell lets this load fail, to see what becomes of those who wait for it")

    @staticmethod
    async def _settled(given):
        return await given if hasattr(given, "__await__") else given


def ended_stampedes(loading, operations, job, told):
    """Load some keys, wait until they are to have ended, and let ``callers`` ask for each: an old entry is there."""
    side = loading.side
    numbers = range(_ENDED, _ENDED + _ENDED_KEYS)

    async def load(number):
        await loading.get(operations.key(number), lambda: operations.fresh(number))

    async def wait():
        await side.pause(2 * job["expires_s"])

    found = side.together([lambda number=number: load(number) for number in numbers], _PATIENCE_S)
    if why_of(found):
        return
    side.together([wait], 2 * job["expires_s"] + _PATIENCE_S)
    stampedes(loading, operations, dict(job, cold_keys=_ENDED_KEYS), told, _ENDED)


def stampedes(loading, operations, job, told, first=_COLD):
    """For each cold key, let ``callers`` ask for it at the same moment, and tell how often it was loaded."""
    side, until = loading.side, time.monotonic() + _BUDGET_S
    by = "ended" if first == _ENDED else ""
    for number in range(first, first + job["cold_keys"]):
        if time.monotonic() > until:
            return
        key = operations.key(number)
        loading.count()

        async def one(key=key, number=number):
            began = _now()
            await loading.get(key, lambda: operations.fresh(number))
            return _now() - began

        found = side.together([one] * job["callers"], _PATIENCE_S)
        took = [each for each in found if isinstance(each, int)]
        told.say(
            "stampede",
            callers=job["callers"],
            loads=loading.count(),
            failed=len(found) - len(took),
            longest_ns=max(took) if took else 0,
            why=why_of(found),
            by=by,
        )
        if not took:
            return  # the others would only take as long


def deleted_under_readers(operations, side, stamps, told):
    """Delete keys while others read them, again and again, with nothing being loaded."""
    counts, example, keys = [0, 0], "", 0
    until = time.monotonic() + _BUDGET_S
    for number in range(_COLD + 1000, _COLD + 1000 + _PROBED):
        if time.monotonic() > until:
            break
        keys += 1
        over = threading.Event()

        async def read(number=number, over=over):
            stale = ""
            while not over.is_set():
                floor = stamps.floor(number)
                try:
                    await operations.found(number, floor)
                except StaleRead as error:
                    counts[1] += 1
                    stale = str(error)
                counts[0] += floor & 1
                await side.pause(0)
            return stale

        async def change(number=number, over=over):
            try:
                await operations.put(number, 100)
                await side.pause(0.002)
                await operations.delete(number)
                await side.pause(0.005)
            finally:
                over.set()
            return ""

        found = side.together([read] * _READERS + [change], _PATIENCE_S)
        example = example or next((each for each in found if each and isinstance(each, str)), "")
        why = why_of(found)
        if why:
            told.say("stale", how="deleted", keys=0, reads=0, stale=0, why=why, example="")
            return
    told.say("stale", how="deleted", keys=keys, reads=counts[0], stale=counts[1], why="", example=example)


def deleted_under_loads(loading, operations, side, stamps, told):
    """Delete keys while their old value is being loaded: whoever asks afterwards must not get that."""
    seen = {"keys": 0, "reads": 0, "stale": 0, "foreign": 0}
    until = time.monotonic() + _BUDGET_S
    for number in range(_COLD + 2000, _COLD + 2000 + _PROBED):
        if time.monotonic() > until:
            break
        seen["keys"] += 1
        key, source, acknowledged = operations.key(number), [stamps.begin(number, 100)], []

        async def read(wait_s, key=key, source=source, acknowledged=acknowledged):
            await side.pause(wait_s)
            must_be_new = bool(acknowledged)
            value = await loading.get(key, lambda: source[-1])
            if must_be_new:
                seen["reads"] += 1
                seen["stale"] += value == source[0]
                seen["foreign"] += value not in source

        async def change(number=number, source=source, acknowledged=acknowledged):
            await side.pause(loading.loader_s / 2)
            source.append(stamps.begin(number, 100))
            await operations.delete(number)
            acknowledged.append(True)

        waits = [0.0] * _READERS + [loading.loader_s * share for share in (0.7, 0.8, 1.3, 1.6, 2.5)]
        works = [lambda wait_s=wait_s, read=read: read(wait_s) for wait_s in waits]
        found = side.together([*works, change], _PATIENCE_S)
        why = why_of(found)
        if seen["foreign"]:
            why = "what it gives is not what the loader gave"
        if why:
            told.say("stale", how="loading", keys=0, reads=0, stale=0, why=why, example="")
            return
    example = "a value that was being loaded when its key was deleted" if seen["stale"] else ""
    told.say(
        "stale", how="loading", keys=seen["keys"], reads=seen["reads"], stale=seen["stale"], why="", example=example
    )


def why_of(found):
    """The first thing that was raised, in a line."""
    error = next((each for each in found if isinstance(each, BaseException)), None)
    if error is None:
        return ""
    try:
        text = " ".join(str(error)[:200].split())
    except Exception:  # noqa: BLE001 - its own __str__ may raise
        text = "(its text cannot be had)"
    return "%s: %s" % (type(error).__name__, text)
