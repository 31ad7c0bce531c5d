"""Whose code is a frame? Decided from the path alone, by what pytest said of its interpreter and by the plan's sources:
no file is read, so that judging a journal on another machine gives the same answer.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from brinell.core.observation import Frame, SuiteStarted
from brinell.core.plan import Plan


class Code(StrEnum):
    """Whose code a file is."""

    SOURCE = "product source"
    SUPPORT = "project file outside the product's source"
    TESTS = "project tests"
    CONFTEST = "conftest"
    THIRD_PARTY = "installed package"
    STDLIB = "standard library"
    GENERATED = "generated code"
    OUTSIDE = "file outside the project"


PROJECT = frozenset({Code.SOURCE, Code.SUPPORT, Code.TESTS, Code.CONFTEST})
PRODUCT = frozenset({Code.SOURCE, Code.SUPPORT})

_INSTALLED = frozenset({"site-packages", "dist-packages", ".venv", "venv", ".tox", ".nox", ".eggs", "__pypackages__"})
_TEST_FOLDERS = frozenset({"tests", "test", "testing"})
_TEST_FILE = re.compile(r"(?:test_.*|.*_test|tests)\.py")
_STDLIB_GUESS = re.compile(r"/lib(?:64)?/python3\.\d+/")
_NOT_A_NAME = frozenset({"", ".", "src", "lib", "python"})


@dataclass(frozen=True)
class Place:
    """A file seen from the project: whose it is, and its name for people (relative where it is the project's)."""

    code: Code
    path: str

    @property
    def in_project(self) -> bool:
        """Whether the project's own people wrote it."""
        return self.code in PROJECT

    @property
    def is_product(self) -> bool:
        """Whether it is the project's, and not a test."""
        return self.code in PRODUCT

    @property
    def is_test(self) -> bool:
        """Whether it is a test or a conftest of the project."""
        return self.code in {Code.TESTS, Code.CONFTEST}


@dataclass
class Layout:
    """Where things lie. Paths are normalised, absolute, as given (links are not followed)."""

    roots: tuple[str, ...]
    sources: tuple[str, ...]
    stdlib: tuple[str, ...]
    site: tuple[str, ...]
    prefix: str
    test_files: frozenset[str]
    names: frozenset[str]  # top-level modules of the product
    python: tuple[int, ...] = ()  # version the suite ran on; empty if it is not known
    _known: dict[str, Place] = field(default_factory=dict)

    def place(self, file: str) -> Place:
        """Return whose file it is."""
        place = self._known.get(file)
        if place is None:
            place = self._known[file] = self._place(file)
        return place

    def of(self, frame: Frame) -> Place:
        """Return whose code a frame runs."""
        return self.place(frame.file)

    def _place(self, file: str) -> Place:
        if file.startswith("<"):
            return Place(Code.STDLIB if file.startswith("<frozen ") else Code.GENERATED, file)
        path = posixpath.normpath(file)
        installed = self._installed(path)
        if installed:
            return installed
        source = next((source for source in self.sources if _inside(path, source)), None)
        root = next((root for root in self.roots if _inside(path, root)), None)
        if source is None and root is None:
            return Place(self._elsewhere(path), path)
        shown = posixpath.relpath(path, root or posixpath.dirname(source or "/"))
        return Place(self._project_code(path, source, root), shown)

    def _installed(self, path: str) -> Place | None:
        """A copy of the product among the installed packages is the product; anything else there is not."""
        inside = next((folder for folder in (*self.roots, *self.sources) if _inside(path, folder)), "")
        parts = path[len(inside) :].strip("/").split("/")
        at = max((n for n, part in enumerate(parts[:-1]) if part in _INSTALLED), default=None)
        for site in self.site:
            if at is None and _inside(path, site):
                parts, at = path[len(site) :].split("/"), 0
        if at is not None:
            top = parts[at + 1].removesuffix(".py")
            if top in self.names and (parts[at] in {"site-packages", "dist-packages", ""}):
                return Place(Code.SOURCE, "/".join(parts[at + 1 :]))
            return Place(Code.THIRD_PARTY, path)
        if self.prefix and any(_inside(self.prefix, root) and self.prefix != root for root in self.roots):
            return Place(Code.THIRD_PARTY, path) if _inside(path, self.prefix) else None
        return None

    def _elsewhere(self, path: str) -> Code:
        if any(_inside(path, folder) for folder in self.stdlib) or _STDLIB_GUESS.search(path):
            return Code.STDLIB
        return Code.OUTSIDE

    def _project_code(self, path: str, source: str | None, root: str | None) -> Code:
        name = posixpath.basename(path)
        if name == "conftest.py":
            return Code.CONFTEST
        if path in self.test_files:
            return Code.TESTS
        base = source if source is not None and source not in self.roots else root
        folders = posixpath.relpath(path, base).split("/")[:-1] if base else []
        if source is not None and source not in self.roots:
            # In a package "test" may be product code (a test client); it is not where tests were seen in it.
            if "tests" in folders or self._beside_tests(path, source):
                return Code.TESTS
            return Code.TESTS if name.startswith("test_") else Code.SOURCE
        if _TEST_FOLDERS.intersection(folders) or _TEST_FILE.fullmatch(name):
            return Code.TESTS
        return Code.SOURCE if source is not None else Code.SUPPORT

    def _beside_tests(self, path: str, source: str) -> bool:
        folder = posixpath.dirname(path)
        while folder != source and _inside(folder, source):
            if posixpath.basename(folder) in _TEST_FOLDERS and any(_inside(test, folder) for test in self.test_files):
                return True
            folder = posixpath.dirname(folder)
        return False

    def is_own_module(self, module: str) -> bool:
        """Whether a dotted module name is the product's, as far as its top level tells."""
        return module.split(".", maxsplit=1)[0] in self.names


def layout_of(plan: Plan, started: SuiteStarted | None, directory: str, tests: Iterable[str]) -> Layout:
    """Return the layout of one suite. ``tests`` are the files of tests relative to pytest's root directory.

    Without sources in the plan, everything in the project that is no test is source.
    """
    started = started or SuiteStarted(argv=(), interpreter="", chosen_because="")
    root = _normal(plan.root)
    home = _normal(posixpath.join(root, directory))
    rootdir = _normal(started.rootdir) if started.rootdir else home
    roots = {root, home, rootdir, _normal(started.cwd)} - {"", "/", "."}
    # A root outside the plan's is the same project by another name (a link, resolved by one of the two).
    names_of_root = {root} | {other for other in roots if not _inside(other, root)}
    sources = {_normal(posixpath.join(name, source)) for name in names_of_root for source in plan.source}
    sources = sources or {root, home, rootdir}
    return Layout(
        roots=_longest_first(roots),
        sources=_longest_first(sources - {"", "/", "."}),
        stdlib=_longest_first(_normal(path) for path in started.stdlib),
        site=_longest_first(_normal(path) for path in started.site),
        prefix=_normal(started.prefix),
        test_files=frozenset(_normal(posixpath.join(rootdir, path)) for path in tests),
        names=_names(plan, sources, roots),
        python=tuple(int(part) for part in re.findall(r"\d+", started.python)[:2]),
    )


def _names(plan: Plan, sources: set[str], roots: set[str]) -> frozenset[str]:
    """Top-level module names of the product: what its source folders are called, the project's name without any."""
    found = {posixpath.basename(source).removesuffix(".py") for source in sources if source not in roots}
    if not found - _NOT_A_NAME:
        found = {re.sub(r"[-.]+", "_", plan.name).lower(), plan.name}
    return frozenset(found - _NOT_A_NAME - _TEST_FOLDERS)


def _normal(path: str) -> str:
    return posixpath.normpath(path) if path else ""


def _longest_first(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({path for path in paths if path}, key=lambda path: (-len(path), path)))


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
