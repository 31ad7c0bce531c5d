"""The trial: runs of both sides in pairs, in an order drawn by lot, until there is an answer or the bound is met."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from pathlib import Path

from brinell.core import slower
from brinell.core.against import WARM_UP, Collector, Limits
from brinell.core.against_records import NEW, OLD, AgainstStarted
from brinell.core.observation import Choice
from brinell.core.paired import LOOKS
from brinell.core.plan import AgainstSpec
from brinell.core.roles import Room, TestRunner
from brinell.core.time_judgement import Against
from brinell.subject.discover import packages
from brinell.subject.interpreter import choose, probe
from brinell.suite.against import kept
from brinell.suite.against.reading import Register, Side, read
from brinell.suite.against.sides import Other, Tree, checked_out, dirty_submodules, state
from brinell.suite.trial import TO_THE_END


class AgainstTrial:
    """Compares the suite of the plan's root with that of ``spec.commit`` or ``spec.folder``."""

    def __init__(self, runner: TestRunner) -> None:
        self._runner = runner

    def run(self, room: Room) -> None:
        """Do the step. ``SubjectError`` where the other side can't be checked out."""
        spec = room.step.spec
        if not isinstance(spec, AgainstSpec):
            raise TypeError(f"step {room.step.id} is no comparison")
        root = Path(room.plan.root)
        other = Other(spec.against, spec.commit, spec.folder)
        room.progress(0, None, f"checking out {spec.against}")
        scratch = Path(tempfile.mkdtemp(prefix="brinell-caches-"))
        try:
            with checked_out(root, other) as tree:
                _Pairs(room, spec, self._runner, root, tree, scratch).run(other)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


class _Pairs:
    """The runs of one comparison."""

    def __init__(  # noqa: PLR0917 - one caller
        self, room: Room, spec: AgainstSpec, runner: TestRunner, root: Path, tree: Tree, scratch: Path
    ) -> None:
        self._room = room
        self._spec = spec
        self._runner = runner
        self._scratch = scratch
        self._notes = (*tree.notes, *dirty_submodules(root))
        self._sides = {OLD: Side(OLD, tree.root, root), NEW: Side(NEW, root, tree.root)}
        self._collector = Collector()
        self._register = Register()
        self._file = room.folder / kept.FILE
        self._python = ""
        self._begun_ns = room.clock.now_ns()
        self._longest_s = 0.0

    def run(self, other: Other) -> None:
        """Make runs until there is an answer."""
        directory = self._sides[NEW].root / self._spec.directory
        plan = self._room.plan
        chosen = choose(directory, self._spec.python or plan.python, os.environ, configured=plan.python)
        probe(chosen, cwd=directory)
        self._python = str(chosen.path)
        done = self._begin(state(self._sides[NEW].root, other))
        if done == 0 and self._warm_up():
            return
        orders = _orders(self._spec.seed, self._spec.pairs)
        for pair in range(done, self._spec.pairs):
            if self._spent(pair) or self._settled(pair):
                return
            begun_ns = self._room.clock.now_ns()
            for side in orders[pair]:
                self._once(side, pair, first=side == orders[pair][0])
            self._longest_s = max(self._longest_s, (self._room.clock.now_ns() - begun_ns) / 1e9)
        if not self._settled(self._spec.pairs):
            self._say(f"{self._spec.pairs} pairs were made, as many as were asked for at most")

    def _begin(self, code: str) -> int:
        """Say what is compared; return how many pairs an interrupted attempt at the same has left."""
        earlier = kept.read(self._file, code)
        self._file.unlink(missing_ok=True)
        old, new = (str(self._sides[side].root) for side in (OLD, NEW))
        self._keep(AgainstStarted(self._spec.against, "this tree", old, new, code, self._python, self._notes))
        for record in earlier:
            self._keep(record)
        self._register = Register(self._collector.names)
        pairs = {run.pair for run in self._collector.runs if run.pair != WARM_UP}
        if pairs:
            self._say(f"{len(pairs)} pairs of an interrupted comparison of the same code are taken up again")
        return len(pairs)

    def _warm_up(self) -> bool:
        """One run of each side for the caches; return whether that already says that nothing can be compared."""
        for side in (OLD, NEW):
            self._once(side, WARM_UP, first=side == OLD)
        bad = next((run for run in self._collector.runs if run.problem or run.strange), None)
        if bad is not None:
            self._say(f"no pairs were made: the {bad.side} side {bad.problem or 'imports code of the other'}")
        return bad is not None

    def _spent(self, pair: int) -> bool:
        """Whether the budget has no room for another pair."""
        used_s = (self._room.clock.now_ns() - self._begun_ns) / 1e9
        if pair == 0 or used_s + self._longest_s <= self._spec.budget_s:
            return False
        self._say(f"{pair} pairs were made: the budget of {self._spec.budget_s:g} s has no room for another")
        return True

    def _settled(self, pairs: int) -> bool:
        """Whether there is an answer; looked at only after as many pairs as ``LOOKS`` has."""
        if pairs not in LOOKS:
            return False
        found = self._judged()
        if found is None or found.answer == slower.CANNOT_TELL:
            return False
        self._say(f"{pairs} pairs were enough: {found.answer}")
        return True

    def _judged(self) -> Against | None:
        return self._collector.judged(Limits(self._spec.least_ratio, self._spec.least_s))

    def _once(self, name: str, pair: int, *, first: bool) -> None:
        side = self._sides[name]
        what = "warming up" if pair == WARM_UP else f"pair {pair + 1} of at most {self._spec.pairs}"
        self._room.progress(max(0, pair), self._spec.pairs, f"{what}: the {name} side")
        records = self._runner.run(
            self._room,
            python=self._python,
            args=(*TO_THE_END, *self._spec.paths, *self._spec.args),
            cwd=side.root / self._spec.directory,
            timeout_s=self._spec.timeout_s,
            env=self._environment(side, pair),
        )
        run = read(records, side, self._register, pair=pair, first=first)
        news = self._register.news()
        if news is not None:
            self._keep(news)
        self._keep(run)

    def _environment(self, side: Side, pair: int) -> dict[str, str]:
        """The same for both sides of a pair, each with a bytecode cache of its own and its own code found first."""
        sources = self._room.plan.source or packages(side.root)
        folders = dict.fromkeys(str((side.root / source).parent) for source in sources)
        before = os.environ.get("PYTHONPATH")
        env = {
            "PYTHONPATH": os.pathsep.join([*folders, *([before] if before else [])]),
            "PYTHONPYCACHEPREFIX": str(self._scratch / side.name),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        if not os.environ.get("PYTHONHASHSEED"):
            env["PYTHONHASHSEED"] = str(random.Random(f"{self._spec.seed}/{pair}").randrange(1, 2**31))  # noqa: S311 - no secret
        return env

    def _keep(self, record: kept.Kept) -> None:
        self._room.emit(record)
        self._collector.take(record)
        kept.append(self._file, record)

    def _say(self, reason: str) -> None:
        self._room.emit(Choice("pairs", reason))


def _orders(seed: int, pairs: int) -> list[tuple[str, str]]:
    """Which side goes first in each pair: a lot of its own for each, so that without an effect every assignment of
    signs to the differences is equally likely. Blocks (A B B A) would cancel a drift, and count a burst of load that
    lasts two runs as two witnesses.
    """
    chance = random.Random(seed)  # noqa: S311 - a lot, not a secret
    return [(OLD, NEW) if chance.random() < 0.5 else (NEW, OLD) for _ in range(pairs)]
