"""Records to weaknesses: what was read, with its words; what the run itself showed (warnings, passes, fixtures)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from brinell.checks.deprecations import cause_of, is_deprecation
from brinell.checks.quality_words import WORDS, Words
from brinell.core.evidence import Evidence, observation_id, steps_of
from brinell.core.observation import SeenTest, SuiteEnded, WarningSeen
from brinell.core.quality_judgement import QualityItem
from brinell.core.quality_records import CoverageTarget, ModuleCoverage, QualityRead, Weakness
from brinell.core.time_records import FixtureTime, SessionTime
from brinell.core.verdicts import Severity

LONG_SLEEP_S = 1.0
SLOW_FIXTURE_S = 1.0
SLOW_FIXTURE_SHARE = 0.05  # of the session
_MOST_PLACES = 20
_NAMED_TEST = re.compile(r"^Test: ([\w./-]+\.py::[\w:]+)", re.MULTILINE)  # pytest's own, of what it collects


@dataclass(slots=True)
class Items:
    """All weaknesses of a run. ``evidence`` are observation ids by kind; ``read`` is None where reading did not end."""

    found: list[QualityItem] = field(default_factory=list)
    evidence: dict[str, tuple[str, ...]] = field(default_factory=lambda: defaultdict(tuple))
    read: QualityRead | None = None
    coverage: CoverageTarget | None = None


@dataclass(slots=True)
class _Deprecation:
    name: str
    fix: str
    places: list[tuple[str, int]] = field(default_factory=list)
    tests: set[str] = field(default_factory=set)
    touched: int = 0  # by the one warning that touches most, of which not all are named
    message: str = ""


def read_items(evidence: Evidence) -> Items:
    """Read the quality steps and what the suite step that they go with recorded."""
    items = Items()
    mine = {step.id for step in steps_of(evidence, "quality")}
    modules: list[ModuleCoverage] = []
    for envelope in evidence.envelopes(Weakness, QualityRead, ModuleCoverage, CoverageTarget):
        if envelope.source not in mine:
            continue
        match envelope.data:
            case Weakness() as weakness:
                items.found.append(_item(weakness))
                _cite(items, weakness.weakness, observation_id(envelope))
            case QualityRead() as read:
                items.read = read
                _cite(items, "read", observation_id(envelope))
            case ModuleCoverage() as module:
                modules.append(module)
            case CoverageTarget() as target:
                items.coverage = target
    if items.coverage is not None:
        items.found += _gaps(modules, items.coverage.target)
    _from_the_run(evidence, items)
    return items


def _cite(items: Items, kind: str, observation: str) -> None:
    if len(items.evidence[kind]) < _MOST_PLACES:
        items.evidence[kind] = (*items.evidence[kind], observation)


def _item(weakness: Weakness) -> QualityItem:
    detail, *more = weakness.detail.split("\n")
    variant = weakness.variant
    if weakness.weakness == "unknown-option" and detail:
        if variant == "pytest":
            variant, detail = (
                ("plugin", detail.removeprefix("plugin ")) if detail.startswith("plugin ") else ("nearest", detail)
            )
        elif variant in {"mark", "coverage"}:
            variant = f"{variant}-nearest"
    if weakness.weakness == "sleep" and variant not in {"polls", "first"}:
        variant = "long" if (weakness.seconds or 0) >= LONG_SLEEP_S else ""
    words = WORDS.get((weakness.weakness, variant)) or _plain(weakness)
    facts = {
        "name": weakness.name or ("everything" if weakness.weakness == "broad-except" else weakness.file),
        "detail": detail,
        "place": (more or [""])[0],
        "bringer": (more or ["", ""])[-1],
        "seconds": f"{weakness.seconds:g} s" if weakness.seconds else f"for {detail} seconds",
    }
    return QualityItem(
        kind=weakness.weakness,
        file=weakness.file,
        line=weakness.line,
        severity=words.severity,
        title=_fill(words.title, facts),
        fix=_fill(words.fix, facts),
        test=weakness.test or None,
    )


def _plain(weakness: Weakness) -> Words:
    return Words(Severity.P3, weakness.weakness.replace("-", " ") + ": {name}", "")


def _fill(template: str, facts: dict[str, str]) -> str:
    """Put facts in the places of their names; not ``str.format``, for the facts are anybody's text."""
    return re.sub(r"\{(\w+)\}", lambda match: facts.get(match[1], match[0]), template)


def _gaps(modules: Iterable[ModuleCoverage], target: float) -> Iterator[QualityItem]:
    for module in modules:
        share = 100 * module.covered / module.statements if module.statements else 100.0
        if share < target:
            yield QualityItem(
                kind="coverage-gap",
                file=module.file,
                line=module.missing[0] if module.missing else 1,
                severity=Severity.P2,
                title=f"the suite runs {share:.0f} % of its {module.statements:,} lines, target {target:g} %",
                fix="Test what is not run yet; the first lines of it: "
                + ", ".join(map(str, module.missing[:10]))
                + ".",
            )


