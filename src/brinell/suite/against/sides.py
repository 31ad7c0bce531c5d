"""The other side of a comparison: a revision, checked out in a scratch folder of its own, or a folder that is there.

Nothing of the repository is changed but the list of its work trees while the comparison lasts; hooks are not run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from brinell.core.errors import SubjectError, UsageError, nearest
from brinell.core.redact import one_line

_GIT_S = 120.0
_SUBMODULE = "160000"
_CODE = (".py", ".pyi", ".toml", ".ini", ".cfg", ".pth", ".so")


class Other(msgspec.Struct, frozen=True):
    """What was asked for: a ``commit`` of the project's repository, or a ``folder``; ``name`` as it was said."""

    name: str
    commit: str = ""
    folder: str = ""


class Tree(msgspec.Struct, frozen=True):
    """A side that is there: the root of its project, and what is to be known about it."""

    root: Path
    notes: tuple[str, ...] = ()


def resolve(root: Path, asked: str) -> Other:
    """Find out what ``asked`` names. UsageError if that is neither a revision nor a folder."""
    folder = Path(root, os.path.expanduser(asked))  # noqa: PTH111 - Path's own raises for a user there is none of
    is_path = "/" in asked or asked.startswith((".", "~"))
    commit = "" if asked.startswith("-") else _commit(root, asked)
    if commit and not (is_path and folder.is_dir()):
        return Other(asked, commit=commit)
    if asked and folder.is_dir():
        if folder.resolve() == root.resolve():
            raise UsageError(f"--against {asked} is this folder itself", hint="name a revision, such as --against main")
        return Other(asked, folder=str(folder.resolve()))
    said = one_line(asked, 80)
    if not _git(root, "rev-parse", "--git-dir"):
        why = f"--against {said}: there is no such folder, and {root} is in no git repository"
        raise UsageError(why, hint="name the folder of another checkout")
    known = _git(root, "for-each-ref", "--format=%(refname:short)", "--count=500").split()
    close = nearest(asked, known)
    hint = f"did you mean --against {close}?" if close else "git log --oneline lists revisions; HEAD is the last commit"
    raise UsageError(f"--against {said}: neither a revision of this repository nor a folder", hint=hint)


@contextmanager
def checked_out(root: Path, other: Other) -> Iterator[Tree]:
    """Have the other side on disk meanwhile. SubjectError where git can't check it out."""
    if other.folder:
        yield Tree(Path(other.folder))
        return
    top = Path(_git(root, "rev-parse", "--show-toplevel").strip() or root).resolve()
    scratch = Path(tempfile.mkdtemp(prefix="brinell-against-")).resolve()
    tree = scratch / "tree"
    added = []
    try:
        _add(top, tree, other.commit)
        added.append((top, tree))
        notes = []
        for path, commit in _submodules(top, other.commit):
            if _git(top / path, "cat-file", "-t", commit).strip() == "commit" and (top / path / ".git").exists():
                with suppress(OSError):
                    (tree / path).rmdir()
                _add(top / path, tree / path, commit)
                added.append((top / path, tree / path))
            else:
                notes.append(f"submodule {path} is not here at {commit[:12]} and stays empty on the old side")
        yield Tree(tree / root.resolve().relative_to(top), tuple(notes))
    finally:
        for repository, place in reversed(added):
            _git(repository, "worktree", "remove", "--force", "--force", str(place))
        shutil.rmtree(scratch, ignore_errors=True)
        for repository, _ in added:
            _git(repository, "worktree", "prune")


def state(root: Path, other: Other) -> str:
    """Return a digest of both sides' code; "" where one of them can't be told: it is in no git repository."""
    texts = [_code(root), other.commit or _code(Path(other.folder))]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16] if all(texts) else ""


def dirty_submodules(root: Path) -> tuple[str, ...]:
    """Say which submodules have changes of their own: they are compared as they are."""
    lines = _git(root, "status", "--porcelain=v2", "--untracked-files=no").splitlines()
    found = [line.split(" ", 8) for line in lines if line.startswith("1 ")]
    dirty = [row[8] for row in found if len(row) == 9 and row[2].startswith("S") and row[2] != "S..."]
    return tuple(f"submodule {one_line(path, 200)} has changes that are in no commit of {root.name}" for path in dirty)


def _code(root: Path) -> str:
    commit = _git(root, "rev-parse", "HEAD").strip()
    if not commit:
        return ""
    changed = _git(root, "diff", "HEAD", "--binary", "--no-ext-diff")
    loose = []
    for name in _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0"):
        if not name.endswith(_CODE):  # what tests leave behind is no change
            continue
        with suppress(OSError, ValueError):
            about = (root / name).stat()
            loose.append(f"{name} {about.st_size} {about.st_mtime_ns}")
    return "\n".join([commit, changed, *sorted(loose)])


def _commit(root: Path, revision: str) -> str:
    if not revision or "\0" in revision:
        return ""
    return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()


def _submodules(top: Path, commit: str) -> list[tuple[str, str]]:
    rows = [row.partition("\t") for row in _git(top, "ls-tree", "-r", "-z", commit).split("\0")]
    return [(path, facts.split()[2]) for facts, _, path in rows if facts.startswith(_SUBMODULE)]


def _add(repository: Path, place: Path, commit: str) -> None:
    arguments = ("-c", f"core.hooksPath={os.devnull}", "worktree", "add", "--force", "--detach", str(place), commit)
    done = _run(repository, *arguments)
    if done is None or done.returncode != 0:
        said = one_line(done.stderr, 300) if done is not None else "git is not here, or does not answer"
        raise SubjectError(f"git cannot check out {commit[:12]} of {repository}: {said}")


def _git(where: Path, *arguments: str) -> str:
    """Return what git says; "" where it fails."""
    done = _run(where, *arguments)
    return done.stdout if done is not None and done.returncode == 0 else ""


def _run(where: Path, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", *arguments], cwd=where, env={**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}, text=True,
            errors="replace", stdin=subprocess.DEVNULL, capture_output=True, timeout=_GIT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
