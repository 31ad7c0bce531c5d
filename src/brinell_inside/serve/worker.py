"""What a child is for tests and plug-ins that know pytest-xdist: one of its workers. PYTEST_DONT_REWRITE."""

import os
import random
import sys
from contextlib import suppress

_NUMPY_AT_START = 0x80000000  # first word of its key when the system's entropy seeded it and not a number
_NUMPY_UNUSED = 623  # position in the key before the first draw
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
    if numpy_random is not None:
        with suppress(Exception):  # another generator in its place
            _, key, position = numpy_random.get_state()[:3]
            if key[0] == _NUMPY_AT_START and position >= _NUMPY_UNUSED:
                numpy_random.seed()
