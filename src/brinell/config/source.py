"""Where a project's configuration is, and its text as tables: ``brinell.toml`` or ``[tool.brinell]``."""

from __future__ import annotations

import errno
import os
import re
import shlex
import stat
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.core.redact import plain

FILE = "brinell.toml"
PYPROJECT = "pyproject.toml"
MARKERS = (FILE, PYPROJECT, "setup.py", "setup.cfg", "pytest.ini", "tox.ini")
_TEST_FOLDERS = ("tests", "test")
_OUR_TABLE = re.compile(r"^\s*\[+\s*tool\s*\.\s*[\"']?brinell\b", re.MULTILINE)
_WHERE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_TOO_LARGE = 1_000_000
_NO_FILES = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}


class Source(msgspec.Struct, frozen=True):
    """One configuration as read. ``prefix`` is ``tool.brinell`` inside pyproject.toml; no file: empty tables."""

    root: Path
    tables: dict[str, Any]
    file: Path | None = None
    prefix: str = ""
    lines: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name for messages."""
        return self.file.name if self.file else FILE


def project_root(start: Path) -> Path:
    """Return the nearest folder from ``start`` upwards that holds a Brinell configuration; else ``start`` itself.

    One that cannot be read is one, so that ``read`` says what is wrong with it.
    """
    here = start.resolve()
    within = False  # of a project that has no configuration of ours: what is wrong above it is not its own
    for folder in (here, *here.parents):
        if _is_there(folder / FILE) or _may_be_ours(folder / PYPROJECT, readable=within):
            return folder
        within = within or is_project(folder)
    return here


def _may_be_ours(pyproject: Path, *, readable: bool) -> bool:
    """Whether a pyproject.toml has our table, or is broken and speaks of us, or (unless ``readable``) stays closed."""
    if not _is_there(pyproject):
        return False
    try:
        text = _text(pyproject)
    except UsageError:
        return not readable
    if "brinell" not in text:
        return False
    try:
        tables = parse(text, pyproject)
    except UsageError:
        return _OUR_TABLE.search(text) is not None
    tool = tables.get("tool")
    return isinstance(tool, dict) and "brinell" in tool


def _is_there(file: Path, *, strict: bool = False) -> bool:
    """Whether anything has this name, be it a link that leads nowhere. ``strict``: UsageError if that stays unknown."""
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if not strict:
            return False
        hint = f"chmod u+x {shlex.quote(str(file.parent))}, as its owner" if error.errno == errno.EACCES else None
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint=hint) from None
    return True


def is_project(folder: Path) -> bool:
    """Whether a folder carries a mark of a Python project of its own."""
    return any(os.path.isfile(folder / marker) for marker in MARKERS)  # noqa: PTH113 - is_file() raises where nobody may look


def suite_place(given: str | None, here: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the root of the suite that ``given`` names, seen from ``here``, and the paths to hand to pytest.

    A folder that is a project, or has a folder of tests in it, is a root of its own. Anything else (a folder of
    tests, a file, ``file::test``) is a path within the project around it. UsageError if there is no such thing.
    """
    home = project_root(here)
    if given is None:
        return home, ()
    path, colons, inner = given.partition("::")
    whole = _resolved(here / path)
    if whole is None:
        raise UsageError(f"there is no {path}", hint="name a project, a folder of tests or a file")
    if not whole.exists():
        beside = sorted(item.name for item in whole.parent.iterdir()) if whole.parent.is_dir() else []
        close = nearest(whole.name, beside)
        hint = f"did you mean {Path(path).parent / close}?" if close else "name a project, a folder of tests or a file"
        raise UsageError(f"there is no {path}", hint=hint)
    if whole == home or (whole.is_dir() and (is_project(whole) or _has_tests(whole))):
        return whole, ()
    around = [home] if home in whole.parents and is_project(home) else []
    around += [folder for folder in whole.parents if is_project(folder)]
    if around:
        root = around[0]
    elif whole.is_dir() and whole.name not in _TEST_FOLDERS:
        return whole, ()
    else:
        root = whole.parent.parent if whole.is_file() and whole.parent.name in _TEST_FOLDERS else whole.parent
    return root, (str(whole.relative_to(root)) + colons + inner,)


