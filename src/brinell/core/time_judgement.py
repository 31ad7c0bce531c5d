"""Parts of ``judgement.suite`` on time: where it goes, and whether the suite got slower. Seconds are wall seconds
unless a name says ``cpu``.
"""

from __future__ import annotations

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of these parts."""


class SuiteTime(_Part, frozen=True, kw_only=True):
    """Where the wall seconds of one whole run went (the median one of several). The parts add up to ``wall_s``.

    ``rest_s`` is pytest's and its plug-ins' own: ``start_s`` until collection, ``between_s`` between tests, ``end_s``
    after the last, ``setup_s`` what set-up phases took beside fixtures. ``unexplained_s`` is what the process was not
    there to see: the interpreter's start and end. ``cpu`` has processor seconds of the same parts, but those of the
    unexplained.
    ``starved_s``, of the whole: the tests could have run and had no processor, because others used it; None where this
    host does not tell.
    """

    wall_s: float
    import_s: float
    collection_s: float
    fixtures_s: float
    call_s: float
    teardown_s: float
    rest_s: float
    unexplained_s: float
    start_s: float
    setup_s: float
    between_s: float
    end_s: float
    cpu_s: float
    children_cpu_s: float
    starved_s: float | None
    cpu: dict[str, float]


class FixtureCost(_Part, frozen=True, kw_only=True):
    """A fixture: seconds of all its set-ups and teardowns, without those of fixtures it asks for."""

    name: str
    scope: str
    file: str
    line: int
    uses: int
    seconds: float
    setup_s: float
    teardown_s: float
    cpu_s: float
    advice: str = ""


class ImportCost(_Part, frozen=True, kw_only=True):
    """A module of the project, or another top-level package: with all that it imported, and without."""

    module: str
    file: str
    seconds: float
    exclusive_s: float
    by: str
    project: bool
    at_start: bool
    advice: str = ""


class Effect(_Part, frozen=True, kw_only=True):
    """A difference of two sides with its interval, new minus old or new divided by old. An end that so few pairs do not
    have is None.
    """

    estimate: float
    low: float | None
    high: float | None


class Carrier(_Part, frozen=True, kw_only=True):
    """A part of the suite that carries some of a difference. ``kind``: fixture, test, import or phase."""

    kind: str
    name: str
    file: str
    seconds: Effect
    cpu_seconds: Effect
    share: float  # of the whole difference


class Against(_Part, frozen=True, kw_only=True):
    """The suite of this tree against that of another one, in pairs of runs. ``answer``: regressed, not regressed or
    cannot tell. Ratios are new divided by old; ``smallest_detectable`` is the ratio that so many pairs of this noise
    find in four cases of five. ``same_code`` compares runs of the same side with one another: what there is when
    nothing is.
    """

    old: str
    new: str
    answer: str
    why: str
    pairs: int
    more_pairs: int | None  # that would settle it, as far as can be told; None: not known, or none are needed
    measure: str  # which time decided: free (wall without waiting for a processor) or wall
    old_seconds: float | None
    time: Effect | None
    wall: Effect | None
    cpu: Effect | None
    same_code: Effect | None
    smallest_detectable: float | None
    limit: float | None  # the ratio beyond which it is a regression
    confidence: float
    carriers: tuple[Carrier, ...] = ()
    explained: float | None = None  # share of the difference that the carriers have together
    common_tests: int = 0
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()  # ended differently on the two sides, or not always the same
    reason: str = ""  # of cannot tell, as in findings
    notes: tuple[str, ...] = ()
