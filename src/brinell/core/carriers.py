"""Which part of a suite carries a difference of its time: the paired difference of each part, with its interval.

The parts do not overlap (a test's time is without its fixtures', a fixture's without those it asks for), so that what
they carry may be added up. Only parts whose estimate is a tenth of the whole difference or more are looked at; the
error of 5 % is divided among them. A part carries if its wall or its processor time grew beyond chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from brinell.core.against_records import PartName
from brinell.core.paired import Shift, shift
from brinell.core.time_judgement import Carrier, Effect

LEAST_SHARE = 0.1
_MOST = 10
_ALPHA = 0.05
_NEARLY_ALL = 0.5  # explained by single parts; where it is less, whole groups of tests are looked at
Parts = Mapping[PartName, tuple[float, float]]
"""Wall and processor seconds of every part of one run."""


def carriers(old: Sequence[Parts], new: Sequence[Parts], whole_s: float) -> tuple[Carrier, ...]:
    """Return the parts that carry ``whole_s``, new minus old, of pairs ``old[i]``, ``new[i]``; the largest first."""
    if not old or whole_s == 0:
        return ()
    names = sorted({name for run in (*old, *new) for name in run}, key=_order)
    differences = _differences(old, new, names)
    found = _carrying(names, differences, whole_s)
    if sum(one.share for one in found) < _NEARLY_ALL:
        groups = _groups(names)
        summed = np.stack([differences[:, members].sum(axis=1) for members in groups.values()], axis=1)
        found += _carrying(list(groups), summed, whole_s)
    return tuple(found)


def explained(found: Sequence[Carrier]) -> float | None:
    """Return the share of the difference that single parts have together, or, without any, the largest group's."""
    single = [one.share for one in found if not (one.kind == "phase" and one.name.startswith("tests"))]
    return round(sum(single), 4) if single else max((one.share for one in found), default=None)


def _order(name: PartName) -> tuple[str, str, str]:
    return name.kind, name.name, name.file


def _differences(old: Sequence[Parts], new: Sequence[Parts], names: Sequence[PartName]) -> np.ndarray:
    """New minus old: pairs by parts by (wall, processor). A part that a run does not have took no time there."""
    index = {name: number for number, name in enumerate(names)}
    found = np.zeros((len(old), len(names), 2))
    for sign, side in ((-1, old), (1, new)):
        for pair, run in enumerate(side):
            for name, seconds in run.items():
                found[pair, index[name]] += sign * np.asarray(seconds)
    return found


def _carrying(names: Sequence[PartName], differences: np.ndarray, whole_s: float) -> list[Carrier]:
    typical = np.median(differences, axis=0)
    largest = np.max(np.abs(typical), axis=1)
    candidates = [i for i in np.argsort(-largest)[:_MOST] if largest[i] >= LEAST_SHARE * abs(whole_s)]
    found = []
    for i in candidates:
        wall, cpu = (shift(differences[:, i, clock].tolist(), _ALPHA / len(candidates)) for clock in (0, 1))
        share = wall.estimate / whole_s
        if share >= LEAST_SHARE and (_same_way(wall, whole_s) or _same_way(cpu, whole_s)):
            name = names[i]
            found.append(
                Carrier(
                    kind=name.kind,
                    name=name.name,
                    file=name.file,
                    seconds=_effect(wall),
                    cpu_seconds=_effect(cpu),
                    share=round(share, 4),
                )
            )
    return sorted(found, key=lambda one: -one.share)


def _same_way(one: Shift, whole_s: float) -> bool:
    return one.low > 0 if whole_s > 0 else one.high < 0


def _groups(names: Sequence[PartName]) -> dict[PartName, list[int]]:
    """Tests by file, and all of them."""
    groups: dict[PartName, list[int]] = {}
    for number, name in enumerate(names):
        if name.kind == "test":
            file = name.name.split("::")[0]
            groups.setdefault(PartName("phase", f"tests of {file}", file), []).append(number)
            groups.setdefault(PartName("phase", "tests, all together"), []).append(number)
    return groups or {PartName("phase", "tests, all together"): []}


def _effect(one: Shift) -> Effect:
    return Effect(estimate=round(one.estimate, 6), low=_finite(one.low), high=_finite(one.high))


def _finite(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None
