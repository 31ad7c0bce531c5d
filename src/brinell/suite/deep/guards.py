"""The fixture that would fix it: written from the leaked state, and run in front of polluter and victim."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from brinell.core.examination import FixTried
from brinell.core.trust import Trust
from brinell.suite.deep.examiner import Examiner
from brinell.suite.lab.job import fixture
from brinell.suite.lab.plain import Asked, PlainRuns
from brinell.suite.lab.server import Command

_MODULE = "brinell_proposed_guard"
_LEAST_S = 20.0
_TIMES = 2  # tests for which a fixture for the same state is tried
_OVERTIME_S = 15.0  # beyond the budget: it is what one came for


def propose(examiner: Examiner, command: Command, trusts: Iterable[Trust], options: Sequence[str]) -> None:
    """Propose a fixture for each test whose leaked state was proved; one that guards the same state is tried first."""
    examiner.phase("fixtures that would fix it")
    known: dict[frozenset[str], str] = {}
    times: Counter[frozenset[str]] = Counter()
    for trust in trusts:
        before = {"victim": trust.polluters, "self-polluting": ((trust.test,),)}.get(trust.verdict, ())
        key = frozenset(trust.leaked)
        if not trust.leaked or not before or times[key] >= _TIMES or examiner.left_s < -_OVERTIME_S:
            continue
        times[key] += 1
        source = known.get(key) or _written(examiner, before[0], trust.leaked)
        for wider in _widened(source):
            tried = _tried(examiner, command, trust, wider, options)
            if tried.worked:
                known[key] = wider
                examiner.tried(tried)
                break


def _widened(source: str) -> list[str]:
    """Return the fixture at the scopes it may need: what a class or a module sets up leaks from there."""
    narrow = "@pytest.fixture(autouse=True)"
    wider = [source.replace(narrow, f'@pytest.fixture(autouse=True, scope="{scope}")') for scope in ("class", "module")]
    return [source, *wider] if narrow in source else [source] if source else []


def _written(examiner: Examiner, before: Sequence[int], roots: Sequence[str]) -> str:
    job = examiner.job([("mark",), *before, fixture(roots)], alone=True)
    return next((result.fixture for result in examiner.ask("fixture", [job]) if result.fixture), "")


def _tried(examiner: Examiner, command: Command, trust: Trust, source: str, options: Sequence[str]) -> FixTried:
    """Run polluter and victim with the fixture as a plug-in, which is what it would be in the project's conftest."""
    twice = trust.verdict == "self-polluting"
    before = () if twice else trust.polluters[0]
    sequence = (*before, trust.test)
    with tempfile.TemporaryDirectory(prefix="brinell-") as folder:
        Path(folder, f"{_MODULE}.py").write_text(source, encoding="utf-8")
        asked = Asked(
            tuple(map(examiner.name, sequence)),
            (*options, "-p", _MODULE),
            env={"PYTHONPATH": ":".join(filter(None, (folder, command.env.get("PYTHONPATH"))))},
            deadline_s=_LEAST_S + 20 * examiner.expected_s(sequence),
            twice=twice,
        )
        (answer,) = PlainRuns(examiner.room, command).run([asked])
        if not answer.in_order:
            (answer,) = PlainRuns(examiner.room, command).run([msgspec.structs.replace(asked, typed=True)])
    worked = answer.exit_status == 0 and len(answer.outcomes) == len(sequence) + twice
    return FixTried(trust.test, before, trust.leaked, source, worked, round(answer.seconds, 3))
