"""Does the report's first bug name the function that was broken? One function after the other is made to raise.

    python benchmarks/triage/planted.py PROJECT... --python PYTHON [--functions 12] [--seed 1] [--work DIR]

PROJECT is a source release of anything with a pytest suite that passes under PYTHON. For each, functions are drawn at
random from its source; in a copy, ``raise RuntimeError("planted")`` becomes the first statement of one, and the suite
runs as ``brinell suite`` runs it. A function that no test notices proves nothing and is counted apart. Of the others:
is the function the first suspect of the first bug, and is it in the bug's title?
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from brinell.core.judgement import Bug
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.journal.reader import read
from brinell.run import execute
from brinell.subject.discover.tree import packages
from brinell.triage.check import triage


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("projects", nargs="+", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--functions", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", default=tempfile.gettempdir())
    arguments = parser.parse_args()
    total: Counter[str] = Counter()
    for project in arguments.projects:
        with tempfile.TemporaryDirectory(prefix="planted-", dir=arguments.work) as folder:
            total += _project(project.resolve(), Path(folder), arguments)
    noticed = total["first"] + total["later"] + total["missed"]
    print(f"\n{sum(total.values())} functions, {noticed} noticed by a test")
    print(f"first bug names the function: {total['first']} of {noticed}; a later bug does: {total['later']}")
    return 0


def _project(project: Path, folder: Path, arguments: argparse.Namespace) -> Counter[str]:
    root = folder / project.name
    shutil.copytree(project, root, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__"))
    before = {bug.id for bug in _bugs(root, folder / "before", arguments.python)}
    print(f"\n{project.name}: {len(before)} bugs before anything was planted")
    functions = sorted(
        (file, name, line)
        for source in packages(root)
        for file in ([root / source] if source.endswith(".py") else (root / source).rglob("*.py"))
        if "tests" not in file.parts and "test" not in file.parts
        for name, line in _functions(file)
    )
    chosen = random.Random(arguments.seed).sample(functions, min(arguments.functions, len(functions)))  # noqa: S311 - a draw
    result: Counter[str] = Counter()
    for number, (file, name, line) in enumerate(chosen):
        original = file.read_text(encoding="utf-8")
        file.write_text(_planted(original, line), encoding="utf-8")
        try:
            bugs = _bugs(root, folder / f"run-{number}", arguments.python)
        finally:
            file.write_text(original, encoding="utf-8")
        outcome = _outcome(bugs, before, file.relative_to(root).as_posix(), name)
        result[outcome] += 1
        title = bugs[0].title if bugs else ""
        print(
            f"  {outcome:<10} {file.relative_to(root)}:{line} {name}  ->  {len(bugs)} bugs, first: {title}", flush=True
        )
    return result


def _bugs(root: Path, run: Path, python: str) -> tuple[Bug, ...]:
    run.mkdir()
    spec = SuiteSpec(python=python, timeout_s=300.0)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root / "src"), str(root)])  # the copy, installed or not
    execute(Plan(root.name, str(root), (Step("suite", "suite", spec),), source=packages(root)), run)
    return triage(read(run)).bugs or ()


def _functions(file: Path) -> list[tuple[str, int]]:
    """Return the functions and methods of a file by qualified name, with the line of their first statement."""
    found: list[tuple[str, int]] = []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                body = child.body[1:] if ast.get_docstring(child) is not None else child.body
                before = lines[body[0].lineno - 1][: body[0].col_offset] if body else "-"
                if not before.strip() and not _is_stub(body[0]):
                    found.append((f"{prefix}{child.name}", body[0].lineno))
            elif isinstance(child, ast.ClassDef):
                visit(child, f"{prefix}{child.name}.")

    try:
        visit(ast.parse(file.read_text(encoding="utf-8")), "")
    except (SyntaxError, UnicodeDecodeError):
        return []
    return found


def _is_stub(statement: ast.stmt) -> bool:
    """Whether a body is ``...``, ``pass`` or a raise: an overload, a protocol, an abstract method."""
    return isinstance(statement, ast.Pass | ast.Raise) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _planted(text: str, line: int) -> str:
    lines = text.splitlines(keepends=True)
    indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
    lines.insert(line - 1, f'{indent}raise RuntimeError("planted")\n')
    return "".join(lines)


def _outcome(bugs: tuple[Bug, ...], before: set[str], file: str, name: str) -> str:
    """``first``, ``later``, ``missed``, or ``unnoticed`` where nothing new failed."""
    if not {bug.id for bug in bugs} - before:
        return "unnoticed"
    named = [n for n, bug in enumerate(bugs) if _names(bug, file, name)]
    return "first" if named[:1] == [0] else "later" if named else "missed"


def _names(bug: Bug, file: str, name: str) -> bool:
    first = bug.suspects[0] if bug.suspects else None
    return first is not None and (first.file, first.function) == (file, name) and name in bug.title


if __name__ == "__main__":
    sys.exit(main())
