"""A load that fails: does the next caller load again, and does everybody who waited get an answer? PYTEST_DONT_REWRITE.

Whoever keeps the failure gives it to all who come afterwards; whoever keeps the lock lets them wait for ever. And a
caller that is cancelled while it loads, as one whose client has gone, must not take with it those who wait.
"""

import asyncio

KEYS = 2
NEEDED_KEYS = 2 * KEYS
CALLERS = 2
FIRST = (1 << 30) + 3000  # keys that no workload reaches
_PATIENCE_S = 5.0
_LATER_S = 0.1
_JOINED_S = 0.05
_LONG_S = 0.4  # of a load, within which others join it and its caller is cancelled


def failing(loading, operations, told, first=FIRST):
    """Let the load of some keys fail while two wait for it, then ask once more."""
    seen = {"failed": [0, 0, ""], "hanging": [0, 0, ""]}
    for number in range(first, first + KEYS):
        if not _one(loading, operations.key(number), lambda number=number: operations.fresh(number), seen):
            break
    if loading.side.is_async:
        seen["cancelled"] = [0, 0, ""]
        for number in range(first + KEYS, first + 2 * KEYS):
            _cancel(loading, operations.key(number), lambda number=number: operations.fresh(number), seen["cancelled"])
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


def _cancel(loading, key, value, seen):
    """Cancel the caller that loads while two others wait for the same key."""

    async def scene():
        loading.count()
        first = asyncio.ensure_future(loading.get(key, value))
        await asyncio.sleep(_JOINED_S)
        others = [asyncio.ensure_future(loading.get(key, value)) for _ in range(CALLERS)]
        await asyncio.sleep(_JOINED_S)
        if first.done() or loading.count() != 1:
            await asyncio.wait([first, *others], timeout=_PATIENCE_S)
            return True  # it was there already, or each loads for itself
        first.cancel()
        _, waiting = await asyncio.wait(others, timeout=_PATIENCE_S)
        seen[0] += 1
        left = [one for one in others if one in waiting or one.cancelled()]
        if left:
            seen[1] += 1
            word = "had no answer" if waiting else "were cancelled as well"
            seen[2] = "%d of %d others who waited %s" % (len(left), len(others), word)
        for one in others:
            if not one.cancel() and not one.cancelled():
                one.exception()  # looked at, so that nobody is told that nobody did
        return True

    loading.loader_s, before = max(loading.loader_s, _LONG_S), (loading.loader_s, loading.held_up_s)
    loading.held_up_s = loading.loader_s
    try:
        loading.side.together([scene], 3 * _PATIENCE_S)
    finally:
        loading.loader_s, loading.held_up_s = before
