"""Where to look: product functions of the failing tracebacks, the deepest first. From tracebacks alone: where a test
only saw a wrong result, there is no product frame, and no suspect is named.
"""

from __future__ import annotations

from collections import defaultdict

from brinell.core.judgement import Suspect
from brinell.core.redact import plain
from brinell.triage.group import Group
from brinell.triage.ownership import Layout
from brinell.triage.reading import function_of

MOST = 5
MOST_LINES = 5


def suspects_of(group: Group, layout: Layout) -> tuple[Suspect, ...]:
    """Return at most five functions. The score is the mean, over the failures whose traceback shows product code, of
    1 / (1 + product functions deeper than it): 1.0 raised in all of them. ``tied`` counts the others of equal score.
    """
    scores: dict[tuple[str, str], float] = defaultdict(float)
    lines: dict[tuple[str, str], set[int]] = defaultdict(set)
    telling = [reading for reading in group.readings if reading.raised is not None and reading.product is not None]
    for reading in telling:
        frames = reading.raised.frames if reading.raised is not None else ()
        seen: set[tuple[str, str]] = set()
        for frame in reversed(frames):
            place = layout.of(frame)
            if not place.is_product:
                continue
            where = (place.path, function_of(frame))
            lines[where].add(frame.line)
            if where not in seen:
                scores[where] += 1 / (1 + len(seen))
                seen.add(where)
    total = max(1, len(telling))
    ranked = sorted(scores, key=lambda where: (-scores[where], where))
    shares = {where: round(scores[where] / total, 4) for where in ranked}
    return tuple(
        Suspect(
            file=plain(file),
            function=plain(function),
            lines=tuple(sorted(lines[file, function])[:MOST_LINES]),
            score=shares[file, function],
            tied=sum(share == shares[file, function] for share in shares.values()) - 1,
        )
        for file, function in ranked[:MOST]
    )