def _resolved(path: Path) -> Path | None:
    """Return where a path leads; None for one that can lead nowhere: too long, or links in a circle."""
    try:
        found = path.resolve()
        found.exists()
    except (OSError, RuntimeError):
        return None
    return found


def _has_tests(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in _TEST_FOLDERS)


def read(root: Path) -> Source:
    """Read the configuration of a project.

    UsageError for broken TOML, for what has the name and cannot be read, and for a configuration in two places.
    """
    own = root / FILE
    is_own = _is_there(own, strict=True)
    tool = tool_table(root / PYPROJECT, strict=not is_own)
    if not is_own:
        if tool is None:
            return Source(root, {})
        text = _text(root / PYPROJECT)
        return Source(root, tool, root / PYPROJECT, "tool.brinell", tuple(text.splitlines()))
    if tool is not None:
        raise UsageError(
            f"the configuration is in two places: {own} and [tool.brinell] in {root / PYPROJECT}",
            hint="keep one of them",
        )
    text = _text(own)
    return Source(root, parse(text, own), own, "", tuple(text.splitlines()))


def parse(text: str, file: Path) -> dict[str, Any]:
    """Parse TOML. UsageError with the line and a caret under the place where it stops making sense."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{file}: nested too deeply to be read") from None
    except ValueError as error:
        raise UsageError(_syntax(str(error), text, file), hint="the syntax is TOML: https://toml.io") from None


def _syntax(message: str, text: str, file: Path) -> str:
    found = _WHERE.search(message)
    what = message[: found.start()] if found else message
    lines = text.splitlines()
    if found is None or found[1] is None:
        return f"{file}: {what} (at the end of the file)"
    number, column = int(found[1]), int(found[2])
    line = plain(lines[number - 1]) if number <= len(lines) else ""
    # A long line is cut around the place, so that the caret still stands under it.
    start = max(0, column - 61)
    gutter = f"{number} | "
    caret = " " * (len(gutter) + column - 1 - start) + "^"
    return f"{file}:{number}:{column}: {what}\n\n{gutter}{line[start : start + 100]}\n{caret}"


def _text(file: Path) -> str:
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
            what = _NO_FILES.get(stat.S_IFMT(found.st_mode), "a device")
            raise UsageError(f"{file} is {what}, not a file", hint=_replaced(file))
        if found.st_size > _TOO_LARGE:
            raise UsageError(f"{file} is larger than 1 MB: not a configuration file")
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {_why(file, error)}", hint=_mended(file, error)) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 (byte {error.start})", hint="save the file as UTF-8") from None


def _why(file: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT and file.is_symlink():
        return f"it is a link to {plain(str(file.readlink()))}, and there is no such file"
    return error.strerror or str(error)


def _mended(file: Path, error: OSError) -> str | None:
    if error.errno == errno.EACCES:
        return f"chmod u+r {shlex.quote(str(file))}, as its owner"
    return _replaced(file) if file.is_symlink() else None


def _replaced(file: Path) -> str:
    """What to do with something that has a configuration's name and is none."""
    name = shlex.quote(str(file))
    if file.name == FILE:
        return f"mv {name} {shlex.quote(str(file) + '.old')}; brinell init writes a new one"
    return f"mv {name} {shlex.quote(str(file) + '.old')}, or put a file in its place"


def declared_name(root: Path) -> str | None:
    """Return the name in ``[project]`` of pyproject.toml; None if there is none to be read."""
    try:
        project = tomllib.loads(_text(root / PYPROJECT)).get("project")
    except (UsageError, ValueError, RecursionError):
        return None
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else None


def tool_table(file: Path, *, strict: bool) -> dict[str, Any] | None:
    """Return ``[tool.brinell]`` of a pyproject.toml; None if there is none.

    A broken file matters only if it may speak of us and ``strict`` is set: then it is a ``UsageError``.
    """
    if not _is_there(file):
        return None
    try:
        text = _text(file)
        if "brinell" not in text:
            return None
        tables = parse(text, file)
    except UsageError:
        if strict:
            raise
        return None
    tool = tables.get("tool")
    table = tool.get("brinell") if isinstance(tool, dict) else None
    if strict and table is not None and not isinstance(table, dict):
        raise UsageError(f"{file}: brinell below [tool] is not a table", hint="write it as [tool.brinell]")
    return table if isinstance(table, dict) else None
