"""Which distributions the project declares, and where: pyproject, setup and requirement files, tox, nox and the rest.

Errs towards declared: whatever reads like a requirement in a file that installs things counts.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brinell.suite.quality.nodes import walk

_MOST_BYTES = 500_000
_MOST_FILES = 200
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:$|[<>=!~;@(,#\s])")
_LISTS = (
    "requirements*.txt", "requirements*.in", "*requirements.txt", "requirements/*", "*/requirements*.txt",
    "requirements/*/*.txt", "constraints*.txt", "deps/*.txt", ".requirements/*", "*/*requirements*.txt",
)  # fmt: skip
_MENTIONING = (
    "tox.ini", "setup.cfg", "Makefile", "justfile", "Justfile", "Dockerfile*", ".github/workflows/*",
    ".gitlab-ci.yml", "environment*.y*ml", "*/environment*.y*ml", "conda*/*.y*ml", "Pipfile", "noxfile.py",
    "setup.py", "azure-pipelines.yml", "tasks.py", "scripts/*", "ci/*", ".travis.yml", "appveyor.yml",
    "hatch.toml", "pdm.toml", "pixi.toml", "CONTRIBUTING*",
)  # fmt: skip

_CONSTRAINED = re.compile(r"(?:-r|--requirement)[\s=]*\S*constraint", re.IGNORECASE)


def normal(name: str) -> str:
    """Return a distribution's name in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Declared:
    """What a project declares. ``places`` has where, by normal name; ``test_places`` are those for tests."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.places: dict[str, list[str]] = defaultdict(list)
        self._names: set[str] = set()  # of all places
        self._text = ""
        self._pyproject()
        for path in self._files(_LISTS):
            if "constraint" in path.name.lower() and not _CONSTRAINED.search(self._text_of_lists()):
                continue  # it says which version, where something else installs it
            for line in _lines(path):
                self._add(line, path.relative_to(root).as_posix())
        for path in self._files(_MENTIONING):
            self._mentioning(path)

    def _text_of_lists(self) -> str:
        """Return all files that may install what a constraints file lists."""
        return "\n".join(_read(path) for path in self._files((*_LISTS, *_MENTIONING)))

    def has(self, *names: str) -> bool:
        """Whether any of the distributions is declared, or at least mentioned where things are installed."""
        for name in map(normal, names):
            if name in self.places:
                return True
            pattern = re.sub(r"-", "[-_.]", re.escape(name).replace("\\-", "-"))
            if name and re.search(rf"(?<![\w.-]){pattern}(?![\w-])", self._text, re.IGNORECASE):
                return True
        return False

    @property
    def test_place(self) -> str:
        """The place that test dependencies are declared in: where pytest is, else what is named for tests."""
        near = [
            place
            for name in ("pytest", "pytest-cov", "pytest-asyncio", "pytest-xdist")
            for place in self.places.get(name, [])
        ]
        named = [place for place in sorted(self._names) if re.search(r"test|dev", place)]
        good = sorted(near, key=lambda place: ("test" not in place, "dev" not in place))
        return next(iter([*good, *named]), "")

    def _add(self, text: str, place: str) -> None:
        self._names.add(place)
        match = _REQUIREMENT.match(text)
        if match and place not in self.places[normal(match[1])]:
            self.places[normal(match[1])].append(place)

    def _pyproject(self) -> None:
        text = _read(self._root / "pyproject.toml")
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            return
        for place, item in _requirements(data):
            self._add(item, place)

    def _mentioning(self, path: Path) -> None:
        text = _read(path)
        place = path.relative_to(self._root).as_posix()
        if path.suffix == ".py":
            try:
                strings: list[object] = [node.value for node in walk(ast.parse(text)) if isinstance(node, ast.Constant)]
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                strings = list(text.splitlines())
            for one in strings:
                if isinstance(one, str):
                    for line in one.splitlines():
                        self._add(line, place)
        elif path.name in {"setup.cfg", "tox.ini", "Pipfile"}:
            for line in text.splitlines():
                self._add(re.sub(r"^\s*(?:deps|install_requires|tests_require|\w+)\s*=\s*(?=\w)", "", line), place)
        self._text += "\n" + text

    def _files(self, patterns: tuple[str, ...]) -> Iterator[Path]:
        left = _MOST_FILES
        seen: set[Path] = set()
        for pattern in patterns:
            for path in sorted(self._root.glob(pattern)):
                if left > 0 and path not in seen and path.is_file():
                    seen.add(path)
                    left -= 1
                    yield path


def _requirements(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (place, requirement) of a ``pyproject.toml``: lists and tables whose name speaks of dependencies."""
    stack: list[tuple[str, Any, bool]] = [("", data, False)]
    while stack:
        path, value, relevant = stack.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                below = f"{path}.{key}" if path else str(key)
                is_table = relevant and path.endswith("dependencies") and path.startswith("tool.")
                if is_table:
                    yield f"[{path}]", str(key)
                speaks = relevant or "depend" in str(key) or "require" in str(key)
                stack.append((below, inner, speaks))
        elif isinstance(value, list) and relevant:
            for one in value:
                if isinstance(one, str):
                    yield f"[{path}]", one


def _lines(path: Path) -> list[str]:
    return _read(path).splitlines()


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
