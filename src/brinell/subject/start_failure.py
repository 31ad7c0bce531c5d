"""Why a command could not be started, and the nearest thing that would work."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from brinell.core.errors import UsageError, nearest
from brinell.core.redact import one_line

_VENVS = (".venv", "venv")


def explain(argv: Sequence[str], cwd: Path, env: Mapping[str, str], failure: Mapping[str, Any]) -> UsageError:
    """Turn ``{stage, errno, message}`` of a failed start into the message a user can act on."""
    command, number = one_line(argv[0]), failure["errno"]
    if failure["stage"] == "chdir":
        return UsageError(f"cannot start {command!r} in {cwd}: {failure['message']}", _parent_that_exists(cwd))
    path = cwd / argv[0]
    if number in (errno.ENOENT, errno.ENOTDIR):
        return _not_found(argv[0], path, cwd, env)
    hint = None
    why = failure["message"]
    if number == errno.EACCES and path.is_dir():
        why = "it is a directory"
    elif number == errno.EACCES:
        why, hint = "it is not executable", f"chmod +x {shlex.quote(argv[0])}"
    elif number == errno.ENOEXEC:
        why = "it is neither a program nor a script with a #! line"
        hint = f"name its interpreter first: {{python}} {command}"
    return UsageError(f"cannot start {command!r}: {why}", hint)


def _not_found(name: str, path: Path, cwd: Path, env: Mapping[str, str]) -> UsageError:
    if "/" not in name:
        return UsageError(f"there is no command {one_line(name)!r} on the PATH", _similar(name, cwd, env))
    if path.exists():
        message = f"cannot start {one_line(name)!r}: the interpreter that its first line names does not exist"
        return UsageError(message, f"the line is: {_first_line(path)}")
    return UsageError(f"there is no file {path}", _similar(path.name, path.parent, {"PATH": str(path.parent)}))


def _parent_that_exists(folder: Path) -> str:
    if folder.exists():
        return f"{folder} is not a directory that can be entered"
    found = next(parent for parent in folder.parents if parent.is_dir())
    missing = folder.relative_to(found).parts[0]
    near = nearest(missing, sorted(entry.name for entry in found.iterdir() if entry.is_dir()))
    return f"did you mean {found / near}?" if near else f"{found} exists and has no {missing!r}"


def _similar(name: str, cwd: Path, env: Mapping[str, str]) -> str | None:
    """Name the same command in a virtual environment beside it, or the most similar one on the PATH."""
    for folder in (cwd, *cwd.parents):
        for venv in _VENVS:
            if (folder / venv / "bin" / name).is_file():
                return f"it is in {folder / venv / 'bin'}: write that path, or activate the environment first"
    names: set[str] = set()
    for entry in env.get("PATH", os.defpath).split(os.pathsep):
        try:
            names.update(os.listdir(cwd / entry))  # noqa: PTH208 - names only
        except OSError:
            continue
    near = get_close_matches(name, names, n=1, cutoff=0.8)  # a PATH is long: something is always a little similar
    return f"did you mean {near[0]!r}?" if near else None


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return one_line(file.readline(200).decode(errors="replace"))
    except OSError as error:
        return one_line(str(error))
