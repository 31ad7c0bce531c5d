"""Is what is set there for as long as was stated, and no longer? PYTEST_DONT_REWRITE.

Looked at after half of it and after twice as long: that tells seconds from milliseconds, and an expiry that never
comes, and forgives clocks that tick once a second.
"""

import time

from brinell_inside.cache.crowds import why_of

KEYS = 5
FIRST = (1 << 30) + 4000  # keys that no workload reaches
LONGEST_S = 10.0  # of the wait for what must be gone: whoever waits for us to be ready has a minute
_EARLY_S = 2.0
_IN_TIME = 0.75  # of a lifetime: who comes later, for the machine is crowded, has seen nothing
_READS = 5  # of a key that is asked for again and again, in a lifetime
_PATIENCE_S = 5.0


def lifetimes(operations, side, stated_s, told):
    """Set some keys, with nothing else going on, and look for them twice."""
    seen = {"keys": 0, "early": 0, "late": 0}
    is_waited_for = 2 * stated_s <= LONGEST_S
    first_s = min(stated_s / 2, _EARLY_S)

    async def look():
        kept, set_at = [], {}
        for number in range(FIRST, FIRST + KEYS):
            set_at[number] = time.monotonic()
            await operations.put(number, 100)
            if await operations.found(number):
                kept.append(number)
        seen["keys"] = len(kept)
        await side.pause(first_s)
        for number in kept:
            gone = not await operations.found(number)
            seen["early"] += gone and time.monotonic() - set_at[number] <= _IN_TIME * stated_s
        if is_waited_for:
            alive = await asked_often()
            for number in kept:
                seen["late"] += await operations.found(number)
            if alive is not None and not seen["late"]:
                told.say("tried", what="renewed", tried=1, wrong=int(alive), why="", example="")
        return True

    async def asked_often():
        """Until twice the lifetime is over, read a key again and again; whether it was there all the time."""
        number, step_s = FIRST + KEYS, stated_s / _READS
        await operations.put(number, 100)
        alive = await operations.found(number) or None
        for _ in range(2 * _READS):
            await side.pause(step_s)
            alive = alive and await operations.found(number)
        return alive

    found = side.together([look], 2 * stated_s * is_waited_for + 2 * first_s + _PATIENCE_S)
    why = why_of(found) or ("" if found[0] is True else "a look at it did not come to an end")
    if not why and not seen["keys"]:
        why = "what was set was not there at once"
    looked_s = 2 * stated_s if is_waited_for else first_s
    told.say("lifetime", stated_s=stated_s, looked_s=looked_s, why=why, **(dict(seen, keys=0) if why else seen))
