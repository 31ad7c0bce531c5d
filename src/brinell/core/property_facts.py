"""Records of an examination of property tests, by test: what its second half and its judge start from."""

from __future__ import annotations

from collections.abc import Iterable

from brinell.core.observation import Record
from brinell.core.property_cost import Cost, fit, growth_of, least_young, undisturbed_s, usable, usual_pace_s
from brinell.core.property_plan import Known
from brinell.core.property_records import FITTED, PropertyEnded, PropertyObserved, PropertyRun, PropertyStarted

UNFIT = frozenset({"failed", "xfailed", "limit", "died"})
_LAST = 0.9  # new lines in the last tenth of the examples: more examples may run more


class Facts:
    """What was seen, in order. ``runs`` and ``observed`` by test."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.started: list[PropertyStarted] = []
        self.ended: list[PropertyEnded] = []
        self.runs: dict[str, list[PropertyRun]] = {}
        self.observed: dict[str, dict[str, PropertyObserved]] = {}
        self._common: tuple[int, float, float] = (0, 0.0, 1.0)  # of so many runs: pace and growth
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take a record; others than of property tests are nothing to it."""
        match record:
            case PropertyStarted():
                self.started.append(record)
            case PropertyEnded():
                self.ended.append(record)
            case PropertyRun():
                self.runs.setdefault(record.test, []).append(record)
            case PropertyObserved():
                self.observed.setdefault(record.test, {})[record.purpose] = record
            case _:
                pass

    @property
    def pace_s(self) -> float:
        """How fast the machine was while costs were measured: see ``usual_pace_s``."""
        return self._shared()[1]

    def _shared(self) -> tuple[int, float, float]:
        """Return what all tests together tell of each: the pace and the growth."""
        count = sum(map(len, self.runs.values()))
        if self._common[0] != count:
            pace_s = usual_pace_s(run for runs in self.runs.values() for run in runs)
            self._common = count, pace_s, growth_of(self.runs.values(), self._least_young())
        return self._common

    def _least_young(self) -> int:
        return least_young(self.started[0].hypothesis if self.started else "")

    @property
    def tests(self) -> tuple[str, ...]:
        """Every test that was begun, in order."""
        return tuple(self.runs)

    def cost(self, test: str) -> Cost | None:
        """The model of a test; None where no ordinary run of it passed, or one did not: a failure ends a run early."""
        if any(run.outcome in UNFIT and run.purpose in FITTED for run in self.runs[test]):
            return None
        _, pace_s, growth = self._shared()
        return fit(self.runs[test], self._least_young(), pace_s, growth)

    def known(self, test: str) -> Known | None:
        """What the recommendation has to know; None where there is no model."""
        cost = self.cost(test)
        if cost is None:
            return None
        saturation = self.saturation(test)
        covered = self.observed.get(test, {}).get("cover")
        seen = sum(covered.statuses.values()) if covered else 0
        return Known(
            cost,
            self.pinned(test),
            saturation,
            open_end=saturation is not None and seen >= 20 and saturation > _LAST * seen,
            fixtures_s=min(run.setup_s for run in usable(self.runs[test])),
        )

    def pinned(self, test: str) -> int | None:
        """The test's own ``max_examples``: the same under profiles that say different things; None: it has none."""
        said = {(run.profile_examples, run.declared) for run in self.runs[test] if run.declared}
        declared = {number for _, number in said}
        if len({profile for profile, _ in said}) > 1:
            return declared.pop() if len(declared) == 1 else None
        return next((number for profile, number in said if number != profile), None)

    def now(self, test: str) -> int:
        """With how many examples the project's own profile runs it today."""
        pinned = self.pinned(test)
        if pinned is not None:
            return pinned
        own = self.started[0].examples if self.started else 100
        ratios = [run.declared / run.profile_examples for run in self.runs[test] if run.profile_examples]
        return max(1, round(own * ratios[0])) if ratios else own

    def saturation(self, test: str) -> int | None:
        """The last example that ran a line which none before it had; None where no coverage was collected, or where
        the test's own file was all that was seen: then the code under test lies outside of the project's folder.
        """
        covered = self.observed.get(test, {}).get("cover")
        if covered is None or not covered.new_lines or covered.files < 2:
            return None
        return covered.new_lines[-1][0]

    def tried(self, test: str, purpose: str) -> list[PropertyRun]:
        """The runs that tried a prediction and passed."""
        return [run for run in self.runs.get(test, ()) if run.purpose == purpose and run.outcome == "passed"]

    def verified_s(self, test: str, purpose: str) -> tuple[int, float] | None:
        """Examples asked for, and the mean seconds they took; None where it was not tried."""
        found = self.tried(test, purpose)
        if not found:
            return None
        same = [run for run in found if run.ran == found[-1].ran]
        return same[-1].ran, sum(undisturbed_s(run, self.pace_s) for run in same) / len(same)
