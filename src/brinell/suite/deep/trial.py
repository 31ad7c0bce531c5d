"""The examine trial: a verdict for every test, within a budget."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from pathlib import Path

from brinell.core.errors import SubjectError
from brinell.core.examination import ExamStarted
from brinell.core.observation import RUN, BaselineRead, Choice, SeenTest
from brinell.core.plan import ExamineSpec
from brinell.core.roles import Room
from brinell.core.trust import Ledger, Trust
from brinell.subject.interpreter import choose, probe
from brinell.suite.deep import blame, phases
from brinell.suite.deep.beside import beside_itself
from brinell.suite.deep.causes import decide_causes, find_causes
from brinell.suite.deep.collecting import Collection, nothing
from brinell.suite.deep.confirm import Confirmer
from brinell.suite.deep.conflicts import try_conflicts
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.import_trial import Importable
from brinell.suite.deep.proof import prove
from brinell.suite.deep.recent import Recent, recent
from brinell.suite.deep.reruns import reruns
from brinell.suite.deep.target import resolve
from brinell.suite.lab.fresh import FreshLab
from brinell.suite.lab.job import Lab
from brinell.suite.lab.plain import quiet_options
from brinell.suite.lab.server import Command
from brinell.suite.trial import TO_THE_END
from brinell.suite.untrusted import identity
from brinell_inside.serve.project_files import ProjectFiles

_PLAIN_RUNS = 3  # with nothing changed, of a test whose factors were asked for
_KEPT_S, _KEPT_SHARE = 15.0, 0.3  # of the budget: not for reruns of what has always passed
_ISOLATED_RUNS = 20  # of a test that was asked for by name


class ExamineTrial:
    """Collects once and examines."""

    def run(self, room: Room) -> None:
        """Do the step. ``UsageError`` where there is no interpreter with pytest, or nothing to collect."""
        spec = room.step.spec
        if not isinstance(spec, ExamineSpec):
            raise TypeError(f"step {room.step.id} is no examination")
        directory = Path(room.plan.root, spec.directory)
        chosen = choose(directory, spec.python or room.plan.python, os.environ, configured=room.plan.python)
        probe(chosen, cwd=directory)
        options = (*TO_THE_END, *spec.args)
        command = Command(str(chosen.path), (*options, *spec.paths), directory, dict(os.environ))
        room.progress(0, None, "collecting")
        slots = spec.slots or min(8, os.cpu_count() or 1)
        with contextlib.ExitStack() as opened:
            collection = opened.enter_context(contextlib.closing(Collection(room, command, chosen.because, slots)))
            try:
                collection.wait()
            except SubjectError as error:
                if not any(step.trial == "suite" for step in room.plan.steps):
                    raise
                nothing(room, str(error), collection.broken)  # the suite's own step has seen it, and judges it
                return
            if not collection.tests:
                nothing(room, "no tests were collected", collection.broken)
                return
            said = collection.said.started
            rootdir = said.rootdir or str(directory)
            bare = Command(command.python, options, Path(rootdir), command.env)
            files = opened.enter_context(contextlib.closing(ProjectFiles(rootdir)))
            fresh = FreshLab(
                room, bare, collection.tests, Path(rootdir), why=collection.why, at_once=slots, files=files
            )
            opened.callback(fresh.close)
            lab = opened.enter_context(contextlib.closing(collection.lab(fresh)))
            quiet = quiet_options(tuple(said.plugins))
            started = ExamStarted(
                tuple(map(identity, lab.tests)), lab.forks, collection.why, slots, spec.budget_s, rootdir,
                command.python, quiet, said.python, said.pytest,
            )  # fmt: skip
            room.emit(started)
            for broken in collection.broken:
                room.emit(broken)
            examiner = Examiner(room, lab, Ledger([started]), spec.budget_s, files)
            fresh.written = examiner.written
            examiner.slots = slots
            confirmer = Confirmer(examiner, bare, quiet, slots)
            by_itself = Importable(command, bare, quiet, slots, fresh)
            if spec.tests:
                _isolate(examiner, confirmer, fresh, spec, by_itself)
            else:
                _examine(examiner, confirmer, fresh, spec, by_itself)


def _examine(
    examiner: Examiner, confirmer: Confirmer, fresh: Lab, spec: ExamineSpec, by_itself: Importable | None = None
) -> None:
    everything = range(examiner.count)
    phases.default_order(examiner)
    phases.whole_orders(examiner, spec.seed)
    phases.each_alone(examiner, everything)
    phases.each_twice(examiner, everything)
    if by_itself is not None:
        by_itself.look(examiner, everything)
    _blame(examiner)
    phases.followed(examiner, spec.seed)
    phases.remaining_pairs(examiner)
    _blame(examiner)
    known = (_recent(examiner), _retried(examiner))
    if not examiner.spent() and reruns(examiner, *known):
        _blame(examiner)
    by_order = examiner.ledger.remarkable()
    _prove(examiner, by_order)
    confirmer.confirm(by_order)
    if by_itself is not None:
        by_itself.confirm(examiner)
    confirmer.propose(examiner.ledger.remarkable())
    shared = examiner.touches.shared()
    for record in shared:
        examiner.room.emit(record)
    try_conflicts(examiner, shared)
    beside_itself(examiner, fresh, everything)
    find_causes(examiner, fresh)
    done = {trust.test for trust in by_order}
    confirmer.confirm(trust for trust in examiner.ledger.remarkable() if trust.test not in done)
    confirmer.confirm_causes(examiner.ledger.remarkable(), fresh)
    spare_s = examiner.left_s - min(_KEPT_S, _KEPT_SHARE * spec.budget_s)
    if spare_s > 0 and (different := reruns(examiner, *known, share=spare_s / examiner.left_s)):
        confirmer.confirm(trust for trust in examiner.ledger.remarkable() if trust.test in different)
    if examiner.serial:
        why = "tests that ran side by side disturbed each other: the rest ran one at a time"
        examiner.room.emit(Choice("one child at a time", why))


def _isolate(
    examiner: Examiner, confirmer: Confirmer, fresh: Lab, spec: ExamineSpec, by_itself: Importable | None = None
) -> None:
    """Examine some tests only; all others are suspects."""
    targets = [test for wanted in spec.tests for test in resolve(wanted, examiner.lab.tests)]
    if not spec.factors:
        phases.default_order(examiner)
        phases.each_alone(examiner, targets, times=_ISOLATED_RUNS)
        phases.each_twice(examiner, targets)
        phases.whole_orders(examiner, spec.seed)
        examiner.phase("polluters and setters")
        for test in targets:
            if examiner.ledger.alone[test].always:
                blame.find_setters(examiner, test)
            elif test not in examiner.deadly:
                blame.find_polluters(examiner, test)
            blame.again(examiner, test)
        if by_itself is not None:
            by_itself.look(examiner, targets)
        found = [examiner.ledger.trust(test) for test in targets]
        _prove(examiner, found)
        confirmer.confirm(found)
        if by_itself is not None:
            by_itself.confirm(examiner)
        confirmer.propose([examiner.ledger.trust(test) for test in targets])
    else:
        examiner.ask("alone", [examiner.job([test]) for test in targets for _ in range(_PLAIN_RUNS)])
    if not spec.factors:
        targets = [test for test in targets if not examiner.ledger.trust(test).always_fails]  # no factor explains that
        beside_itself(examiner, fresh, targets)
    decide_causes(examiner, fresh, targets, spec.factors)
    confirmer.confirm_causes([examiner.ledger.trust(test) for test in targets], fresh)


def _recent(examiner: Examiner) -> Recent:
    """Return which tests are new or changed, as far as the baseline or git knows."""
    room = examiner.room
    blessed = [envelope.data for envelope in room.history(BaselineRead, source=RUN)]
    content = next((one.content for one in blessed if isinstance(one, BaselineRead)), None)
    return recent(room, Path(examiner.project.root), examiner.lab.tests, content)


def _retried(examiner: Examiner) -> set[int]:
    """Return the tests that failed and then passed when this run's suite repeated them."""
    number = {identity(test): at for at, test in enumerate(examiner.lab.tests)}
    steps = (step.id for step in examiner.room.plan.steps if step.trial == "suite")
    seen = (envelope.data for step in steps for envelope in examiner.room.history(SeenTest, source=step))
    return {number[one.id] for one in seen if isinstance(one, SeenTest) and not one.final and one.id in number}


