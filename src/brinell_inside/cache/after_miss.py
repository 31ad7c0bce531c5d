"""Is what was set there, and is it where a get had missed it just before? PYTEST_DONT_REWRITE.

Whoever remembers that a key was not there has to forget that with the next set. A set that comes to nothing and says
so to nobody is seen by the way.
"""

KEYS = 3
FIRST = (1 << 30) + 7000  # keys that no workload reaches
_LATER_S = (0.0, 0.05, 0.2)  # what is handed to another thread may take a moment
_PATIENCE_S = 5.0


def after_miss(operations, side, told):
    """Set some keys, and some others after a get of each; get them."""
    seen = {"set": [0, 0], "missed": [0, 0]}

    async def is_there(number):
        for wait_s in _LATER_S:
            await side.pause(wait_s)
            if await operations.found(number):
                return True
        return False

    async def look():
        for what, first in (("set", FIRST), ("missed", FIRST + KEYS)):
            for number in range(first, first + KEYS):
                if what == "missed" and await operations.found(number):
                    continue  # an earlier run has left it
                await operations.put(number, 100)
                seen[what][0] += 1
                seen[what][1] += not await is_there(number)
                if operations.can_delete:
                    await operations.delete(number)
        return True

    if side.together([look], _PATIENCE_S)[0] is not True:
        return  # it raised, or came to no end: the load shows that, and how often
    if seen["set"][1]:
        seen["missed"] = [0, 0]  # nothing follows from what is not there anyway
    for what, (tried, wrong) in seen.items():
        told.say("tried", what=what, tried=tried, wrong=wrong if wrong == tried else 0, why="", example="")
