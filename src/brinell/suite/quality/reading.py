"""From a project's folder to what was found in it: the files, the questions, each kind in turn, what is exempt."""

from __future__ import annotations

import ast
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import msgspec

from brinell.core.quality_records import QualityRead, Weakness
from brinell.suite.quality.configuration import written_settings
from brinell.suite.quality.files import MOST_FILES, NOT_OURS, exempts, test_files
from brinell.suite.quality.found_tests import Patterns
from brinell.suite.quality.kinds.missing_dependency import imported
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module, Project
from brinell.suite.quality.questions import Answers, inquire
from brinell.suite.quality.roster import FINDERS, LINTERS
from brinell.suite.quality.scan import Scan
from brinell.suite.untrusted import clean

_MOST_OF_A_KIND = 500
_MOST_UNREAD = 50


class Task(msgspec.Struct, frozen=True):
    """What to read. ``python`` None asks no interpreter; ``ignore`` are kinds, path globs, or ``glob:kind``."""

    root: Path
    paths: tuple[str, ...] = ()
    python: str | None = None
    env: Mapping[str, str] = {}
    ignore: tuple[str, ...] = ()
    collected: frozenset[str] = frozenset()
    budget_s: float = 60.0


def read_suite(task: Task, tick: Callable[[], None] = lambda: None) -> Iterator[Weakness | QualityRead]:
    """Yield what is found, kind by kind, and at last how much was read. ``tick`` is called between any two files."""
    began = time.monotonic()
    left_out: dict[str, str] = {}
    answers = inquire(task.python, task.root, task.env, ()) if task.python else Answers()
    tick()
    scan = _open(task, answers, began, left_out, tick)
    asked = time.monotonic()
    if task.python:
        answers = _with_imports(task, scan, answers)
        tick()
    inquiry_s = time.monotonic() - asked
    scan.answers = answers
    _explain(task, answers, left_out)
    counts = Counter[str]()
    ignored = 0
    for kind, finder in FINDERS.items():
        for weakness in _safely(kind, finder, scan, left_out):
            tick()
            if _is_ignored(weakness, task.ignore) or _is_exempt(scan, weakness):
                ignored += 1
            elif counts[kind] < _MOST_OF_A_KIND:
                counts[kind] += 1
                yield _tidy(weakness)
        if counts[kind] == _MOST_OF_A_KIND:
            left_out.setdefault(kind, f"more than {_MOST_OF_A_KIND}: the first are listed")
        if time.monotonic() - began - inquiry_s > task.budget_s:
            left_out["others"] = f"reading took longer than {task.budget_s:g} s"
            break
    yield _summary(scan, ignored, left_out, time.monotonic() - began - inquiry_s)


def _open(task: Task, answers: Answers, began: float, left_out: dict[str, str], tick: Callable[[], None]) -> Scan:
    """Read the test files, as pytest's own settings there say which they are."""
    settings = answers.pytest.settings if answers.pytest else written_settings(task.root)
    default = Patterns()
    patterns = Patterns(
        settings.get("python_files") or default.files,
        settings.get("python_classes") or default.classes,
        settings.get("python_functions") or default.functions,
    )
    skipped = (*NOT_OURS, *settings.get("norecursedirs", ()))
    asked = tuple(path.partition("::")[0] for path in task.paths) or settings.get("testpaths") or (".",)
    folders = tuple(folder for folder in asked if (task.root / folder).exists()) or (".",)
    project = Project(task.root)
    for number, path in enumerate(test_files(task.root, folders, patterns.files, skipped)):
        if number >= MOST_FILES or time.monotonic() - began > task.budget_s:
            left_out["others"] = f"only the first {number:,} test files were read"
            break
        project.add_test_file(path)
        tick()
    for path in _conftests_above(task.root, folders):
        project.add_test_file(path)
    return Scan(project, patterns, answers, task.collected, folders, skipped)


def _conftests_above(root: Path, folders: Sequence[str]) -> Iterator[str]:
    """Yield the conftests between the project's root and the folders of its tests: they hold for those as well."""
    above = {parent for folder in folders for parent in PurePosixPath(folder).parents if ".." not in parent.parts}
    for parent in sorted(above):
        path = (parent / "conftest.py").as_posix()
        if (root / path).is_file() and not parent.is_absolute():
            yield path


