"""Which tests are new, changed, or use what was: 75 % of flaky tests are flaky when added (Lam et al., OOPSLA 2020).

New is what the blessed baseline does not know, or git: compared with the commit at which this branch left the main one
(on the main branch itself: the last commit). Changed is a test whose own code differs, not just its layout.
"""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from brinell.core.roles import Room
from brinell.suite.deep import revision


class Recent(NamedTuple):
    """Tests by their index: ``new`` or ``changed``, and ``near`` ones, which use something that was changed.

    ``against`` says what they were compared with; empty where there was nothing.
    """

    new: frozenset[int] = frozenset()
    changed: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()
    against: str = ""

    def words(self) -> str:
        """Say how many there are of each."""
        parts = ((self.new, "new"), (self.changed, "changed"), (self.near, "using what was changed"))
        told = ", ".join(f"{len(tests):,} {word}" for tests, word in parts if tests)
        return f"{told} (against {self.against})" if told else ""


def recent(room: Room, rootdir: Path, tests: Sequence[str], baseline: Mapping[str, Any] | None) -> Recent:
    """Compare with the baseline's content and with git, as far as they are there; ticks."""
    known = _known(baseline)
    new = {number for number, test in enumerate(tests) if known and test not in known}
    against = ["the baseline"] if known else []
    found = _by_git(room, rootdir, tests)
    if found.against:
        against.append(found.against)
    new |= found.new
    changed = found.changed - new
    return Recent(frozenset(new), frozenset(changed), found.near - new - changed, " and ".join(against))


def _known(baseline: Mapping[str, Any] | None) -> set[str]:
    suite = (baseline or {}).get("suite")
    tests = suite.get("tests") if isinstance(suite, dict) else None
    return set(tests) if isinstance(tests, dict) else set()


def _by_git(room: Room, rootdir: Path, tests: Sequence[str]) -> Recent:
    with tempfile.TemporaryDirectory(prefix="brinell-") as scratch:
        git = revision.runner(room, rootdir, Path(scratch))
        top = git("rev-parse", "--show-toplevel")
        base = revision.base(git) if top else None
        if not top or base is None:
            return Recent()
        root = Path(os.fsdecode(top.rstrip(b"\n")))
        git = revision.runner(room, root, Path(scratch))
        commit, words = base
        changes = revision.changes(git, commit)
        if changes is None:
            return Recent()
        added, altered = changes
        contents = {path: revision.read(root / path) for path in altered if path.endswith(".py")}
        before = revision.at(git, commit, list(contents), Path(scratch))
        files = _files_of(tests, rootdir, root)
        return _compare(tests, files, added, altered, before, contents, revision.sources(room, git, root), words)


def _compare(  # noqa: PLR0917 - what git said, each once
    tests: Sequence[str],
    files: Sequence[str],
    added: set[str],
    altered: set[str],
    before: Mapping[str, str],
    now: Mapping[str, str],
    sources: Mapping[str, str],
    words: str,
) -> Recent:
    verdicts = {path: edited(before.get(path, ""), now[path]) for path in set(files) & set(now)}
    touched = added | altered
    using = _using(sources, {path for path in touched if path.endswith(".py")} - set(verdicts) - (added & set(files)))
    new, changed, near = set(), set(), set()
    conftests = {path.rpartition("conftest.py")[0] for path in touched if path.rpartition("/")[2] == "conftest.py"}
    for number, (test, path) in enumerate(zip(tests, files, strict=True)):
        if path in added:
            new.add(number)
            continue
        if path in verdicts:
            found = verdicts[path]
            name = _qualified(test)
            if name in found.added:
                new.add(number)
            elif name in found.changed:
                changed.add(number)
            elif found.rest:
                near.add(number)
        if path in using or any(path.startswith(folder) for folder in conftests):
            near.add(number)
    return Recent(frozenset(new), frozenset(changed), frozenset(near), words)


class Edited(NamedTuple):
    """Functions of a test file by their names (``Class::function``): ``added``, ``changed``; ``rest``: all else did."""

    added: frozenset[str]
    changed: frozenset[str]
    rest: bool


def edited(before: str, now: str) -> Edited:
    """Compare two versions of a test file. One that cannot be parsed has changed as a whole."""
    old, new = _functions(before), _functions(now)
    if old is None or new is None:
        return Edited(frozenset(), frozenset(), rest=before != now)
    added = {name for name in new if name and name not in old}
    changed = {name for name in new if name and name in old and old[name] != new[name]}
    return Edited(frozenset(added), frozenset(changed), rest=old.get("") != new.get(""))


def _functions(source: str) -> dict[str, str] | None:
    """Return the code of each test function, and of everything else under ""; None where it cannot be parsed."""
    try:
        tree = ast.parse(source)
        found: dict[str, str] = {}
        tree.body = _without_tests(tree.body, "", found)
        found[""] = ast.dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return found


def _without_tests(body: list[ast.stmt], prefix: str, found: dict[str, str]) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            found[prefix + node.name] = ast.dump(node)
            continue
        if isinstance(node, ast.ClassDef):
            node.body = _without_tests(node.body, f"{prefix}{node.name}::", found)
        kept.append(node)
    return kept


def _qualified(test: str) -> str:
    """Return ``Class::function`` of a node id, without its parameters."""
    return test.partition("::")[2].partition("[")[0]


def _files_of(tests: Sequence[str], rootdir: Path, root: Path) -> list[str]:
    """Return the test files, relative to the repository as git gives them."""
    known: dict[str, str] = {}
    for test in tests:
        name = test.partition("::")[0]
        if name not in known:
            known[name] = Path(os.path.relpath(os.path.realpath(rootdir / name), os.path.realpath(root))).as_posix()
    return [known[test.partition("::")[0]] for test in tests]


def _using(sources: Mapping[str, str], changed: set[str]) -> set[str]:
    """Return the files that import a changed one, directly or through others."""
    if not changed:
        return set()
    imports = {path: _imports(path, source) for path, source in sources.items()}
    reached, open_ = set(changed), set(changed)
    while open_:
        names = {name for path in open_ for name in _names(path)}
        open_ = {path for path, used in imports.items() if path not in reached and not names.isdisjoint(used)}
        reached |= open_
    return reached - changed


def _names(path: str) -> list[str]:
    """Return the names by which a file may be imported: what lies above it may be a package, or on ``sys.path``."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _imports(path: str, source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    here = path.split("/")[:-1]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found
