"""``[suite] quality``, ``quality_ignore`` and ``coverage``: whether the suite is read for what it fails to check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brinell.config.problems import Unfit
from brinell.core.errors import UsageError, nearest
from brinell.core.plan import QualitySpec, Step, SuiteSpec
from brinell.core.quality_records import KINDS

QUALITY = "quality"
KEYS = {"quality": "wanted", "quality_ignore": "ignore", "coverage": "coverage"}  # of [suite] -> of the settings


def ignored(rules: list[str]) -> tuple[str, ...]:
    """Return rules of ``quality_ignore``: a kind, a path's glob, or ``glob:kind``. ``Unfit`` for another kind."""
    for rule in rules:
        pattern, colon, kind = rule.rpartition(":")
        is_path = not colon and (set("/*?[.") & set(rule))
        if is_path or kind in KINDS:
            continue
        close = nearest(kind, list(KINDS))
        choices = (f"{pattern}{colon}{close}",) if close else ()
        raise Unfit(f"there is no kind '{kind}'; there are {', '.join(KINDS)}", choices)
    return tuple(rules)


def percent(value: float) -> float:
    """Return a coverage target. ``Unfit`` outside of 0 to 100."""
    if not 0 <= value <= 100:
        raise Unfit("a share of lines is a number from 0 to 100")
    return float(value)


def quality_step(
    suite: SuiteSpec, settings: Mapping[str, Any], *, wanted: bool | None = None, coverage: float | None = None
) -> Step | None:
    """Return the step that reads the suite, or None where it is not wanted; a recording's suite is not here to read."""
    if coverage is not None and suite.recording is not None:
        raise UsageError("--coverage runs tests, and --from only reads a recording", hint="leave one of them away")
    if coverage is not None and wanted is False:
        raise UsageError("--coverage is part of the suite's quality", hint="leave --no-quality away")
    given = settings.get("wanted", True) if wanted is None else wanted
    if not (given or coverage is not None) or suite.recording is not None:
        return None
    spec = QualitySpec(
        directory=suite.directory,
        python=suite.python,
        paths=suite.paths,
        args=suite.args,
        ignore=settings.get("ignore", ()),
        coverage=settings.get("coverage") if coverage is None else coverage,
        timeout_s=suite.timeout_s,
    )
    return Step(QUALITY, QUALITY, spec)
