"""Where a project keeps its virtual environment, as its own tools say: ``.venv``, Poetry, PDM, uv, Pipenv.

Looks and asks, changes nothing: a command that could create or choose an environment is not run.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from brinell.core.errors import UsageError
from brinell.subject.question import ask

_ASK_TIMEOUT_S = 15.0
_FOLDERS = (".venv", "venv")
_ROOT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "brinell.toml")
# The lock file that says who manages an environment, in the order in which they are believed.
_MANAGERS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "Pipfile": "pipenv", "Pipfile.lock": "pipenv"}
_QUESTIONS = {"poetry": ("poetry", "env", "info", "--path"), "pipenv": ("pipenv", "--venv")}
_ADD = {
    "uv": "uv add --dev {}",
    "poetry": "poetry add --group dev {}",
    "pdm": "pdm add --dev --group test {}",
    "pipenv": "pipenv install --dev {}",
}


class Environment(msgspec.Struct, frozen=True):
    """An interpreter of an environment, how it was found, and the tool that manages it (None: nobody but pip)."""

    python: Path
    because: str
    manager: str | None = None


def python_of(folder: Path) -> Path | None:
    """Return the interpreter of a virtual environment. Its link is not followed: the link is what makes it one."""
    for name in ("python", "python3"):
        path = folder / "bin" / name
        if path.is_file() and os.access(path, os.X_OK):
            return path.absolute()
    return None


def project_folders(directory: Path) -> list[Path]:
    """Return ``directory`` and its parents up to the project's root, nearest first.

    The root is the repository; outside one, the outermost parent that has a project file.
    """
    chain = [directory, *directory.parents]
    for count, folder in enumerate(chain, 1):
        if (folder / ".git").exists():
            return chain[:count]
    marked = [count for count, folder in enumerate(chain, 1) if any((folder / name).exists() for name in _ROOT_FILES)]
    return chain[: max(marked, default=1)]


def find(directory: Path, environ: Mapping[str, str], notes: list[str]) -> Environment | None:
    """Return the project's own environment; what was tried in vain is added to ``notes``."""
    folders = project_folders(directory)
    for folder in folders:
        for path, because in _kept_in(folder, environ):
            python = python_of(path) if path.is_dir() else path
            if python is not None and python.is_file():
                return Environment(python, because, manager_of(folder))
            notes.append(f"{path} has no interpreter")
    for folder in folders:
        manager = manager_of(folder)
        if manager not in _QUESTIONS:
            continue
        found = _asked(_QUESTIONS[manager], folder, environ, notes)
        if found is not None:
            return Environment(found, f"`{' '.join(_QUESTIONS[manager])}` in {folder}", manager)
    return None


def manager_of(folder: Path) -> str | None:
    """Return the tool whose lock file lies in ``folder``."""
    return next((manager for name, manager in _MANAGERS.items() if (folder / name).is_file()), None)


def is_installable(folder: Path) -> bool:
    """Whether pip can install the project in ``folder``."""
    if (folder / "setup.py").is_file():
        return True
    try:
        tables = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return "project" in tables or "build-system" in tables


def add_line(
    python: Path, package: str, manager: str | None, *, pip: bool, managed: bool, project: Path | None = None
) -> str:
    """Return the command line that installs ``package`` for this interpreter, and ``project`` where no manager does.

    ``pip`` says whether it has pip, ``managed`` whether the operating system forbids pip there (PEP 668).
    """
    quoted, package = shlex.quote(str(python)), shlex.quote(package)
    if manager in _ADD:
        return _ADD[manager].format(package)
    if project is not None:
        package += f" -e {'.' if project.resolve() == Path.cwd() else shlex.quote(str(project))}"
    if managed:
        return f"python3 -m venv .venv && .venv/bin/python -m pip install {package}"
    if pip:
        return f"{quoted} -m pip install {package}"
    if shutil.which("uv"):
        return f"uv pip install --python {quoted} {package}"
    return f"{quoted} -m ensurepip && {quoted} -m pip install {package}"


def own_line(package: str) -> str:
    """Return the command line that installs ``package`` beside Brinell itself."""
    has_pip = importlib.util.find_spec("pip") is not None
    return add_line(Path(sys.executable), package, None, pip=has_pip, managed=False)


def _kept_in(folder: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield what a folder says about its environment without running anything: an environment or an interpreter."""
    if (folder / "uv.lock").is_file() and (named := environ.get("UV_PROJECT_ENVIRONMENT")):
        yield folder / named, "UV_PROJECT_ENVIRONMENT"
    for name in _FOLDERS:
        if (folder / name).is_dir():
            yield folder / name, f"{name} in {folder}"
    written = _written_in(folder / ".pdm-python")
    if written is not None:
        yield written, f".pdm-python in {folder}"


def _written_in(record: Path) -> Path | None:
    """Return the path that a file holds; None where there is no such file, or nothing that can be a path."""
    try:
        text = record.read_text(errors="replace").strip()
        found = record.parent / text
        found.exists()  # raises where no file could have that name
    except OSError:
        return None
    return found if text.isprintable() and text else None


def _asked(question: tuple[str, ...], folder: Path, environ: Mapping[str, str], notes: list[str]) -> Path | None:
    if shutil.which(question[0], path=environ.get("PATH")) is None:
        notes.append(f"{question[0]}, which manages {folder}, is not on the PATH")
        return None
    # An active environment would be the answer, and it is not the one that is asked for.
    inherited = {name: value for name, value in environ.items() if name not in ("VIRTUAL_ENV", "PIPENV_ACTIVE")}
    try:
        answer = ask(question, cwd=folder, env=inherited, timeout_s=_ASK_TIMEOUT_S)
    except UsageError as error:
        notes.append(str(error))
        return None
    lines = answer.out.strip().splitlines()
    found = python_of(Path(lines[-1].strip())) if answer.status == 0 and lines else None
    if found is None:
        ended = "gave no answer in time" if answer.status is None else "knows no environment"
        notes.append(f"`{' '.join(question)}` in {folder} {ended}")
    return found
