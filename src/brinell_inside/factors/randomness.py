"""Seeds: of the generators that tests use openly, and of what the system's entropy gives. PYTEST_DONT_REWRITE."""

import contextlib
import importlib
import operator
import os
import random
import sys

from brinell_inside.serve import worker


def rng(seed, config=None):
    """Seed ``random`` and, where loaded, numpy's global state; pytest-randomly reseeds with it before each test.

    What the project's own code seeded before its tests is the same in every run, and stays: ValueError if that is all.
    """
    if hasattr(getattr(config, "option", None), "randomly_seed"):
        config.option.randomly_seed = seed
        random.seed(seed)
        _seed_numpy(seed)
        return
    seeded = worker.seeded_before()
    if not seeded:
        random.seed(seed)
    if not _seed_numpy(seed) and seeded:
        raise ValueError("the project seeds its random numbers itself before its tests run")


def _seed_numpy(seed):
    """Whether there is such a state and nobody had seeded it."""
    if "numpy" not in sys.modules:
        return False
    with contextlib.suppress(Exception):  # numpy 2 imports it when it is first asked for, which may be in a test
        importlib.import_module("numpy.random")
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is None or not worker.numpy_is_unseeded(numpy_random):
        return False
    numpy_random.seed(seed % 2**32)
    return True


class _Stream:
    """Bytes as ``os.urandom`` gives them, the same for the same seed; a forked child goes on with its own."""

    def __init__(self, seed):
        self.forks = 0
        self.seed = seed
        self._source = random.Random(seed)  # noqa: S311 - not for secrets
        os.register_at_fork(after_in_parent=self._count, after_in_child=self._branch)

    def _count(self):
        self.forks += 1

    def _branch(self):
        self._count()
        self._source.seed("%s/%s" % (self.seed, self.forks))
        self.seed, self.forks = "%s/%s" % (self.seed, self.forks), 0

    def urandom(self, size, /):
        size = operator.index(size)
        if size < 0:
            raise ValueError("negative argument not allowed")
        return self._source.getrandbits(8 * size).to_bytes(size, "little") if size else b""

    def getrandom(self, size, flags=0):
        operator.index(flags)
        return self.urandom(size)


def entropy(seed):
    """Make os.urandom, uuid4, secrets, SystemRandom and ``Random()`` without a seed repeatable.

    Names imported from those modules before are followed. Not reached: OpenSSL, and C code that asks the kernel.
    """
    stream = _Stream(seed)
    replaced = {os.urandom: stream.urandom}
    if hasattr(os, "getrandom"):
        replaced[os.getrandom] = stream.getrandom
    builtin = type(os.urandom)  # hashable, as other values may not be
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if isinstance(names, dict):
            for name, value in list(names.items()):
                if type(value) is builtin and value in replaced:
                    names[name] = replaced[value]
    seed_as_asked = random.Random.seed

    def seed_repeatably(self, a=None, *args, **kwargs):
        if a is None and not isinstance(self, random.SystemRandom):
            a = int.from_bytes(stream.urandom(16), "little")
        return seed_as_asked(self, a, *args, **kwargs)

    random.Random.seed = seed_repeatably
    random.seed = random._inst.seed  # noqa: SLF001 - bound to the former one otherwise
    _seed_numpy(seed)
