"""How often does a hit rate's interval hold the true rate? Simulated caches of known truth, 10,000 by default.

- *coins*: hits are independent;
- *runs*: a chain keeps its state with a chance of 0.5, 0.9 or 0.98, else draws it anew: hits and misses in runs, up to
  fifty long;
- *lru*: a cache that drops the least recently used under the keys of Zipf, begun as it is after a long time; its true
  rate is that of 2,000,000 gets of the same.

    python benchmarks/cache/coverage.py [--cases 10000] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from brinell.core.hit_rate import BATCH, hit_rate
from brinell.core.key_choice import KeyChoice, recent

RATES = (0.5, 0.9, 0.97)
KEEPS = (0.0, 0.5, 0.9, 0.98)
GETS = (1000, 5000, 20_000)
LONG = 2_000_000
KEYS, CAPACITY = 2000, 200
WANTED = 0.93
Bits = npt.NDArray[np.bool_]


def main() -> int:
    """Print the coverage of every kind; exit 1 where the whole falls short of what is wanted."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    source = np.random.default_rng(given.seed)
    kinds = [(rate, keep, gets) for rate in RATES for keep in KEEPS for gets in GETS]
    each = max(1, round(given.cases * 0.9 / len(kinds)))
    held = cases = 0
    for rate, keep, gets in kinds:
        found = [_holds(one, rate) for one in _chains(source, rate, keep, gets, each)]
        held, cases = held + sum(found), cases + each
        name = f"runs {keep:g}" if keep else "coins"
        sys.stdout.write(f"{name:10} rate {rate:<5g} {gets:>6} gets: {sum(found) / each:.3f} of {each}\n")
    several = max(3, round(given.cases * 0.1 / 3))
    truth = float(_lru(LONG, given.seed).mean())
    for gets in GETS:
        found = [_holds(_lru(gets, given.seed + 1 + number), truth) for number in range(several)]
        held, cases = held + sum(found), cases + several
        sys.stdout.write(f"{'lru':10} rate {truth:<5.3f} {gets:>6} gets: {sum(found) / several:.3f} of {several}\n")
    sys.stdout.write(f"all: {held / cases:.4f} of {cases}\n")
    return 0 if held / cases >= WANTED else 1


def _holds(hits: Bits, truth: float) -> bool:
    found = hit_rate(hits.reshape(-1, BATCH).sum(axis=1).tolist())
    return found is not None and found.low <= truth <= found.high


def _chains(source: np.random.Generator, rate: float, keep: float, gets: int, count: int) -> Bits:
    """Return ``count`` chains, a row each."""
    found = np.empty((gets, count), dtype=np.bool_)
    found[0] = source.random(count) < rate
    for index in range(1, gets):
        drawn = source.random(count) < rate
        found[index] = np.where(source.random(count) < keep, found[index - 1], drawn)
    return np.ascontiguousarray(found.T)


def _lru(gets: int, seed: int) -> Bits:
    choice = KeyChoice(keys=KEYS, seed=seed)
    held = OrderedDict.fromkeys(recent(choice, CAPACITY).tolist())
    found = np.zeros(gets, dtype=np.bool_)
    for index, key in enumerate(choice.chosen(np.arange(gets, dtype=np.int64)).tolist()):
        if key in held:
            found[index] = True
            held.move_to_end(key)
            continue
        held[key] = None
        if len(held) > CAPACITY:
            held.popitem(last=False)
    return found


if __name__ == "__main__":
    sys.exit(main())
