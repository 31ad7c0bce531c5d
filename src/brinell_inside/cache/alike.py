"""Keys that are nearly the same: does each have its own value? PYTEST_DONT_REWRITE.

What folds case, or cuts keys at some length, gives the value of one key under another.
"""

from brinell_inside.cache.stamps import WrongValue

FIRST = (1 << 30) + 5000  # of the numbers in their values: keys that no workload reaches
_PATIENCE_S = 5.0
_LENGTHS = (60, 120, 200, 300)  # of what two keys have in common; many stores take no key of more than 250
_CASES = ("aB", "tokenX", "STRASSE")


def pairs():
    """What two keys differ in, and what stands in the place of each one's number."""
    for text in _CASES:
        yield "case", "brinell-" + text, "brinell-" + text.swapcase()
    for length in _LENGTHS:
        common = "brinell-" + "x" * (length - 8)
        yield "length", common + "1", common + "2"


def alike(operations, side, told):
    """Set both keys of each pair, and look at whose value each one has; nothing stays. A pair that raises is left."""
    seen = {"case": [0, 0, ""], "length": [0, 0, ""]}

    async def one(what, keys, number):
        try:
            for at, key in enumerate(keys):
                await operations.put_under(key, number + at)
            found = [await operations.number_under(key) for key in keys]
        except WrongValue:
            return
        finally:
            for key in keys:
                await operations.drop(key)
        if None in found:
            return
        entry = seen[what]
        entry[0] += 1
        if found != [number, number + 1] and set(found) <= {number, number + 1}:
            entry[1] += 1
            lengths = "of %d characters that differ in the last of them" % len(keys[0])
            entry[2] = entry[2] or ("%s and %s" % keys if what == "case" else lengths)

    for at, (what, *texts) in enumerate(pairs()):
        keys = tuple(operations.key(text) for text in texts)
        side.together([lambda what=what, keys=keys, at=at: one(what, keys, FIRST + 2 * at)], _PATIENCE_S)
    for what, (tried, wrong, example) in seen.items():
        why = "" if tried else "none of these keys could be set and read"
        told.say("tried", what=what, tried=tried, wrong=wrong, why=why, example=example)
