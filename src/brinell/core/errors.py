"""Errors that end a command, each with the exit code it ends with."""

from __future__ import annotations

from difflib import get_close_matches

from brinell.core.verdicts import Exit


class BrinellError(Exception):
    """A failure the user is told about in one message; ``exit_code`` is what the process ends with."""

    exit_code = Exit.INTERNAL


class UsageError(BrinellError):
    """The user's mistake: the message names what is wrong and ``hint`` the fix."""

    exit_code = Exit.USAGE

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class SubjectError(BrinellError):
    """The subject is not ready in a way that stops the run (a service that won't start): exit 1."""

    exit_code = Exit.FAIL

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class Interrupted(BrinellError):  # noqa: N818 - a request to stop, not an error of anybody's
    """Ctrl-C or SIGTERM: end cleanly, keep and judge what was measured, exit 130."""

    exit_code = Exit.INTERRUPTED


def nearest(word: str, choices: list[str]) -> str | None:
    """Return the choice that ``word`` was most likely meant to be, or None when nothing is close."""
    found = get_close_matches(word, choices, n=1, cutoff=0.6)
    return found[0] if found else None
