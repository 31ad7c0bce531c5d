"""Words and order for tests that cannot be trusted and for state that is left behind: causes first, then their tests.

Sentences hold names between backticks, as ``outline.segments`` splits them; a backtick inside a name becomes a quote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from brinell.core.factor_words import factor_words
from brinell.core.finding import Finding
from brinell.core.judgement import FlakyTest, Judgement, Pollution, Probability
from brinell.core.redact import one_line
from brinell.core.verdicts import Verdict
from brinell.reports.figures import between, percent, plural

TITLE = "Tests that cannot be trusted"
LEFT_TITLE = "State left behind"
WORDS = {
    "victim": "fails after other tests",
    "brittle": "passes only after other tests",
    "self-polluting": "fails when it runs twice",
    "nondeterministic": "fails now and then",
    "stable": "depends on where it runs",
}
_IMPORT = "import-time"  # the cause; polluters and setters are files then
_MOST_NAMED = 3


class Group(NamedTuple):
    """Tests with one reason; ``verdict`` is that of the finding which tells it."""

    title: str
    verdict: Verdict
    tests: list[FlakyTest]


class Rates(NamedTuple):
    """What a test does with a factor changed to ``level`` and without, ``4 of 4 runs``; the command that shows it."""

    factor: str
    level: str
    changed: str
    plain: str
    command: str | None


class Left(NamedTuple):
    """A piece of state, by all that leave it: ``who`` are tests (import and collection is one), ``victims`` tests."""

    state: str
    kind: str
    change: str
    who: list[str]
    victims: list[str]
    proved: bool


def groups(judgement: Judgement) -> list[Group]:
    """Return the reasons in the judge's order, each with its tests: confirmed ones first."""
    tests: dict[str, list[FlakyTest]] = {}
    for one in judgement.flaky:
        tests.setdefault(one.cluster or f"-{one.verdict}", []).append(one)
    known: dict[str, Finding] = {finding.id: finding for finding in judgement.findings}
    places = {identity: place for place, identity in enumerate(known)}
    found = []
    for cluster in sorted(tests, key=lambda name: places.get(name, len(places))):
        members = sorted(tests[cluster], key=lambda one: not one.confirmed)
        finding = known.get(cluster)
        title = finding.title if finding else WORDS.get(members[0].verdict, members[0].verdict)
        found.append(Group(title, finding.verdict if finding else Verdict.UNKNOWN, members))
    return found


def unreliable(judgement: Judgement) -> int:
    """Count the tests that are not stable."""
    return sum(one.verdict != "stable" for one in judgement.flaky)


def words(one: FlakyTest) -> str:
    """Return the verdict as a word with what it means: ``victim: fails after other tests``."""
    name = "stable here" if one.verdict == "stable" else one.verdict
    if one.cause == _IMPORT:
        return f"{name}: {'passes only' if one.verdict == 'brittle' else 'fails'} where other files are collected"
    return f"{name}: {WORDS[one.verdict]}" if one.verdict in WORDS else name


def why(one: FlakyTest) -> str:
    """Say in one sentence why the test cannot be trusted, then, where that is so, that it was not confirmed."""
    shown = _Names([one.test, *one.polluters, *one.setters, *one.cleaners])
    said = (_collected if one.cause == _IMPORT else _SENTENCES.get(one.verdict, _unknown))(one, shown)
    if one.verdict != "stable" and not one.confirmed:
        said += " Not confirmed: no fresh process showed it."
    return said


def share(one: FlakyTest) -> str:
    """Say how often it fails, of which runs: ``Failed in 12 of 40 orders: 30 %, between 16.5 % and 46.6 %``.

    Empty where it is not known, and for a test that does not fail here.
    """
    found = one.failure_probability
    if found is None or one.verdict == "stable":
        return ""
    runs = {"victim": "order", "brittle": "order", "self-polluting": "second run"}.get(one.verdict, "run")
    told = f"Failed in {found.failures:,} of {plural(found.runs, runs)}: {percent(found.estimate)}"
    return f"{told}, {between(found.low, found.high)}"


def rates(one: FlakyTest) -> list[Rates]:
    """Return the factors that matter, the judge's order kept."""
    return [
        Rates(factor_words(name), level(effect.level), _of(effect.with_factor), _of(effect.without), effect.command)
        for name, effect in one.factors.items()
    ]


def left_behind(judgement: Judgement) -> list[Left]:
    """Return the state that tests leave changed, each piece once: what hurts most tests first, latent ones last."""
    found: dict[tuple[str, str], list[Pollution]] = {}
    for one in judgement.pollution:
        found.setdefault((one.state, one.kind), []).append(one)
    rows = [
        Left(
            state,
            kind,
            _change(changes[0]),
            list(dict.fromkeys(change.test or "import and collection" for change in changes)),
            list(dict.fromkeys(victim for change in changes for victim in change.victims)),
            any(change.proved for change in changes),
        )
        for (state, kind), changes in found.items()
    ]
    return sorted(rows, key=lambda row: (not row.victims, -len(row.victims), -len(row.who)))


def hurts(row: Left) -> str:
    """Say whom a piece of state hurts: ``2 tests fail by it, proved``, ``latent: no test was seen to fail by it``."""
    if not row.victims:
        return "latent: no test was seen to fail by it"
    fail = "fails" if len(row.victims) == 1 else "fail"
    return f"{plural(len(row.victims), 'test')} {fail} by it{', proved' if row.proved else ', not proved'}"


