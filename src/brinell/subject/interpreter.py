"""Which Python runs the project's tests, why that one, and whether it can."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import msgspec

from brinell.core.errors import UsageError
from brinell.core.redact import one_line
from brinell.subject import environments
from brinell.subject.question import Answer, ask

OLDEST_PYTHON = (3, 8)
OLDEST_PYTEST = 7
_PROBE_TIMEOUT_S = 30.0
_MARK = "brinell-probe "

# Runs in any Python from 2.7 on, so that an old one is told so instead of failing. The first lines keep the project's
# own modules, which may be called json, out of the way.
_PROBE_CODE = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import json
found = {"version": list(sys.version_info[:3]), "executable": sys.executable or "", "prefix": sys.prefix}
if sys.version_info >= (3, 8):
    import os, sysconfig
    from importlib import metadata, util
    plugins = {}
    for distribution in metadata.distributions():
        if any(point.group == "pytest11" for point in distribution.entry_points):
            plugins[distribution.metadata["Name"]] = distribution.version
    try:
        found["pytest"] = metadata.version("pytest")
    except metadata.PackageNotFoundError:
        if util.find_spec("pytest"):
            import pytest
            found["pytest"] = pytest.__version__
    found["plugins"] = plugins
    found["pip"] = util.find_spec("pip") is not None
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    found["managed"] = sys.prefix == sys.base_prefix and os.path.exists(marker)
sys.stdout.write("\\n" + "brinell-probe " + json.dumps(found) + "\\n")
"""


class Interpreter(msgspec.Struct, frozen=True):
    """An interpreter and the reason it was chosen; ``manager`` is the tool that keeps its environment, if any."""

    path: Path
    because: str
    manager: str | None = None


class Probe(msgspec.Struct, frozen=True):
    """What an interpreter said about itself. ``plugins``: pytest plugins by distribution, with their versions."""

    version: tuple[int, int, int]
    executable: str
    prefix: str
    pytest: str | None = None
    plugins: dict[str, str] = {}
    pip: bool = False
    managed: bool = False


def choose(
    directory: Path, python: str | None, environ: Mapping[str, str], *, configured: str | None = None
) -> Interpreter:
    """Return the interpreter for the project in ``directory``; nothing is run but Poetry or Pipenv, where they rule.

    ``python`` (a path, a name on the PATH, a virtual environment) always wins; then the active environment, the
    project's own, and python3 on the PATH. ``configured`` is what the configuration says: if ``python`` is that, the
    reason given is the configuration. An active environment that is this tool's own yields to the project's: it
    may be active for the tool's sake alone.
    """
    directory = directory.absolute()
    if python is not None:
        where = "[project] python =" if python == configured else "--python"
        return Interpreter(_named(python, directory, environ), f"{where} {one_line(python)}")
    notes: list[str] = []
    active = _active(environ, notes)
    if active is not None and not _is_own(environ):
        return active
    own = environments.find(directory, environ, notes)
    if own is not None:
        return Interpreter(own.python, own.because, own.manager)
    if active is not None:
        return active
    found = shutil.which("python3", path=environ.get("PATH"))
    if found is None:
        raise UsageError(
            f"no Python found for {directory}", "; ".join([*notes, "name one with --python, or make a .venv there"])
        )
    because = "python3 on the PATH" + (f" ({'; '.join(notes)})" if notes else "")
    return Interpreter(Path(found).absolute(), because)


def probe(interpreter: Interpreter, *, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> Probe:
    """Run the interpreter once, in the project's directory, and return what it is.

    ``UsageError`` if it doesn't run, if it is older than Python 3.8, if it has no pytest or one older than 7; the hint
    is the command line that would help.
    """
    folder, path = (cwd or Path.cwd()), interpreter.path
    answer = ask([str(path), "-c", _PROBE_CODE], cwd=folder, env=environ or os.environ, timeout_s=_PROBE_TIMEOUT_S)
    found = _read(answer, path)
    chosen = f"{path} (chosen: {interpreter.because})"
    if found.version < OLDEST_PYTHON:
        is_ = ".".join(map(str, found.version))
        raise UsageError(f"{chosen} is Python {is_}; supported is 3.8 and newer", "name another one with --python")
    if found.pytest is None or _major(found.pytest) < OLDEST_PYTEST:
        package = "pytest" if found.pytest is None else f"pytest>={OLDEST_PYTEST}"
        has = "has no pytest" if found.pytest is None else f"has pytest {found.pytest}; supported is 7 and newer"
        line = environments.add_line(
            path,
            package,
            interpreter.manager,
            pip=found.pip,
            managed=found.managed,
            # Where there is no pytest, what the tests import is hardly there either.
            project=folder if found.pytest is None and environments.is_installable(folder) else None,
        )
        raise UsageError(f"{chosen} {has}", line)
    return found


def _named(python: str, directory: Path, environ: Mapping[str, str]) -> Path:
    """Resolve what the user typed: relative paths count from the project, then from where the user stands."""
    if "/" not in python and (on_path := shutil.which(python, path=environ.get("PATH"))):
        return Path(on_path).absolute()
    given = Path(os.path.expanduser(python))  # noqa: PTH111 - Path's own raises for a user there is none of
    for path in (directory / given, Path.cwd() / given):
        if path.is_dir():
            inside = environments.python_of(path)
            if inside is None:
                raise UsageError(f"--python {one_line(python)}: {path} is a directory without bin/python")
            return inside
        if path.is_file():
            if not os.access(path, os.X_OK):
                raise UsageError(f"--python {one_line(python)}: {path} is not executable", f"chmod +x {path}")
            return path
    raise UsageError(f"--python {one_line(python)}: there is no such interpreter", _similar(python, environ))


def _similar(python: str, environ: Mapping[str, str]) -> str:
    names: set[str] = set()
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        names.update(path.name for path in Path(entry or ".").glob("py*") if path.is_file())
    near = get_close_matches(Path(python).name, names, n=1, cutoff=0.6)
    valid = "a path, a name on the PATH or a virtual environment's directory"
    return f"did you mean {near[0]!r}? Valid is {valid}" if near else f"valid is {valid}"


def _active(environ: Mapping[str, str], notes: list[str]) -> Interpreter | None:
    folder = environ.get("VIRTUAL_ENV")
    if not folder:
        return None
    python = environments.python_of(Path(folder))
    if python is None:
        notes.append(f"VIRTUAL_ENV={one_line(folder)} has no bin/python")
        return None
    return Interpreter(python, f"VIRTUAL_ENV={one_line(folder)} is active")


def _is_own(environ: Mapping[str, str]) -> bool:
    return os.path.realpath(environ["VIRTUAL_ENV"]) == os.path.realpath(sys.prefix)


def _read(answer: Answer, path: Path) -> Probe:
    """Find the probe's line; an interpreter's start-up files may print whatever they like around it."""
    line = next((line for line in answer.out.splitlines() if line.startswith(_MARK)), "")
    try:
        return msgspec.json.decode(line.removeprefix(_MARK), type=Probe)
    except msgspec.DecodeError:
        pass
    if answer.status is None:
        raise UsageError(f"{path} did not answer within {_PROBE_TIMEOUT_S:.0f} s", "is it a Python interpreter?")
    said = [text for text in answer.err.splitlines() if text.strip()]
    last = f": {one_line(said[-1])}" if said else ""
    raise UsageError(f"{path} is not a working Python (exit status {answer.status}){last}", "name one with --python")


def _major(version: str) -> int:
    digits = version.partition(".")[0]
    return int(digits) if digits.isdecimal() else OLDEST_PYTEST
