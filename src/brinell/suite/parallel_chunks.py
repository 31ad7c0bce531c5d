"""The suite cut into pieces for workers that help themselves: whole modules, the longest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def cut(tests: Sequence[str], durations: Mapping[str, float], workers: int) -> list[list[int]]:
    """Return the numbers of ``tests`` (node ids in default order), piece by piece, in the order to hand them out.

    A test without a recorded duration weighs the mean of the others. Pieces of less than a hundredth of a worker's
    share are joined to their neighbours.
    """
    known = [durations[test] for test in tests if test in durations]
    mean = sum(known) / len(known) if known else 1.0
    weights = [durations.get(test, mean) for test in tests]
    least = sum(weights) / max(1, workers) / 100
    pieces: list[tuple[float, list[int]]] = []
    file = ""
    for number, test in enumerate(tests):
        if test.split("::", 1)[0] != file and (not pieces or pieces[-1][0] >= least or not file):
            pieces.append((0.0, []))
        file = test.split("::", 1)[0]
        weight, piece = pieces[-1]
        piece.append(number)
        pieces[-1] = (weight + weights[number], piece)
    return [piece for _, piece in sorted(pieces, key=lambda one: -one[0])]
