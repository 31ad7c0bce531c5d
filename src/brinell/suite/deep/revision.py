"""What git knows of a project: where this branch left the main one, and what was changed since."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from brinell.core.errors import BrinellError
from brinell.core.roles import Room

_MAIN = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master")
_LOCAL_MAIN = ("refs/heads/main", "refs/heads/master")
_MOST_BYTES = 32_000_000  # of an answer
_MOST_FILES = 400
_BLOB_WORDS = 3  # name, kind and size
_DEADLINE_S = 10.0
_WAIT_S = 0.005
_QUIET = ("--no-optional-locks", "-c", "core.quotePath=false", "-c", "core.fsmonitor=false")

Git = Callable[..., "bytes | None"]
"""``git(*arguments, stdin=path)``: what it printed, None where it failed, took too long or said too much."""


def base(git: Git) -> tuple[str, str] | None:
    """Return the commit to compare with, and what it is; None where there is none yet."""
    head = _line(git("rev-parse", "--verify", "--quiet", "HEAD"))
    if not head:
        return None
    listed = git("for-each-ref", "--format=%(refname)", *_MAIN, *_LOCAL_MAIN) or b""
    there = listed.decode("utf-8", "replace").split("\n")
    for ref in (name for name in (*_MAIN, *_LOCAL_MAIN) if name in there):
        fork = _line(git("merge-base", "HEAD", ref))
        if fork and fork != head:
            return fork, f"{ref.rpartition('/')[2] if 'HEAD' not in ref else 'the main branch'} at {fork[:10]}"
    return head, f"the last commit, {head[:10]}"


def changes(git: Git, commit: str) -> tuple[set[str], set[str]] | None:
    """Return the paths that were added since, and those that were altered."""
    said = git("diff", "--name-status", "-z", "--no-renames", "--no-ext-diff", commit, "--")
    untracked = git("ls-files", "--others", "--exclude-standard", "-z")
    if said is None or untracked is None:
        return None
    words = [os.fsdecode(word) for word in said.split(b"\0")]
    pairs = list(zip(words[::2], words[1::2], strict=False))
    added = {path for status, path in pairs if status == "A"}
    added |= {os.fsdecode(path) for path in untracked.split(b"\0") if path}
    return added, {path for status, path in pairs if status not in {"A", "D"}}


def at(git: Git, commit: str, paths: Sequence[str], scratch: Path) -> dict[str, str]:
    """Return files as they were in ``commit``; those that it does not have are left out."""
    named = [path for path in paths if "\n" not in path][:_MOST_FILES]
    asked = scratch / "asked"
    asked.write_bytes(b"".join(os.fsencode(f"{commit}:{path}") + b"\n" for path in named))
    said = (git("cat-file", "--batch", stdin=asked) or b"") if named else b""
    found: dict[str, str] = {}
    for path in named:
        header, _, said = said.partition(b"\n")
        words = header.split(b" ")
        if len(words) == _BLOB_WORDS and words[1] == b"blob" and words[2].isdigit():
            size = int(words[2])
            found[path] = said[:size].decode("utf-8", "replace")
            said = said[size + 1 :]
    return found


def sources(room: Room, git: Git, root: Path) -> dict[str, str]:
    """Return the project's Python files, for what they import; at most 400."""
    listed = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.py") or b""
    found: dict[str, str] = {}
    for path in map(os.fsdecode, sorted(filter(None, listed.split(b"\0")))[:_MOST_FILES]):
        room.tick()
        found[path] = read(root / path)
    return found


def read(path: Path) -> str:
    """Return a file's text, empty where there is none."""
    try:
        return path.read_text("utf-8", errors="replace") if path.is_file() else ""
    except OSError:
        return ""


def _line(said: bytes | None) -> str:
    return (said or b"").decode("ascii", "replace").strip()


def runner(room: Room, root: Path, scratch: Path) -> Git:
    """Return what runs git in ``root``: its output, None where it fails, takes too long or says too much."""
    out = scratch / "out"

    def git(*args: str, stdin: Path | None = None) -> bytes | None:
        with out.open("wb+") as answer, (stdin or Path(os.devnull)).open("rb") as question:
            try:
                child = room.start(
                    ["git", *_QUIET, *args], cwd=root, env=dict(_plain_env()), stdin=question.fileno(),
                    stdout=answer.fileno(),
                )  # fmt: skip
            except (BrinellError, OSError):
                return None  # there is no git
            end_ns = room.clock.now_ns() + round(_DEADLINE_S * 1e9)
            while child.poll() is None:
                room.tick()
                room.clock.sleep(_WAIT_S)
                if room.clock.now_ns() > end_ns:
                    child.stop(0.0)
                    return None
            answer.seek(0)
            said = answer.read(_MOST_BYTES + 1)
        return said if child.poll() == 0 and len(said) <= _MOST_BYTES else None

    return git


def _plain_env() -> Iterator[tuple[str, str]]:
    """The environment without what would point git elsewhere, as inside a hook."""
    return ((name, value) for name, value in os.environ.items() if not name.startswith("GIT_"))
