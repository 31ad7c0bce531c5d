"""The kinds that are found by reading, each with what finds it. ``deprecation``, ``xpassed`` and ``slow-fixture`` are
not here: a run shows them, and the judge reads its records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.kinds.asserts_nothing import asserts_nothing
from brinell.suite.quality.kinds.broad_except import broad_except
from brinell.suite.quality.kinds.cannot_fail import cannot_fail
from brinell.suite.quality.kinds.empty_loop import empty_loop
from brinell.suite.quality.kinds.missing_dependency import missing_dependency
from brinell.suite.quality.kinds.no_reason import no_reason
from brinell.suite.quality.kinds.not_collected import not_collected
from brinell.suite.quality.kinds.shadowed import shadowed
from brinell.suite.quality.kinds.sleeps import sleeps
from brinell.suite.quality.kinds.unknown_option import unknown_option
from brinell.suite.quality.scan import Scan

FINDERS: dict[str, Callable[[Scan], Iterator[Weakness]]] = {
    "asserts-nothing": asserts_nothing,
    "cannot-fail": cannot_fail,
    "empty-loop": empty_loop,
    "not-collected": not_collected,
    "shadowed": shadowed,
    "broad-except": broad_except,
    "sleep": sleeps,
    "no-reason": no_reason,
    "unknown-option": unknown_option,
    "missing-dependency": missing_dependency,
}

LINTERS: dict[str, tuple[str, ...]] = {
    "cannot-fail": ("PLR0124", "B015", "B011", "PT015", "PT012", "PT017", "F631", "PGH005", "B018", "PLR0133"),
    "shadowed": ("F811",),
    "broad-except": ("BLE001", "E722", "S110", "S112", "B001", "SIM105", "W0703", "PT"),
    "missing-dependency": ("DEP001", "DEP003", "DEP004"),
    "sleep": ("ASYNC251",),
}
"""Codes of ruff, flake8 and others that mean the same: a ``# noqa`` with one of them exempts its line here, too."""