def _with_imports(task: Task, scan: Scan, answers: Answers) -> Answers:
    """Ask a second time, now that the imports are known: where they come from."""
    names = list(imported(scan.project))
    if not names or "distributions" in answers.errors:
        return answers
    more = inquire(str(task.python), task.root, task.env, names)
    return msgspec.structs.replace(answers, distributions=more.distributions, errors=answers.errors | more.errors)


def _explain(task: Task, answers: Answers, left_out: dict[str, str]) -> None:
    if task.python is None:
        left_out["unknown-option"] = left_out["missing-dependency"] = "no interpreter was asked"
        return
    if "pytest" in answers.errors:
        left_out["unknown-option of pytest"] = f"pytest could not be configured: {answers.errors['pytest']}"
    if "coverage" in answers.errors:
        left_out["unknown-option of coverage"] = answers.errors["coverage"]
    elif answers.coverage is None:
        left_out["unknown-option of coverage"] = "coverage is not installed there"
    if "distributions" in answers.errors:
        left_out["missing-dependency"] = answers.errors["distributions"]


def _safely(
    kind: str, finder: Callable[[Scan], Iterator[Weakness]], scan: Scan, left_out: dict[str, str]
) -> Iterator[Weakness]:
    """Give what a finder gives; one that program text defeats costs its kind and not the others."""
    try:
        yield from finder(scan)
    except RecursionError:
        left_out[kind] = "an expression is nested too deeply"


def _is_ignored(weakness: Weakness, ignore: Sequence[str]) -> bool:
    for rule in ignore:
        pattern, colon, kind = rule.rpartition(":")
        if not colon:
            pattern, kind = ("", rule) if rule in FINDERS or rule in LINTERS else (rule, "")
        if kind and kind != weakness.weakness:
            continue
        if not pattern or fnmatch(weakness.file, pattern):
            return True
    return False


def _is_exempt(scan: Scan, weakness: Weakness) -> bool:
    """Whether a comment on the line, or on the line of the function or class it stands in, exempts it."""
    module = scan.project.module(weakness.file) if weakness.file.endswith(".py") else None
    if module is None:
        return False
    comments = module.source.comments
    if not any("ignore" in text or "noqa" in text for text in comments.values()):
        return False
    codes = LINTERS.get(weakness.weakness, ())
    line = comments.get(weakness.line, "")
    again = comments.get(int(weakness.detail), "") if weakness.weakness == "shadowed" else ""
    if exempts(line, weakness.weakness, codes) or exempts(again, weakness.weakness, codes):
        return True
    return any(exempts(comments.get(first, ""), weakness.weakness) for first in _headers(module, weakness.line))


def _headers(module: Module, line: int) -> Iterator[int]:
    for node in walk(module.source.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if first <= line <= (node.end_lineno or node.lineno):
                yield from range(first, node.body[0].lineno)


def _tidy(weakness: Weakness) -> Weakness:
    """Return a record fit to keep: texts of the subject cleaned and cut."""
    texts = {name: clean(getattr(weakness, name), 300) for name in ("name", "detail", "test", "file", "variant")}
    return msgspec.structs.replace(weakness, **texts)


def _summary(scan: Scan, ignored: int, left_out: dict[str, str], seconds: float) -> QualityRead:
    counts = []
    for test in scan.tests:
        try:
            counts.append(scan.assertions.of_test(test))
        except RecursionError:
            counts.append(0)
    unread = [f"{path}: {why}" for path, why in scan.project.unread.items()]
    return QualityRead(
        files=len(scan.project.tests),
        tests=len(counts),
        assertions=sum(counts),
        per_test=tuple(sorted(Counter(counts).items())),
        seconds=round(seconds, 3),
        unread=tuple(clean(one, 300) for one in unread[:_MOST_UNREAD]),
        left_out={name: clean(why, 300) for name, why in left_out.items()},
        ignored=ignored,
    )
