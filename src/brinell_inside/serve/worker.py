"""What a child is for tests and plug-ins that know pytest-xdist: one of its workers. PYTEST_DONT_REWRITE."""

import os
import random
import sys
from contextlib import suppress

_NUMPY_AT_START = 0x80000000  # first word of its key when the system's entropy seeded it and not a number
_NUMPY_UNUSED = 623  # position in the key before the first draw
_BLOCK = 624  # words of the key of a Mersenne twister: after so many it has another one
_BLOCKS = 16  # of numbers that may have been drawn while modules were imported
_at_start = None  # the state of ``random`` before the project's code ran


def remember_random():
    """Called before any conftest is loaded."""
    global _at_start  # noqa: PLW0603 - there is one generator, and one start
    _at_start = random.getstate()


def be_worker(config, name, count):
    """Suites that give each xdist worker its own database or port do the same here."""
    os.environ["PYTEST_XDIST_WORKER"] = name
    os.environ["PYTEST_XDIST_WORKER_COUNT"] = str(count)
    config.workerinput = {"workerid": name, "workercount": count, "testrunuid": "brinell", "mainargv": []}
    config.workeroutput = {}
    draw_anew()  # two workers must not draw the same "unique" names


def draw_anew():
    """Generators that nobody has seeded start elsewhere than in the other children, as in a process of its own."""
    if _at_start is not None and random.getstate() == _at_start:
        random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None and numpy_is_unseeded(numpy_random):
        with suppress(Exception):  # another generator in its place
            numpy_random.seed()


def seeded_before():
    """Whether the project's code has seeded ``random``; not where it only drew from it. False if nothing is known."""
    now = random.getstate()
    if _at_start is None or now == _at_start:
        return False
    drawn = random.Random()  # noqa: S311 - not for secrets
    drawn.setstate(_at_start)
    for _ in range(_BLOCKS):
        if drawn.getstate()[1][:-1] == now[1][:-1]:  # the key, without the position in it
            return False
        drawn.getrandbits(32 * _BLOCK)
    return True


def seeded_state():
    """The state of ``random``, None where nobody has seeded it."""
    return random.getstate() if seeded_before() else None


def go_on_with(state):
    """In a child: what was seeded stays as in every other process; else this child's own start counts."""
    if state is not None:
        random.setstate(state)
    elif _at_start is not None:
        remember_random()


def numpy_is_unseeded(numpy_random):
    """Whether the system seeded numpy's global state, nobody else did, and nobody has drawn from it."""
    try:
        _, key, position = numpy_random.get_state()[:3]
    except Exception:  # noqa: BLE001 - another generator in its place
        return False
    return bool(key[0] == _NUMPY_AT_START and position >= _NUMPY_UNUSED)
