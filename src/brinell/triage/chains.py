"""The root of an exception chain, and tracebacks that exist only as text (a worker's, a child's, a logged one)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from brinell.core.observation import Frame, Raised

IsProject = Callable[[Frame], bool]

TRACEBACK = "Traceback (most recent call last):"
"""What a printed traceback begins with."""
# The place of a syntax error is printed like a frame without a function.
_FRAME = re.compile(r'File "(?P<file>[^"\n]{1,4096})", line (?P<line>\d{1,9})(?:, in (?P<function>[^\n]{1,300}))?$')
_EXCEPTION = re.compile(r"(?P<type>[A-Za-z_][\w.]{0,200})(?:: (?P<message>.*))?$")
_MARGIN = re.compile(r"^[\s|+E>-]*")
_MOST_LINES = 2000


def root_of(chain: Sequence[Raised], is_project: IsProject) -> Raised | None:
    """Return the exception everything else in the chain follows from; None for an empty chain.

    ``raise … from`` is followed always, for the author said so, and so is the first member of a group. An exception
    raised while another was handled is followed too, with one exception: where an operation of the handling function
    itself failed (the missed lookup of ``try: cache[key] except KeyError: build()``) and the later exception comes from
    deeper down, the handler did what it was for, and the later one is the news.
    """
    if not chain:
        return None
    current = chain[0]
    for earlier in chain[1:]:
        if not earlier.frames:
            written = traceback_in(earlier.message)
            return written or current
        if earlier.link not in {"cause", "member"} and _was_expected(earlier, current, is_project):
            break
        current = earlier
    return current


def _was_expected(handled: Raised, later: Raised, is_project: IsProject) -> bool:
    """Whether ``handled`` was raised by the handling function itself and ``later`` from below that function."""
    handler = handled.frames[0]
    own = [frame for frame in handled.frames if is_project(frame)]
    if own and not _same_function(own[-1], handler):
        return False
    at = [n for n, frame in enumerate(later.frames) if _same_function(frame, handler)]
    return bool(at) and any(is_project(frame) for frame in later.frames[at[-1] + 1 :])


def _same_function(one: Frame, other: Frame) -> bool:
    return (one.file, one.function) == (other.file, other.function)


def traceback_in(text: str) -> Raised | None:
    """Return the root of the last Python traceback printed in ``text``, without the chain; None if there is none.

    A chain is printed root first; of the last group of tracebacks that are joined by Python's two sentences, the first
    is the root.
    """
    lines = text.splitlines()[-_MOST_LINES:]
    starts = [n for n, line in enumerate(lines) if line.rstrip().endswith(TRACEBACK)]
    while starts:
        found = _block(lines, starts[-1])
        if found is None:
            starts.pop()
            continue
        while len(starts) > 1 and _joined(lines, starts[-2], starts[-1]):
            earlier = _block(lines, starts[-2])
            starts.pop()
            found = earlier or found
        return found
    return None


def _joined(lines: list[str], first: int, second: int) -> bool:
    between = "\n".join(lines[first:second])
    return "direct cause of the following" in between or "another exception occurred:" in between


def _block(lines: list[str], start: int) -> Raised | None:
    frames: list[Frame] = []
    for line in lines[start + 1 :]:
        text = _MARGIN.sub("", line)
        frame = _FRAME.match(text.rstrip())
        if frame:
            frames.append(Frame(frame["file"], (frame["function"] or "<module>").strip(), int(frame["line"])))
            continue
        if frames and _indent(line) > _indent(lines[start]):
            if not frames[-1].text and not set(text) <= set("^~ "):
                frames[-1] = Frame(frames[-1].file, frames[-1].function, frames[-1].line, text[:200])
            continue
        exception = _EXCEPTION.match(text)
        if frames and exception:
            module, _, name = exception["type"].rpartition(".")
            return Raised(name, exception["message"] or "", module, tuple(frames))
        return None
    return None


def _indent(line: str) -> int:
    """Columns before the text. A log's prefix before the header does not indent what follows it."""
    if line.rstrip().endswith(TRACEBACK) and not line.lstrip(" |+").startswith(TRACEBACK):
        return 0
    return len(line) - len(line.lstrip(" \t|+"))
