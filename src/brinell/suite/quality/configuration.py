"""The project's configuration of pytest and coverage as text: which file counts, which keys it has, on which line."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

_MOST_BYTES = 1_000_000
# In the order in which each tool looks; (file, sections in it that it reads). The first with such a section counts.
PYTEST_PLACES = (
    ("pytest.toml", "pytest"), (".pytest.toml", "pytest"), ("pytest.ini", "pytest"), (".pytest.ini", "pytest"),
    ("pyproject.toml", "tool.pytest"), ("pyproject.toml", "tool.pytest.ini_options"),
    ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"),
)  # fmt: skip
_COLLECTING = ("python_files", "python_classes", "python_functions", "testpaths", "norecursedirs")
COVERAGE_PLACES = (
    (".coveragerc", ""), (".coveragerc.toml", "tool.coverage."), ("setup.cfg", "coverage:"), ("tox.ini", "coverage:"),
    ("pyproject.toml", "tool.coverage."),
)  # fmt: skip


class Option(msgspec.Struct, frozen=True):
    """One key of a section, and the line it stands on."""

    name: str
    line: int
    section: str = ""


class Section(msgspec.Struct, frozen=True):
    """A section of a file that a tool may read. ``broken`` says why the file could not be read."""

    file: str
    name: str
    line: int
    options: tuple[Option, ...] = ()
    broken: str = ""


def pytest_sections(root: Path) -> list[Section]:
    """Return the sections for pytest that exist, the one that counts first; broken files are among them."""
    found: list[Section] = []
    for file, name in PYTEST_PLACES:
        sections, text = _sections(root, file)
        if isinstance(sections, str):
            if not any(one.file == file for one in found):
                found.append(Section(file, name, 1, broken=sections))
        elif name in sections:
            keys = [key for key in sections[name] if (name, key) != ("tool.pytest", "ini_options")]
            if keys or name != "tool.pytest":
                found.append(_section(file, name, keys, text))
        elif file in {"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"} and text is not None:
            found.append(Section(file, name, 1))
    return found


def misplaced_sections(root: Path) -> Iterator[tuple[Section, str]]:
    """Yield sections for pytest under a name that is not read in that file, each with the name that is."""
    for file, wrong, right in (
        ("setup.cfg", "pytest", "tool:pytest"),
        ("tox.ini", "tool:pytest", "pytest"),
        ("pytest.ini", "tool:pytest", "pytest"),
        (".pytest.ini", "tool:pytest", "pytest"),
        ("pytest.ini", "tool.pytest.ini_options", "pytest"),
        ("setup.cfg", "tool.pytest.ini_options", "tool:pytest"),
        ("tox.ini", "tool.pytest.ini_options", "pytest"),
        ("pyproject.toml", "pytest", "tool.pytest.ini_options"),
        ("pyproject.toml", "tool:pytest", "tool.pytest.ini_options"),
    ):
        sections, text = _sections(root, file)
        if not isinstance(sections, str) and wrong in sections:
            yield _section(file, wrong, sections[wrong], text), right


def coverage_sections(root: Path) -> list[tuple[str, list[Section]]]:
    """Return (file, its sections for coverage) of each file that has some, the one that counts first."""
    found = []
    for file, prefix in COVERAGE_PLACES:
        sections, text = _sections(root, file)
        if isinstance(sections, str):
            continue  # coverage itself says what is wrong
        own = [_section(file, name, keys, text) for name, keys in sections.items() if name.startswith(prefix) and name]
        if own:
            found.append((file, own))
    return found


def loose_options(root: Path) -> list[Option]:
    """Return the options that stand in ``[tool.coverage]`` itself, whose tables alone are read."""
    sections, text = _sections(root, "pyproject.toml")
    if isinstance(sections, str) or "tool.coverage" not in sections:
        return []
    loose = [key for key in sections["tool.coverage"] if f"tool.coverage.{key}" not in sections]
    return list(_section("pyproject.toml", "tool.coverage", loose, text).options)


def written_settings(root: Path) -> dict[str, tuple[str, ...]]:
    """Return which files, classes, functions and folders pytest's configuration names, where pytest cannot be asked."""
    for file, name in PYTEST_PLACES:
        values = _values(root, file, name)
        found = {key: tuple(_words(values[key])) for key in _COLLECTING if key in values}
        if values or (file in {"pytest.ini", ".pytest.ini"} and (root / file).is_file()):
            return found
    return {}


def _values(root: Path, file: str, name: str) -> dict[str, Any]:
    text = _text(root / file)
    if text is None:
        return {}
    if not file.endswith(".toml"):
        parser = _parser()
        try:
            parser.read_string(text)
        except configparser.Error:
            return {}
        return dict(parser.items(name)) if parser.has_section(name) else {}
    try:
        data: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    for part in name.split("."):
        data = data.get(part) if isinstance(data, dict) else None
    return {key: value for key, value in data.items() if key != "ini_options"} if isinstance(data, dict) else {}


def _words(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value or "").split()


def _parser() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="\0")
    parser.optionxform = str  # type: ignore[assignment,method-assign] # keys keep their case, as pytest has them
    return parser


def limits_time(root: Path) -> bool:
    """Whether pytest's configuration has a time-out for each test (pytest-timeout: its option, or ``--timeout``)."""
    if any(option.name == "timeout" for section in pytest_sections(root) for option in section.options):
        return True
    return any(re.search(r"--timeout\b", _text(root / file) or "") for file in {file for file, _ in PYTEST_PLACES})


def line_of(root: Path, file: str, pattern: str) -> int:
    """Return the first line of a file that a pattern matches; 1 where there is none."""
    text = _text(root / file) or ""
    return next((number for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)), 1)


def _sections(root: Path, file: str) -> tuple[dict[str, list[str]] | str, str | None]:
    """Return sections with their keys, or why the file cannot be read, and its text (None where there is none)."""
    text = _text(root / file)
    if text is None:
        return {}, None
    if file.endswith(".toml"):
        try:
            return dict(_tables(tomllib.loads(text))), text
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return str(error)[:200], text
    parser = _parser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        return " ".join(str(error).split())[:200], text
    return {name: parser.options(name) for name in parser.sections()}, text


def _tables(data: dict[str, Any], prefix: str = "", depth: int = 6) -> Iterator[tuple[str, list[str]]]:
    for name, value in data.items():
        if isinstance(value, dict) and depth:
            yield prefix + name, list(value)
            yield from _tables(value, f"{prefix}{name}.", depth - 1)


def _section(file: str, name: str, keys: list[str], text: str | None) -> Section:
    lines = (text or "").splitlines()
    header = re.compile(rf"^\s*\[+\s*{re.escape(name)}\s*\]")
    start = next((number for number, line in enumerate(lines, 1) if header.match(line.replace('"', ""))), 1)
    options = []
    for key in keys:
        pattern = re.compile(rf"^\s*[\"']?{re.escape(key)}[\"']?\s*[=:]|^{re.escape(key)}\s*$")
        line = next((n for n, one in enumerate(lines[start:], start + 1) if pattern.match(one)), start)
        options.append(Option(key, line, name))
    return Section(file, name, start, tuple(options))


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
