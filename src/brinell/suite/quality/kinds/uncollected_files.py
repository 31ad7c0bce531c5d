"""Files of tests that pytest passes over: their names fit no pattern, or they lie in a folder that it does not enter.

Folders are those of ``norecursedirs`` below the tests: ``build``, ``dist``, ``venv``, whatever begins with a dot. What
is no part of the project there (ignored by git, an environment, a copy of other tests) is not meant, nor what the
tests name as data.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from brinell.core.quality_records import Weakness
from brinell.suite.quality.asserting import asserts_within
from brinell.suite.quality.files import Function, matches, python_files
from brinell.suite.quality.found_tests import is_collected, is_fixture
from brinell.suite.quality.names import definitions
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, found, is_plain

KIND = "not-collected"
_MOST_FILES = 3000
_GIT_S = 10.0
_NEVER_OURS = (
    ".git", ".hg", ".svn", "CVS", "_darcs", "{arch}", "__pycache__", "site-packages", "node_modules", ".tox", ".nox",
    ".venv", ".eggs", ".*_cache", ".hypothesis", ".ipynb_checkpoints", ".idea", ".vscode", "__pypackages__",
)  # fmt: skip
_DATA = re.compile(
    r"data|fixture|sample|example|template|resource|asset|snapshot|input|vendor|third|stub|case|project|golden|skel",
    re.IGNORECASE,
)


def uncollected_files(scan: Scan) -> Iterator[Weakness]:
    """Yield them, each at its first test."""
    named = _named(scan)
    for path in (*_misnamed(scan), *_passed_over(scan, named)):
        if path.rpartition("/")[2].removesuffix(".py") in named:
            continue
        module = scan.project.module(path)
        tests = list(_tests_in(scan, module)) if module is not None else []
        if module is not None and tests and not any(one.startswith(f"{path}::") for one in scan.collected):
            first = tests[0].name
            folder = _skipping(scan, path)
            variant, detail = ("folder", first) if folder else ("file-name", first)
            name = folder or path.rpartition("/")[2]
            yield found(
                KIND, module, tests[0], variant=variant, name=name, detail=detail, test=f"{path}::{first}"
            )  # fmt: skip


def _misnamed(scan: Scan) -> Iterator[str]:
    """Yield files beside collected ones that sound like tests and whose own name keeps pytest from looking."""
    folders = {path.rpartition("/")[0] for path, module in scan.project.tests.items() if not module.is_conftest}
    for number, path in enumerate(python_files(scan.project.root, sorted(folders), scan.skipped)):
        folder, _, name = path.rpartition("/")
        if number >= _MOST_FILES:
            return
        if path in scan.project.tests or name in {"__init__.py", "setup.py"} or folder not in folders:
            continue
        if re.search(r"test|spec|check", name, re.IGNORECASE):
            yield path


def _passed_over(scan: Scan, named: set[str]) -> Iterator[str]:
    """Yield test files in folders below the tests that ``norecursedirs`` excludes, and that are the project's own."""
    tests = scan.project.tests
    folders = {path.rpartition("/")[0] for path in tests} | {one for one in scan.folders if one not in {".", "./"}}
    folders -= {""}
    texts: set[bytes] | None = None
    for number, path in enumerate(python_files(scan.project.root, sorted(folders), _NEVER_OURS)):
        if number >= _MOST_FILES:
            return
        folder = "" if path in tests else _skipping(scan, path)
        if not folder or (folder in named and not _is_default(folder)) or _DATA.search(folder):
            continue
        name = path.rpartition("/")[2]
        if not any(matches(path, name, pattern) for pattern in scan.patterns.files) or not _is_ours(scan, path):
            continue
        texts = {module.source.text for module in tests.values()} if texts is None else texts
        module = scan.project.module(path)
        if module is not None and module.source.text not in texts:
            yield path


def _skipping(scan: Scan, path: str) -> str:
    """Return the first folder on a path, below the folders of the tests, that pytest does not enter."""
    start = next((one for one in scan.folders if one not in {".", "./"} and path.startswith(f"{one}/")), "")
    parts = path.removeprefix(f"{start}/").split("/")[:-1]
    return next((part for part in parts if any(fnmatch(part, one) for one in scan.skipped)), "")


def _is_default(folder: str) -> bool:
    return folder in {"build", "dist", "venv"} or folder.startswith(".") or folder.endswith(".egg")


def _is_ours(scan: Scan, path: str) -> bool:
    """Whether git has a file, or would take it; where there is no git, everything that lies there is."""
    root = scan.project.root
    if not any((above / ".git").exists() for above in (root, *root.parents)):
        return True
    tracked = _git(root, "ls-files", "--error-unmatch", "--", path)
    return tracked or not _git(root, "check-ignore", "--quiet", "--", path)


def _git(root: Path, *arguments: str) -> bool:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, env={**kept, "GIT_OPTIONAL_LOCKS": "0"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_GIT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def methods_like_tests(scan: Scan, owner: ast.ClassDef) -> list[Function]:
    """Return the methods of a class whose names are tests'."""
    return [
        one
        for one in owner.body
        if isinstance(one, Function) and scan.patterns.is_function(one.name) and not is_fixture(one)
    ]


def _tests_in(scan: Scan, module: Module) -> Iterator[Function]:
    for one in definitions(module.source.tree.body):
        if isinstance(one, ast.ClassDef):
            if is_collected(scan.project, module, scan.patterns, one):
                yield from (inner for inner in methods_like_tests(scan, one) if asserts_within(inner.body))
        elif scan.patterns.is_function(one.name) and is_plain(one.decorator_list, module) and asserts_within(one.body):
            yield one


def _named(scan: Scan) -> set[str]:
    """Return what the tests import, and what their texts name as paths: that is data, or run by them."""
    names: set[str] = set()
    for module in scan.project.tests.values():
        for node in walk(module.source.tree):
            if isinstance(node, ast.Import):
                names.update(part for alias in node.names for part in alias.name.split("."))
            elif isinstance(node, ast.ImportFrom):
                names.update([*(node.module or "").split("."), *(alias.name for alias in node.names)])
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
                names.update(part.removesuffix(".py") for part in re.split(r"[./\\]", node.value.removesuffix(".py")))
    return names
