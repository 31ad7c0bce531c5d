"""Options of pytest's and coverage's configuration that the installed ones do not know, and files that are not read.

Who knows which options is not listed here: the project's own pytest (with its plug-ins) and coverage are asked.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from brinell.core.errors import nearest
from brinell.core.quality_records import Weakness
from brinell.suite.quality.configuration import (
    Section,
    coverage_sections,
    line_of,
    loose_options,
    misplaced_sections,
    pytest_sections,
)
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.questions import CoverageKnows, PytestKnows
from brinell.suite.quality.scan import Scan, found

KIND = "unknown-option"
# Whose option it is, where pytest does not know one because its plug-in is not installed. By the option's beginning.
PLUGINS = {
    "asyncio_": "pytest-asyncio", "timeout": "pytest-timeout", "DJANGO_": "pytest-django",
    "django_": "pytest-django", "env": "pytest-env", "mock_": "pytest-mock", "qt_": "pytest-qt",
    "bdd_": "pytest-bdd", "rerun": "pytest-rerunfailures", "reruns": "pytest-rerunfailures",
    "only_rerun": "pytest-rerunfailures", "flake8": "pytest-flake8", "mypy": "pytest-mypy", "anyio_": "anyio",
    "randomly": "pytest-randomly", "benchmark": "pytest-benchmark", "httpserver": "pytest-httpserver",
    "markdown": "pytest-markdown-docs", "mpl-": "pytest-mpl", "doctest_plus": "pytest-doctestplus",
    "remote_data": "pytest-remotedata", "trio_mode": "pytest-trio", "twisted": "pytest-twisted",
    "celery": "celery", "pytester_example_dir": "pytest",
}  # fmt: skip
_UNRECOGNIZED = re.compile(
    r"Unrecognized option '\[(?P<section>[^\]]+)\] (?P<option>[^=']+)=' in config file (?P<file>.*)"
)


def unknown_option(scan: Scan) -> Iterator[Weakness]:
    """Yield what the two tools do not know, and configuration that they never read."""
    root = scan.project.root
    for section, right in misplaced_sections(root):
        yield Weakness(KIND, section.file, section.line, variant="section", name=section.name, detail=right)
    if scan.answers.pytest is not None:
        yield from _of_pytest(root, scan.answers.pytest)
        yield from _marks(scan, scan.answers.pytest)
    elif broken := next((one for one in pytest_sections(root) if one.broken), None):
        yield Weakness(KIND, broken.file, 1, variant="broken", name="pytest", detail=broken.broken)
    if scan.answers.coverage is not None:
        yield from _of_coverage(root, scan.answers.coverage)


def _of_pytest(root: Path, knows: PytestKnows) -> Iterator[Weakness]:
    sections = [one for one in pytest_sections(root) if not one.broken]
    if tuple(map(int, re.findall(r"\d+", knows.version)[:1])) < (9,):
        new = [one for one in sections if one.name == "tool.pytest" or one.file in {"pytest.toml", ".pytest.toml"}]
        sections = [one for one in sections if one not in new]
        for one in new:
            yield Weakness(KIND, one.file, one.line, variant="section", name=one.name, detail="tool.pytest.ini_options")
    read = [one for one in sections if str(root / one.file) == knows.inipath] or sections[:1]
    for section in read[:1]:
        for option in section.options:
            if option.name not in knows.known:
                meant = _meant(option.name, knows.known)
                yield Weakness(KIND, section.file, option.line, variant="pytest", name=option.name, detail=meant)
        for argument in knows.unknown_arguments:
            line = line_of(root, section.file, rf"{re.escape(argument.partition('=')[0])}\b")
            yield Weakness(KIND, section.file, line, variant="argument", name=argument)
    counts = {section.file for section in read[:1]}
    for section in sections:
        if counts and section.file not in counts and section.options:
            yield Weakness(
                KIND,
                section.file,
                section.line,
                variant="not-read",
                name=f"[{section.name}]",
                detail=next(iter(counts)),
            )


def _meant(name: str, known: tuple[str, ...]) -> str:
    """Return ``plugin X`` whose option it is, or the known option that is nearest, or nothing."""
    close = nearest(name, list(known))
    if close is not None:
        return close
    plugin = next((plugin for start, plugin in PLUGINS.items() if name.startswith(start)), "")
    return f"plugin {plugin}" if plugin else ""


def _marks(scan: Scan, knows: PytestKnows) -> Iterator[Weakness]:
    """Yield the first use of each mark that nobody registers."""
    known = {*knows.marks, *_registered(scan)}
    seen: set[str] = set()
    for module in scan.project.tests.values():
        for node in walk(module.source.tree):
            if not (isinstance(node, ast.Attribute) and module.full(node.value) == "pytest.mark"):
                continue
            if node.attr not in known and node.attr not in seen and not node.attr.startswith("_"):
                seen.add(node.attr)
                yield found(
                    KIND,
                    module,
                    node,
                    variant="mark",
                    name=node.attr,
                    detail=nearest(node.attr, sorted(known)) or "",
                )


def _registered(scan: Scan) -> set[str]:
    """Return marks that conftests register, wherever they lie: pytest was asked without collecting."""
    names = set()
    for module in scan.project.tests.values():
        if module.is_conftest:
            for node in walk(module.source.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    names.add(re.split(r"[:(\s]", node.value, maxsplit=1)[0])
    return names


def _of_coverage(root: Path, knows: CoverageKnows) -> Iterator[Weakness]:
    places = coverage_sections(root)
    file = Path(knows.file).name if knows.file else (places[0][0] if places else "")
    if knows.error:
        named = next(
            (one for one in (".coveragerc", "setup.cfg", "tox.ini", "pyproject.toml") if one in knows.error), file
        )
        yield Weakness(KIND, named or ".coveragerc", 1, variant="broken", name="coverage", detail=knows.error)
        return
    for text in knows.warnings:
        told = _UNRECOGNIZED.search(text)
        if told:
            option = told["option"].strip()
            where = Path(told["file"].strip()).name
            name = _near_option(told["section"], option, knows)
            line = _line(places, where, told["section"], option)
            yield Weakness(KIND, where, line, variant="coverage", name=f"[{told['section']}] {option}", detail=name)
    for loose in loose_options(root):
        meant = next((one for one in knows.options if one.partition(":")[2] == loose.name), "")
        detail = f"[tool.coverage.{meant.partition(':')[0]}] {loose.name}" if meant else ""
        yield Weakness(
            KIND, "pyproject.toml", loose.line, variant="coverage", name=f"[tool.coverage] {loose.name}", detail=detail
        )
    known = {option.partition(":")[0] for option in knows.options} | {"paths", *knows.plugins}
    for number, (name, sections) in enumerate(places):
        if number and name != file:
            yield Weakness(KIND, name, sections[0].line, variant="not-read", name=f"[{sections[0].name}]", detail=file)
            continue
        for section in sections:
            short = section.name.rpartition(":")[2].removeprefix("tool.coverage.")
            if short not in known and "." not in short:
                close = nearest(short, sorted(known)) or ""
                yield Weakness(KIND, name, section.line, variant="coverage", name=f"[{section.name}]", detail=close)


def _near_option(section: str, option: str, knows: CoverageKnows) -> str:
    short = section.rpartition(":")[2].removeprefix("tool.coverage.")
    mine = [one.partition(":")[2] for one in knows.options if one.startswith(f"{short}:")]
    close = nearest(option, mine)
    if close:
        return close
    elsewhere = next((one for one in knows.options if one.partition(":")[2] == option), "")
    return f"[{elsewhere.partition(':')[0]}] {option}" if elsewhere else ""


def _line(places: list[tuple[str, list[Section]]], file: str, section: str, option: str) -> int:
    for name, sections in places:
        for one in sections:
            if name == file and one.name.endswith(section):
                return next((known.line for known in one.options if known.name == option), one.line)
    return 1