def few(names: Sequence[str], most: int = _MOST_NAMED) -> str:
    """Name the first tests in full and count the others."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def level(value: Any) -> str:
    """Return a factor's level as a short text; nothing where it has none."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, dict) and "moment" in value:
        return one_line(f"{value['moment']} ({value.get('at', '?')})", 80)
    if isinstance(value, dict):
        return one_line(", ".join(f"{key} {item}" for key, item in value.items()), 80)
    return one_line(str(value), 80)


class _Names:
    """Tests by their short names; by their ids where two would look alike."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._short: dict[str, str] = {}
        for identity in dict.fromkeys(ids):
            head, bracket, parameters = identity.partition("[")
            self._short[identity] = head.rpartition("::")[2] + bracket + parameters
        values = list(self._short.values())
        self._short = {one: short if values.count(short) == 1 else one for one, short in self._short.items()}

    def of(self, identity: str) -> str:
        return _code(self._short.get(identity, identity))

    def sequence(self, ids: Sequence[str]) -> str:
        names = [self.of(one) for one in ids[:_MOST_NAMED]]
        more = f" and {len(ids) - _MOST_NAMED:,} more" if len(ids) > _MOST_NAMED else ""
        return " and then ".join(names) + more


def _victim(one: FlakyTest, names: _Names) -> str:
    if not one.polluter_sets:
        return f"{names.of(one.test)} passes alone and fails in some orders."
    first = one.polluter_sets[0]
    said = f"{names.of(one.test)} fails only after {names.sequence(first)}{_alternatives(one.polluter_sets)}"
    state = _state(one)
    said += f", which {'leaves' if len(first) == 1 else 'together leave'} {state}." if state else "."
    if one.cleaners:
        heal = "heals" if len(one.cleaners) == 1 else "heal"
        said += f" In between, {', '.join(names.of(test) for test in one.cleaners[:_MOST_NAMED])} {heal} it."
    return said


def _brittle(one: FlakyTest, names: _Names) -> str:
    if not one.setter_sets:
        return f"{names.of(one.test)} fails alone and passes in some orders."
    first = names.sequence(one.setter_sets[0])
    return f"{names.of(one.test)} fails alone and passes only after {first}{_alternatives(one.setter_sets)}."


def _collected(one: FlakyTest, names: _Names) -> str:
    """Say what the mere collection of other files does."""
    sets = one.setter_sets if one.verdict == "brittle" else one.polluter_sets
    alone, turned = ("fails", "passes") if one.verdict == "brittle" else ("passes", "fails")
    said = f"{names.of(one.test)} {alone} where only its own file is collected, and {turned} where "
    if not sets:
        return f"{said}all are."
    files = [_code(file) for file in sets[0][:_MOST_NAMED]]
    more = f" and {len(sets[0]) - _MOST_NAMED:,} more" if len(sets[0]) > _MOST_NAMED else ""
    said += f"{' and '.join(files)}{more} {'is' if len(sets[0]) == 1 else 'are'}, too{_alternatives(sets)}"
    state = _state(one)
    return f"{said}: collecting it leaves {state}." if state else f"{said}."


def _self_polluting(one: FlakyTest, names: _Names) -> str:
    state = _state(one)
    said = f"{names.of(one.test)} passes, and fails when it runs again in the same process"
    return f"{said}: it leaves {state}." if state else f"{said}."


def _nondeterministic(one: FlakyTest, names: _Names) -> str:
    told = rates(one)
    if told:
        return f"{names.of(one.test)} depends on {_factor(told[0])}."
    cause = f"; cause: {_plain(factor_words(one.cause))}" if one.cause else "; the cause was not found"
    return f"{names.of(one.test)} passes and fails under the same conditions{cause}."


def _stable(one: FlakyTest, names: _Names) -> str:
    told = rates(one)
    if not told:
        return f"{names.of(one.test)} depends on the {_plain(factor_words(one.cause or 'environment'))}."
    return f"{names.of(one.test)} passes here, and depends on {_factor(told[0])}."


def _factor(seen: Rates) -> str:
    changed = f"with {seen.level}" if seen.level else "with it changed"
    return _plain(f"the {seen.factor}: {changed}, {seen.changed} failed, otherwise {seen.plain}")


def _unknown(one: FlakyTest, names: _Names) -> str:
    return f"{names.of(one.test)}: {_plain(one.verdict)}."


_SENTENCES = {
    "victim": _victim,
    "brittle": _brittle,
    "self-polluting": _self_polluting,
    "nondeterministic": _nondeterministic,
    "stable": _stable,
}


def _alternatives(sets: Sequence[Sequence[str]]) -> str:
    return f" (or {plural(len(sets) - 1, 'other')})" if len(sets) > 1 else ""


def _state(one: FlakyTest) -> str:
    """Name the state that is left changed: all that was proved to matter, or, said to be unproved, what there is."""
    names = [_code(state.name) for state in one.leaked_state]
    if not names:
        return ""
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    told = ", ".join(names[:_MOST_NAMED]) + more
    proved = all(state.proved for state in one.leaked_state)
    return f"{told} changed" if proved else f"{told} changed (that this is the reason was not proved)"


def _of(found: Probability) -> str:
    return f"{found.failures:,} of {plural(found.runs, 'run')}"


def _change(one: Pollution) -> str:
    return f"{one_line(one.before, 80) or '?'} → {one_line(one.after, 80) or '?'}"


def _code(name: str) -> str:
    return f"`{_plain(name)}`"


def _plain(name: str) -> str:
    return one_line(name, 300).replace("`", "'")
