"""The project's Python files: found, read and parsed, each within bounds; what cannot be read says so in a line.

A file is parsed once. Text of any kind may stand in it: no size, depth or encoding may end the tool.
"""

from __future__ import annotations

import ast
import io
import os
import re
import stat
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from brinell.suite.quality.nodes import children, walk

MOST_BYTES = 1_000_000
MOST_FILES = 20_000
_MOST_NODES = 400_000
_MOST_FOLDERS = 50_000
NOT_OURS = (
    "*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}", "__pycache__", "site-packages",
)  # fmt: skip
"""Folders that pytest does not look into by default (``norecursedirs``), and two more."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


class UnreadableError(Exception):
    """A file that was not read, and why."""


class Source:
    """One parsed file. ``path`` is relative to the project's root, with slashes."""

    def __init__(self, path: str, text: bytes) -> None:
        self.path = path
        self.size_bytes = len(text)
        self.tree = parsed(text)
        self.text = text

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent."""
        return {child: node for node in walk(self.tree) for child in children(node)}

    @cached_property
    def comments(self) -> dict[int, str]:
        """Comments by line, without their ``#``."""
        found = {}
        try:
            for token in tokenize.tokenize(io.BytesIO(self.text).readline):
                if token.type == tokenize.COMMENT:
                    found[token.start[0]] = token.string.lstrip("#").strip()
        except (tokenize.TokenError, SyntaxError, UnicodeError):  # it was parsed: what came until here is right
            pass
        return found

    def enclosing(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node stands in, innermost first."""
        while (above := self.parents.get(node)) is not None:
            yield above
            node = above

    def comments_within(self, node: ast.stmt) -> str:
        """Return the comments in a statement and directly above it (or its first decorator), in one text."""
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        lines = range(first, (node.end_lineno or node.lineno) + 1)
        above = first - 1
        while above in self.comments and above > 0:
            above -= 1
        return "\n".join(self.comments[line] for line in (*range(above + 1, first), *lines) if line in self.comments)


def read(root: Path, path: str) -> Source:
    """Read and parse a regular file below ``root``. ``UnreadableError`` says why not."""
    return Source(path, text_of(root, path))


def text_of(root: Path, path: str) -> bytes:
    """Return the bytes of a regular file below ``root``. ``UnreadableError`` says why not."""
    try:
        with os.fdopen(os.open(root / path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise UnreadableError("not a regular file")
            if about.st_size > MOST_BYTES:
                raise UnreadableError(f"larger than {MOST_BYTES // 1_000_000} MB")
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(error.strerror or "cannot be read") from None


def parsed(text: bytes) -> ast.Module:
    """Return the tree of a program. ``UnreadableError`` says why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is read, not of ours
            tree = ast.parse(text)
        if sum(1 for _ in walk(tree)) > _MOST_NODES:
            raise UnreadableError("too long a program")
    except SyntaxError as error:
        raise UnreadableError(f"not the Python of this tool: line {error.lineno}") from None
    except (ValueError, RecursionError, MemoryError):
        raise UnreadableError("cannot be parsed") from None
    return tree


def test_files(root: Path, folders: Sequence[str], patterns: Sequence[str], skipped: Sequence[str]) -> Iterator[str]:
    """Yield the paths that pytest would take for test files below ``folders``, and every conftest, sorted by folder."""
    for path in python_files(root, folders, skipped):
        name = path.rpartition("/")[2]
        if name == "conftest.py" or any(matches(path, name, pattern) for pattern in patterns):
            yield path


def matches(path: str, name: str, pattern: str) -> bool:
    """Whether a file fits a pattern of ``python_files``: of names, or of paths where it has a slash."""
    return fnmatch(path if "/" in pattern else name, f"*/{pattern}" if "/" in pattern else pattern)


def python_files(root: Path, folders: Sequence[str], skipped: Sequence[str] = NOT_OURS) -> Iterator[str]:
    """Yield the paths of regular ``*.py`` files below ``folders``, each once; links to folders are not followed."""
    seen: set[str] = set()
    left = _MOST_FOLDERS
    for folder in folders:
        start = root / folder
        if start.is_file():
            found = [_below(root, start)] if start.suffix == ".py" else []
            yield from (path for path in found if path not in seen and not seen.add(path))  # type: ignore[func-returns-value]
            continue
        for where, folders_below, names in os.walk(start):
            left -= 1
            if left < 0:
                return
            folders_below[:] = sorted(name for name in folders_below if not _is_skipped(Path(where, name), skipped))
            for name in sorted(names):
                path = _below(root, Path(where, name))
                if name.endswith(".py") and path not in seen:
                    seen.add(path)
                    yield path


def _is_skipped(folder: Path, skipped: Sequence[str]) -> bool:
    if any(fnmatch(folder.name, pattern) for pattern in skipped):
        return True
    return (folder / "pyvenv.cfg").exists() or (folder / "conda-meta").exists()


def _below(root: Path, path: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


_IGNORE = re.compile(r"\bbrinell:\s*ignore(?:\[([\w\s,-]*)\])?", re.IGNORECASE)
_NOQA = re.compile(r"\bnoqa(?::\s*([A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*))?", re.IGNORECASE)


def exempts(comment: str, kind: str, codes: Sequence[str] = ()) -> bool:
    """Whether a comment exempts its line: ours, or the linters' own for the same thing (``codes``)."""
    ours = _IGNORE.search(comment)
    if ours is not None and (ours[1] is None or kind in re.split(r"[\s,]+", ours[1])):
        return True
    theirs = _NOQA.search(comment)
    return theirs is not None and bool(codes) and any(code in (theirs[1] or "").upper().split(",") for code in codes)
