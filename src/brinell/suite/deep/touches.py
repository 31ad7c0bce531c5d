"""What each test shares with other processes, gathered while it is examined."""

from __future__ import annotations

import re
from collections import defaultdict

from brinell.core.touch_records import Resource, Touched
from brinell.suite.lab.job import Result

_MOST = 200  # of a test that are kept
_RANDOM = re.compile(r"^\$TMPDIR/(tmp)?[a-z0-9_]{8}(/|$)")  # names that tempfile draws
_CONNECTED = "connect"


class Touches:
    """Resources by test. Names that differ from run to run are nobody else's."""

    def __init__(self) -> None:
        self.by_test: dict[int, set[Resource]] = defaultdict(set)
        self._runs: dict[int, list[set[str]]] = defaultdict(list)

    def learn(self, result: Result) -> None:
        """Take what the tests of a job touched."""
        for test, resources in result.touched.items():
            kept = [one for one in resources if not _RANDOM.match(one.name)]
            self.by_test[test].update(kept[: _MOST - len(self.by_test[test])])
            if len(self._runs[test]) < 2:
                self._runs[test].append({one.name for one in kept})

    def elsewhere(self, result: Result) -> None:
        """Take what they touched in a process with imports of its own: a name that it lacks was drawn by an import."""
        for test in {ran.test for ran in result.ran}:
            self._runs[test].append({one.name for one in result.touched.get(test, ())})

    def fixed(self, test: int) -> tuple[Resource, ...]:
        """Return what the test uses under the same name each time, and not only to read."""
        runs = self._runs.get(test, [])
        names = set.intersection(*runs) if runs else set()
        return tuple(sorted(one for one in self.by_test[test] if one.name in names and _matters(one)))

    def shared(self) -> list[Touched]:
        """Return what tests touch that others touch as well, one of them not only to read it."""
        users: dict[str, set[int]] = defaultdict(set)
        changed: set[str] = set()
        lists: set[str] = set()
        for test, resources in self.by_test.items():
            for one in resources:
                users[one.name].add(test)
                if _matters(one):
                    changed.add(one.name)
                if one.kind == "directory":
                    lists.add(one.name)
        in_lists = {name for name in changed if _folder(name) in lists}
        told = {name for name in changed if len(users[name]) > 1} | in_lists | lists & set(map(_folder, in_lists))
        chosen = {
            test: tuple(sorted(one for one in resources if one.name in told or one.kind in _PROCESS))
            for test, resources in sorted(self.by_test.items())
        }
        return [Touched(test, resources) for test, resources in chosen.items() if resources]


_PROCESS = frozenset({"environment", "cwd"})


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _matters(one: Resource) -> bool:
    """Whether another user of it may be hurt; what happens in a service that one connects to is not seen."""
    return one.kind not in _PROCESS and (one.writes or (one.kind == "address" and one.how == _CONNECTED))
