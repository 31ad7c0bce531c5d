"""The project's test suite as its own files describe it: pytest settings, test folders, markers."""

from __future__ import annotations

import configparser
import os
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from brinell.subject.discover import tree

_CATEGORY_MARKERS = ("unit", "integration", "functional", "e2e", "slow", "smoke", "contract", "property", "performance")
_KNOWN_BUGS = ("KNOWN_BUGS.md", "tests/KNOWN_BUGS.md", "tests/INVARIANTS.md", "INVARIANTS.md", "brinell.triage.toml")


class Suite(msgspec.Struct, frozen=True):
    """``settings`` names the file (and table) pytest reads; paths are relative to the root."""

    settings: str = ""
    testpaths: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    categories: dict[str, str] = {}
    files: int = 0
    known_bugs: tuple[str, ...] = ()


def find_suite(root: Path) -> Suite:
    """Look for pytest's settings in the order pytest does, and for test files."""
    settings, options = _settings(root)
    # TOML can write a NUL; no file can have it in its name.
    named = [path for path in _words(options.get("testpaths")) if "\0" not in path]
    testpaths = tuple(path for path in named if os.access(root / path, os.R_OK))
    tests = [file for file in tree.python_files(root) if tree.is_test(file) and file.name != "conftest.py"]
    tops = {file.relative_to(root).parts[0] for file in tests if len(file.relative_to(root).parts) > 1}
    folders = tuple(sorted(top for top in tops if top in ("tests", "test", "testing"))) or tuple(sorted(tops))[:5]
    categories = _categories(root, testpaths or folders, _markers(options.get("markers")))
    known = tuple(name for name in _KNOWN_BUGS if tree.text(root / name) is not None)
    return Suite(settings, testpaths, folders, categories, len(tests), known)


def _settings(root: Path) -> tuple[str, dict[str, Any]]:
    for name in ("pytest.ini", ".pytest.ini"):
        if (root / name).is_file():
            return name, _ini(root / name, "pytest")
    table = _toml(root / "pyproject.toml").get("tool", {})
    options = table.get("pytest", {}) if isinstance(table, dict) else {}
    options = options.get("ini_options", options) if isinstance(options, dict) else {}
    if isinstance(options, dict) and options:
        return "pyproject.toml", options
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        found = _ini(root / name, section)
        if found:
            return name, found
    return "", {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(tree.text(path) or "")
    except (ValueError, RecursionError):
        return {}


def _ini(path: Path, section: str) -> dict[str, Any]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(tree.text(path) or "")
        return dict(parser[section]) if parser.has_section(section) else {}
    except (configparser.Error, ValueError):
        return {}


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _markers(value: Any) -> list[str]:
    """Return marker names; each line or item is ``name(args): description``."""
    items = value.splitlines() if isinstance(value, str) else _words(value)
    return [item.partition(":")[0].partition("(")[0].strip() for item in items if item.strip()]


def _categories(root: Path, places: tuple[str, ...], markers: list[str]) -> dict[str, str]:
    """Suggest categories: folders of tests below the test folders, then well-known markers."""
    found: dict[str, str] = {}
    for place in places:
        for folder in tree.entries(root / place):
            if folder.is_dir() and any(tree.is_test(file) for file in tree.python_files(folder)):
                found.setdefault(folder.name, f"{place.rstrip('/')}/{folder.name}/**")
    for marker in markers:
        if marker in _CATEGORY_MARKERS:
            found.setdefault(marker, f"@{marker}")
    return dict(list(found.items())[:12])
