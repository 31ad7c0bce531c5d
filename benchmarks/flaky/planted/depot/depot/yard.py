"""A tram depot: trams, gates, boards."""

import functools
import logging
import os
import time

TRAMS = {}
OPEN_HOURS = (5, 23)
log = logging.getLogger("depot")


def arrive(number, line):
    TRAMS[number] = line


def leave_all():
    TRAMS.clear()


@functools.lru_cache(maxsize=None)
def board(line):
    return sorted(number for number, where in TRAMS.items() if where == line)


class Gate:
    state = "closed"

    def open(self):
        Gate.state = "open"

    def close(self):
        Gate.state = "closed"


def season():
    return os.environ.get("DEPOT_SEASON", "summer")


def tick():
    return time.perf_counter


def level():
    return log.getEffectiveLevel()
