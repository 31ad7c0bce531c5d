"""The last word has a fresh process, started with the command that the report prints."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from brinell.core.examination import Confirmation
from brinell.core.observation import Choice
from brinell.core.trust import BAD, Trust
from brinell.suite.deep.examiner import Examiner
from brinell.suite.deep.guards import propose
from brinell.suite.factor_commands import command_for, with_brinell
from brinell.suite.lab.job import Lab
from brinell.suite.lab.plain import TWICE, TYPED, Answer, Asked, PlainRuns
from brinell.suite.lab.server import Command
from brinell_inside.factors import FACTORS

_LEAST_S = 20.0
_TIMES = 5
_BY_CHANCE = frozenset({"cpu", "sleep", "interleaving", "threads", "switch"})
"""Factors that make a failure likelier: one run may pass, and a machine with more cores than ours may not be slow."""
_PROCESS_S = 0.5  # a fresh pytest, give or take
_ON_TOP = 0.5  # of the budget: a verdict without a confirmation is worth little
_OVERTIME_S = 15.0  # beyond the budget, for what was already found


class Confirmer:
    """Runs the reproducers of suspicious tests and writes down what they gave.

    Files of the project that a reproducer changes are put back. Nothing runs beside one that touches such files.
    """

    def __init__(self, examiner: Examiner, command: Command, options: Sequence[str], at_once: int) -> None:
        self._examiner = examiner
        self._command = command
        self._side_by_side = PlainRuns(examiner.room, command, at_once)
        self._serial = PlainRuns(examiner.room, command)
        self._options = tuple(options)

    def confirm(self, trusts: Iterable[Trust]) -> None:
        """Run each test alone and after what it depends on."""
        self._examiner.phase("confirming in fresh processes")
        together: list[_Wanted] = []
        apart: list[_Wanted] = []
        for wanted in self._affordable(list(trusts)):
            touches = self._examiner.serial or self._examiner.wrote(wanted[1])
            (apart if touches else together).append(wanted)
        self._do(self._side_by_side, together)
        for one in apart:
            with self._keeping(one[1]):
                self._do(self._serial, [one])

    def _affordable(self, trusts: Sequence[Trust]) -> list[_Wanted]:
        """Return what to run, short ones first, within what is left of the budget and a part of it on top."""
        by_cost = sorted((self._cost_s(wanted), at, wanted) for at, wanted in enumerate(map(_wanted, trusts)))
        left_s = max(0.0, self._examiner.left_s) + max(_OVERTIME_S, self._examiner.budget_s * _ON_TOP)
        chosen: list[_Wanted] = []
        for done, (cost_s, _, wanted) in enumerate(by_cost):
            left_s -= cost_s
            if left_s < 0:
                what = f"not confirmed in fresh processes: {len(trusts) - done} tests"
                self._examiner.room.emit(Choice(what, "the budget was spent: --budget gives more"))
                break
            chosen += wanted
        return chosen

    def _cost_s(self, wanted: Sequence[_Wanted]) -> float:
        return sum(_PROCESS_S + self._examiner.expected_s(sequence) for _, sequence in wanted)

    def propose(self, trusts: Iterable[Trust]) -> None:
        """Write and run the fixtures that would fix what was confirmed; files of the project are put back."""
        confirmed = [trust for trust in trusts if trust.confirmed]
        involved = {test for trust in confirmed for test in (trust.test, *sum(trust.polluters[:1], ()))}
        with self._keeping(involved):
            propose(self._examiner, self._command, confirmed, self._options)

    def confirm_causes(self, trusts: Iterable[Trust], fresh: Lab) -> None:
        """Show the cause of each test in a fresh process: by a plain command, or by ``brinell isolate``."""
        self._examiner.phase("confirming causes")
        for trust in trusts:
            if not trust.factors or trust.cause == "order" or self._examiner.left_s < -_OVERTIME_S:
                continue
            seen = trust.factors[0]
            with self._keeping([trust.test]):
                if seen.factor == "beside":
                    self._show_beside(trust.test)
                elif seen.factor in FACTORS or seen.factor == "date":
                    self._show(trust.test, "clock" if seen.factor == "date" else seen.factor, seen.level, fresh)

    def _show(self, test: int, factor: str, level: Any, fresh: Lab) -> None:
        name = self._examiner.name(test)
        plain = command_for(factor, level)
        if plain is not None:
            env, prefix, _ = plain
            asked = Asked((name,), self._options, env, _LEAST_S, prefix=tuple(prefix))
            (answer,) = self._serial.run([asked])
            command = (*prefix, "pytest", *self._options, name)
            said = Confirmation(f"factor {factor}", command, (test,), answer.outcomes, env=env, message=answer.message)
            self._examiner.tried(said)
            if factor not in _BY_CHANCE or not BAD.isdisjoint(answer.outcomes):
                return
        for _ in range(_TIMES if factor in _BY_CHANCE else 1):
            (result,) = fresh.run([self._examiner.job([test], factors={factor: level})])
            last = result.last()
            outcomes, message = ("" if last is None else "f" if last.failed else "p"), last.message if last else ""
            command = tuple(with_brinell(name, factor, level))
            self._examiner.tried(Confirmation(f"factor {factor}", command, (test,), outcomes, message=message))
            if outcomes == "f":
                return

    def _show_beside(self, test: int) -> None:
        """Two processes at once, some times: one of them fails."""
        name = self._examiner.name(test)
        asked = Asked((name,), self._options, deadline_s=_LEAST_S)
        line = shlex.join(("pytest", *self._options, name))
        command = ("sh", "-c", f"{line} & {line}; wait")
        for _ in range(_TIMES):
            answers = list(self._side_by_side.run([asked, asked]))
            failed = [answer for answer in answers if "f" in answer.outcomes or "e" in answer.outcomes]
            outcomes = "f" if failed else "p"
            message = failed[0].message if failed else ""
            self._examiner.tried(Confirmation("factor beside", command, (test,), outcomes, message=message))
            if failed:
                return

    @contextlib.contextmanager
    def _keeping(self, tests: Iterable[int]) -> Iterator[None]:
        """Put back the files of the project that these tests are known to change, and no others."""
        paths = self._examiner.wrote(tuple(tests))
        if paths:
            self._examiner.project.remember()
        try:
            yield
        finally:
            self._examiner.project.restore(paths)

    def _do(self, runs: PlainRuns, wanted: Sequence[_Wanted]) -> None:
        moved: list[Asked] = []
        for answer in runs.run([self._asked(number, *one) for number, one in enumerate(wanted)]):
            if answer.in_order:
                self._write(answer, *wanted[answer.asked.key])
            else:  # the project's conftest puts them in another order: a longer command keeps the one that matters
                moved.append(msgspec.structs.replace(answer.asked, typed=True))
        for answer in runs.run(moved):
            self._write(answer, *wanted[answer.asked.key])

    def _write(self, answer: Answer, purpose: str, sequence: tuple[int, ...]) -> None:
        script = TWICE if answer.asked.twice else TYPED if answer.asked.typed else ""
        start = ("python", "-c", script) if script else ("pytest",)
        complete = len(answer.outcomes) == len(sequence)
        self._examiner.tried(
            Confirmation(
                purpose,
                (*start, *answer.asked.options, *answer.asked.ids),
                sequence,
                answer.outcomes if complete else "",
                round(answer.seconds, 3),
                message=answer.message,
            )
        )

    def _asked(self, key: int, purpose: str, sequence: tuple[int, ...]) -> Asked:
        twice = purpose == "twice"
        ids = tuple(self._examiner.name(test) for test in (sequence[:1] if twice else sequence))
        deadline = _LEAST_S + 20 * self._examiner.expected_s(sequence)
        return Asked(ids, self._options, deadline_s=deadline, key=key, twice=twice)


_Wanted = tuple[str, tuple[int, ...]]


def _wanted(trust: Trust) -> list[_Wanted]:
    """Return what to run for a verdict: the test alone, and the shortest sequence that it depends on.

    Of a test that goes both ways by itself, the test alone, some times: at best fresh processes disagree, too.
    """
    if trust.verdict == "self-polluting":
        return [("alone", (trust.test,)), ("twice", (trust.test, trust.test))]
    if trust.verdict == "nondeterministic" and not trust.factors:
        return [("alone", (trust.test,))] * _TIMES
    sequences = {"victim": trust.polluters, "brittle": trust.setters}.get(trust.verdict, ())
    if not sequences:
        return []
    return [("alone", (trust.test,)), ("sequence", (*sequences[0], trust.test))]
