"""When users of a closed model come back. PYTEST_DONT_REWRITE."""

import itertools
import random
import time

_now = time.monotonic_ns
_LONGEST_S = 0.1  # of one wait: then it is looked whether the end has come


class Turns:
    """Until ``until_ns``, and ``most`` times in all (None: no bound). ``think_ns``: between which a think time is drawn
    evenly; ``gap_ns``: between two beginnings of one user, at least.
    """

    def __init__(self, until_ns, most, think_ns, gap_ns, seed):
        self._until_ns = until_ns
        self._numbers = itertools.repeat(0) if most is None else iter(range(most))
        self._think_ns = tuple(think_ns)
        self._gap_ns = gap_ns
        self._seed = seed

    def user(self, number):
        """Yield seconds to wait; 0: it is the user's turn, and it asks again once it was answered."""
        least, most = self._think_ns
        longest = max(most, self._gap_ns)
        source = random.Random("think:%s:%d" % (self._seed, number))  # noqa: S311 - think times, no secret
        next_ns = _now() + (source.randint(0, longest) if longest else 0)  # not all at once
        while True:
            now = _now()
            if now >= self._until_ns:
                return
            if next_ns > now:
                yield min((min(next_ns, self._until_ns) - now) / 1e9, _LONGEST_S)
                continue
            if next(self._numbers, None) is None:  # one generator of C for all threads: each number is given once
                return
            yield 0
            think = least if least == most else source.randint(least, most)
            next_ns = max(_now() + think, now + self._gap_ns)