def _from_the_run(evidence: Evidence, items: Items) -> None:
    """Add what the suite's own run showed; of several repeats, a test or a place counts once."""
    suites = {step.id for step in steps_of(evidence, "suite")[:1]}
    causes: dict[str, _Deprecation] = {}
    passed: dict[str, SeenTest] = {}
    fixtures: list[tuple[FixtureTime, str]] = []
    session_s = 0.0
    for envelope in evidence.envelopes(WarningSeen, SeenTest, FixtureTime, SessionTime, SuiteEnded):
        if envelope.source not in suites:
            continue
        match envelope.data:
            case WarningSeen() as warning if is_deprecation(warning.category, warning.message):
                _add(causes, warning, evidence.plan.root)
                _cite(items, "deprecation", observation_id(envelope))
            case SeenTest(outcome="xpassed") as test:
                passed.setdefault(test.id, test)
                _cite(items, "xpassed", observation_id(envelope))
            case FixtureTime(repeat=0) as fixture:
                fixtures.append((fixture, observation_id(envelope)))
            case SessionTime(repeat=0, seconds=seconds) | SuiteEnded(repeat=0, seconds=seconds):
                session_s = session_s or seconds
    items.found += [_deprecation(cause) for cause in causes.values()]
    items.found += [_passed(test) for test in passed.values()]
    for fixture, observation in fixtures:
        if fixture.seconds >= max(SLOW_FIXTURE_S, SLOW_FIXTURE_SHARE * session_s):
            items.found.append(_slow(fixture))
            _cite(items, "slow-fixture", observation)


def _add(causes: dict[str, _Deprecation], warning: WarningSeen, root: str) -> None:
    key, name, fix = cause_of(warning.category, warning.message)
    cause = causes.setdefault(key, _Deprecation(name, fix, message=warning.message))
    place = (_near(warning.file, root), warning.line)
    if place not in cause.places:
        cause.places.append(place)
    cause.tests.update(one for one in (warning.nodeid, *warning.tests) if one)
    cause.tests.update(_NAMED_TEST.findall(warning.message))
    cause.touched = max(cause.touched, warning.touched)


def _deprecation(cause: _Deprecation) -> QualityItem:
    """Tell one cause; the place that stands for it is the project's own, where one is."""
    places = sorted(cause.places, key=_is_foreign)
    file, line = places[0]
    tests = max(len(cause.tests), cause.touched)
    touched = f"{tests:,} test{'s' if tests != 1 else ''}" if tests else "collection"
    first = (cause.message.strip().splitlines() or [""])[0][:160]
    told = f"{cause.name}: warned of in {touched}" + (f" ({first})" if not first.startswith(cause.name[:60]) else "")
    return QualityItem(
        kind="deprecation",
        file=file or "(unknown)",
        line=max(1, line),
        severity=Severity.P3,
        title=told,
        fix=cause.fix,
        tests=tests,
        touched=tuple(sorted(cause.tests)[:_MOST_PLACES]),
        places=tuple(f"{where}:{number}" for where, number in places[1 : _MOST_PLACES + 1]),
    )


def _is_foreign(place: tuple[str, int]) -> bool:
    return place[0].startswith("/") or "site-packages/" in place[0] or not place[0]


def _near(file: str, root: str) -> str:
    """Return a path relative to the project's root where it is below it; of a library, from its package on."""
    if file.startswith(f"{root}/"):
        return file.removeprefix(f"{root}/")
    _, found, below = file.rpartition("site-packages/")
    return f"site-packages/{below}" if found else file


def _passed(test: SeenTest) -> QualityItem:
    words = WORDS["xpassed", ""]
    return QualityItem(
        kind="xpassed",
        file=str(PurePosixPath(test.path)) if test.path else test.id.partition("::")[0],
        line=max(1, test.line or 1),
        severity=words.severity,
        title=f"{test.id.rpartition('::')[2][:100]} is {words.title}",
        fix=words.fix,
        test=test.id,
    )


def _slow(fixture: FixtureTime) -> QualityItem:
    each = fixture.seconds / fixture.uses if fixture.uses else fixture.seconds
    wider = {"function": "module or session", "class": "module or session", "module": "session", "package": "session"}
    if fixture.uses > 1 and fixture.scope in wider:
        fix = f"Give it scope {wider[fixture.scope]}, if what it gives may be shared; or make one set-up cheaper."
    else:
        fix = "Make its set-up cheaper, or take it only where it is needed."
    return QualityItem(
        kind="slow-fixture",
        file=fixture.file or "(unknown)",
        line=max(1, fixture.line),
        severity=Severity.P2,
        title=f"fixture {fixture.name} takes {fixture.seconds:.1f} s: {fixture.uses:,} times {each:.2g} s, "
        f"scope {fixture.scope}",
        fix=fix,
        tests=fixture.uses,
    )
