"""A load that fails: does the next caller load again, and does everybody who waited get an answer? PYTEST_DONT_REWRITE.

Whoever keeps the failure gives it to all who come afterwards; whoever keeps the lock lets them wait for ever.
"""

KEYS = 2
CALLERS = 2
FIRST = (1 << 30) + 3000  # keys that no workload reaches
_PATIENCE_S = 5.0
_LATER_S = 0.1


def failing(loading, operations, told, first=FIRST):
    """Let the load of some keys fail while two wait for it, then ask once more."""
    seen = {"failed": [0, 0, ""], "hanging": [0, 0, ""]}
    for number in range(first, first + KEYS):
        if not _one(loading, operations.key(number), lambda number=number: operations.fresh(number), seen):
            break
    for what, (tried, wrong, example) in seen.items():
        why = "" if tried else "no load could be made to fail"
        told.say("tried", what=what, tried=tried, wrong=wrong, why=why, example=example)


def _one(loading, key, value, seen):
    """Try one key; return whether another one is worth its time."""
    side, failed, hanging = loading.side, seen["failed"], seen["hanging"]

    async def ask():
        await loading.get(key, value)
        return True

    async def ask_later():
        await side.pause(_LATER_S)
        return await ask()

    loading.count()
    loading.is_failing = True
    try:
        found = side.together([ask] * CALLERS, _PATIENCE_S)
    finally:
        loading.is_failing = False
    loads, ended = loading.count(), [one for one in found if one is not None]
    if not loads or not ended:
        return False  # it was there already, or is still trying
    hanging[0] += 1
    if len(ended) < len(found):
        if loads <= len(ended):  # each load that began has come to its end
            hanging[1] += 1
            hanging[2] = "%d of %d who asked at the same moment had no answer" % (len(found) - len(ended), len(found))
        return False
    again = side.together([ask_later], _PATIENCE_S)[0]
    loads = loading.count()
    if again is None:
        if not loads:
            hanging[1] += 1
            hanging[2] = "who asked afterwards had no answer within %g s" % _PATIENCE_S
        return False
    failed[0] += 1
    if not loads:
        failed[1] += 1
        failed[2] = "it raised %s" % type(again).__name__ if isinstance(again, BaseException) else "it gave a value"
    return True