def _blame(examiner: Examiner) -> None:
    """Find whom each suspicious test depends on; who polluted one is tried first on the next."""
    examiner.phase("polluters and setters")
    ledger = examiner.ledger
    culprits: Counter[int] = Counter()
    for test in sorted(ledger.suspicious()):
        alone = ledger.alone[test]
        if alone.mixed or test in examiner.deadly:
            continue
        if examiner.spent():
            return
        if alone.failures:
            if not any(len(one) == 1 for one in ledger.setters(test)):
                blame.find_setters(examiner, test)
            blame.again(examiner, test)
        elif any(count.failures for count in ledger.after[test].values()):
            found = ledger.polluters(test)
            if not any(len(one) == 1 for one in found):
                blame.find_polluters(examiner, test, [culprit for culprit, _ in culprits.most_common()])
            blame.again(examiner, test)
            blame.find_cleaners(examiner, test)
            culprits.update(culprit for before in ledger.polluters(test) for culprit in before if len(before) < 4)


def _prove(examiner: Examiner, trusts: list[Trust]) -> None:
    """Name the leaked state of each victim; what was proved for one victim is tried first on the next."""
    examiner.phase("which state it is")
    proved: Counter[str] = Counter()
    for trust in trusts:
        if examiner.left_s < 0:
            return
        before = {"victim": trust.polluters, "self-polluting": ((trust.test,),)}.get(trust.verdict)
        if before:
            proved.update(prove(examiner, trust.test, before[0], [root for root, _ in proved.most_common(3)]))
