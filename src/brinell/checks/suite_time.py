"""Where the suite's time went, for ``judgement.suite``: parts that add up, dear fixtures and imports, and advice where
their own numbers give it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median_low

from brinell.checks.suite_facts import Session
from brinell.core.time_judgement import FixtureCost, ImportCost, SuiteTime
from brinell.core.time_records import FixtureTime, ImportTime

MOST = 20
_LEAST_SHARE = 0.02  # of the suite's time: below, advice on a fixture or import is not worth reading
_LEAST_S = 0.2
_REST = ("start", "setup", "between", "end")
_WAITS = 0.2  # processor seconds by wall seconds: below, it waits more than it works
_XUNIT = re.compile(r"_?xunit_(setup_\w+?)_fixture_?(.*)")
_UNITTEST = re.compile(r"_?unittest_(setUpClass|setup_method|setup_class)_fixture_?(.*)")


def timed(sessions: Sequence[Session]) -> Session | None:
    """Return the session that stands for all: of those that ended and were timed, the one with the median time."""
    found = {one.ended.seconds: one for one in sessions if one.complete and one.ended and one.time is not None}
    return found[median_low(found)] if found else None


def suite_time(session: Session) -> SuiteTime | None:
    """Return where the time of ``session`` went; None if its process did not tell."""
    time, ended = session.time, session.ended
    if time is None or ended is None:
        return None
    named = {name: getattr(time, f"{name}_s") for name in ("import", "collection", "fixtures", "call", "teardown")}
    rest = {name: getattr(time, f"{name}_s") for name in _REST}
    parts = {name: round(value, 6) for name, value in {**named, **rest}.items()}
    return SuiteTime(
        wall_s=round(ended.seconds, 6),
        rest_s=round(sum(rest.values()), 6),
        unexplained_s=round(ended.seconds - sum(named.values()) - sum(rest.values()), 6),
        cpu_s=time.cpu_s,
        children_cpu_s=time.children_cpu_s,
        starved_s=time.starved_s,
        cpu=time.cpu,
        **{f"{name}_s": value for name, value in parts.items()},
    )


def fixtures(session: Session) -> tuple[FixtureCost, ...]:
    """Return the dearest fixtures of ``session``."""
    wall_s = session.ended.seconds if session.ended else 0.0
    return tuple(
        FixtureCost(
            name=spoken(one.name),
            scope=one.scope,
            file=one.file,
            line=one.line,
            uses=one.uses,
            seconds=one.seconds,
            setup_s=one.setup_s,
            teardown_s=one.teardown_s,
            cpu_s=one.cpu_s,
            advice=_fixture_advice(one, wall_s),
        )
        for one in sorted(session.fixtures, key=lambda one: -one.seconds)[:MOST]
    )


def spoken(name: str) -> str:
    """Return a fixture's name as its author would say it: pytest makes fixtures of ``setup_module`` and its like."""
    for pattern in (_XUNIT, _UNITTEST):
        found = pattern.fullmatch(name)
        if found:
            return f"{found[1]} of {found[2]}" if found[2] else found[1]
    return name


def _fixture_advice(one: FixtureTime, wall_s: float) -> str:
    """What the numbers alone suggest; only of fixtures that the project can change."""
    if foreign(one.file) or one.seconds < max(_LEAST_S, _LEAST_SHARE * wall_s):
        return ""
    each_s = one.seconds / max(1, one.uses)
    waits = ", most of it waiting" if one.cpu_s < _WAITS * one.seconds else ""
    if one.scope in ("function", "class") and one.uses > 1:
        saved_s = one.seconds - each_s
        return (
            f"set up {one.uses:,} times, {_s(each_s)} each{waits}: with a wider scope (module, session) about "
            f"{_s(saved_s)} are saved, if no test changes what it gives"
        )
    return f"{_s(each_s)} each time{waits}: see what it does"


def imports(session: Session) -> tuple[ImportCost, ...]:
    """Return the dearest imports of ``session``: by what they took with all that they imported in turn."""
    wall_s = session.ended.seconds if session.ended else 0.0
    worth = sorted(session.imports, key=lambda one: -max(one.exclusive_s, 0.5 * one.seconds))[:MOST]
    return tuple(
        ImportCost(
            module=one.module,
            file=one.file,
            seconds=one.seconds,
            exclusive_s=one.exclusive_s,
            by=one.by,
            project=one.project,
            at_start=one.at_start,
            advice=_import_advice(one, wall_s),
        )
        for one in worth
    )


def _import_advice(one: ImportTime, wall_s: float) -> str:
    """A package of others that a module of the project imports can be imported later; our own can be made cheaper."""
    spent_s = one.exclusive_s if one.project else one.seconds
    if one.at_start or spent_s < max(_LEAST_S, _LEAST_SHARE * wall_s):
        return ""
    if one.project:
        return f"{_s(spent_s)} of its own when it is imported: do that work when it is first needed"
    return f"{_s(spent_s)}; imported first by {one.by}: import it where it is needed" if one.by else ""


def foreign(path: str) -> bool:
    """Whether a file is not the project's: installed packages, and pytest's own."""
    return not path or "site-packages" in path or "dist-packages" in path


def _s(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s" if seconds < 100 else f"{seconds:,.0f} s"
