"""What a child is for tests and plug-ins that know pytest-xdist: one of its workers. PYTEST_DONT_REWRITE."""

import os
import random

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
    if _at_start is not None and random.getstate() == _at_start:
        random.seed()  # nobody seeded it: two workers must not draw the same "unique" names
