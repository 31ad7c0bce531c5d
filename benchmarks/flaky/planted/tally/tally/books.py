"""Books that remember: numbers given out, users, files, hooks."""

import functools
import itertools
import os
import tempfile
from pathlib import Path

USERS = []
FOLDER = Path(tempfile.mkdtemp(prefix="tally-"))
_serial = itertools.count(1)
RATES = {"EUR": 1.0}


def register(name):
    if name in USERS:
        raise ValueError(f"{name} is taken")
    USERS.append(name)
    return len(USERS)


def next_number():
    return f"R{next(_serial):04d}"


class Ledger:
    opened = 0

    def __init__(self):
        type(self).opened += 1


def new_book(name):
    with open(FOLDER / name, "x") as out:
        out.write("opened\n")
    return FOLDER / name


@functools.lru_cache(maxsize=None)
def convert(amount, currency):
    return amount * RATES[currency]


def collect(line, into=[]):
    into.append(line)
    return into


def first_run():
    """True until the marker is set."""
    if os.environ.get("TALLY_SEEN"):
        return False
    os.environ["TALLY_SEEN"] = "1"
    return True
