"""Two ways to change a condition of a test: in a forked child, and before its process starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from brinell.suite.deep.examiner import Examiner
from brinell.suite.factor_commands import command_for
from brinell.suite.lab.job import BESIDE, Job, Lab, Result

QUIET = frozenset({"cpu"})
"""Factors that would disturb whatever ran beside them."""
_TO_APPLY_S = {"locale": 60.0}  # one that is not installed is compiled first, once
_MOST_RUNS = 160  # with and without together; of half against never and of 0.3 against never enough
_MOST_FRESH_RUNS = 60
_HELD = {"rng": 1}  # a process of its own has its own random numbers; plug-ins seed them anew as well
_HELD_AT_START = {"PYTHONHASHSEED": "1"}


class Way(Protocol):
    """How jobs are made and run under changed conditions. ``most_runs``: what one decision may cost."""

    most_runs: int

    def job(self, tests: Sequence[int], levels: Mapping[str, Any]) -> Job:
        """Return a job of these tests under these levels; none of them: as usual."""
        ...

    def ask(self, purpose: str, jobs: Sequence[Job]) -> list[Result]:
        """Do the jobs and write down what they gave."""
        ...


class InChild:
    """The child changes the condition itself, after collection. Milliseconds, where the laboratory forks."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner
        self.most_runs = _MOST_RUNS if examiner.lab.forks else _MOST_FRESH_RUNS

    def job(self, tests: Sequence[int], levels: Mapping[str, Any]) -> Job:
        """See ``Way``."""
        job = self._examiner.job(tests, factors=dict(levels), alone=bool(QUIET & levels.keys()))
        more_s = max((_TO_APPLY_S.get(name, 0.0) for name in levels), default=0.0)
        job = msgspec.structs.replace(job, deadline_s=job.deadline_s + more_s, stall_s=job.stall_s + more_s)
        return msgspec.structs.replace(job, alone=False) if BESIDE in levels else job

    def ask(self, purpose: str, jobs: Sequence[Job]) -> list[Result]:
        """See ``Way``."""
        return self._examiner.ask(purpose, jobs)


class AtStart:
    """The process starts under the condition, by the plain command a person would type: what is read while modules are
    imported, and the encoding of the interpreter, come from there. Seeds are held: of hashes, and of random numbers.
    """

    most_runs = _MOST_FRESH_RUNS

    def __init__(self, examiner: Examiner, fresh: Lab) -> None:
        self._examiner = examiner
        self._fresh = fresh

    def job(self, tests: Sequence[int], levels: Mapping[str, Any], hash_seed: int | None = None) -> Job:
        """See ``Way``. Each level must have a command (``starts_under``)."""
        env = {} if hash_seed is not None else dict(_HELD_AT_START)
        prefix: tuple[str, ...] = ()
        for name, level in levels.items():
            command = command_for(name, level)
            if command is None:
                raise ValueError(f"no command starts a process with {name} at {level}")
            env |= command[0]
            prefix += tuple(command[1])
        job = self._examiner.job(tests, factors=dict(levels))
        return msgspec.structs.replace(job, env=env, prefix=prefix, hash_seed=hash_seed, held=_HELD)

    def ask(self, purpose: str, jobs: Iterable[Job]) -> list[Result]:
        """See ``Way``."""
        return [self._examiner.write(purpose, result) for result in self._fresh.run(jobs)]


def starts_under(factor: str, level: Any) -> bool:
    """Whether this machine can start a process with this factor at this level."""
    return command_for(factor, level) is not None
