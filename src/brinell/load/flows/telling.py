"""What went wrong in a flow, in one line with its place: an assertion, an exception, something foreign awaited."""

from __future__ import annotations

import linecache
import traceback
from types import CodeType, FrameType
from typing import Any

_SLEEPS = {"asyncio", "anyio", "trio", "curio"}
_DEEPEST = 100
_CLIENTS = {"httpx", "aiohttp", "httpcore", "requests", "urllib3", "websockets", "asks"}
_NO_LOOP = (
    "no running event loop",
    "no current event loop",
    "unknown async library",
    "not currently running",
    "must be called from async context",
)


class Place:
    """Knows which frames are the flow's: those of its file, else of the project."""

    def __init__(self, file: str, root: str) -> None:
        self._file = file
        self._root = root

    def assertion(self, error: AssertionError) -> str:
        """``assert r.status == 200 (loadtest.py:12 in browse)``, or the assertion's own words before the place."""
        frame = self._frame(error)
        where = _shown(frame)
        said = " ".join(str(error).split())
        if not said and frame is not None:
            said = linecache.getline(frame.filename, frame.lineno or 0).strip()
        return f"{said or 'an assertion failed'}{where}"

    def exception(self, error: BaseException) -> str:
        """``KeyError: 'id' (loadtest.py:12 in browse)``; a missing event loop is told as what it comes from."""
        text = " ".join(str(error).split())
        if any(words in text.lower() for words in _NO_LOOP) or type(error).__name__ == "AsyncLibraryNotFoundError":
            called = self._called(error)
            if called:
                return foreign(called) + _shown(self._frame(error))
        return f"{type(error).__name__}: {text}{_shown(self._frame(error))}"

    def awaited(self, coroutine: Any) -> str:
        """Tell what a coroutine waits for: the first frame that is not the project's, following what awaits what."""
        found, where = "", ""
        current = coroutine
        for _ in range(_DEEPEST):
            frame: FrameType | None = getattr(current, "cr_frame", None) or getattr(current, "gi_frame", None)
            if frame is None:
                break
            file = frame.f_code.co_filename
            if file == self._file or file.startswith(self._root + "/"):
                where = f" ({file.rpartition('/')[2]}:{frame.f_lineno} in {frame.f_code.co_name})"
                found = frame.f_code.co_qualname
            else:
                found = _name(frame.f_globals, frame.f_code)
                break
            current = getattr(current, "cr_await", None) or getattr(current, "gi_yieldfrom", None)
        return foreign(found) + where

    def _frame(self, error: BaseException) -> traceback.FrameSummary | None:
        frames = traceback.extract_tb(error.__traceback__)
        mine = [one for one in frames if one.filename == self._file]
        mine = mine or [one for one in frames if one.filename.startswith(self._root + "/")]
        return mine[-1] if mine else (frames[-1] if frames else None)

    def _called(self, error: BaseException) -> str:
        """What the flow called: the first frame below its last one, as ``asyncio.sleep``."""
        found = ""
        inside = False
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename == self._file:
                found, inside = "", True
            elif inside and not found:
                found = _name(frame.f_globals, frame.f_code)
        return found


def foreign(what: str) -> str:
    """Say that something was awaited that our loop does not know, and what to do."""
    top = what.partition(".")[0]
    advice = (
        "a flow awaits its user's methods and coroutines of your own that do; call what blocks for a moment directly"
    )
    if what.rpartition(".")[2] in {"sleep", "checkpoint"} and top in _SLEEPS:
        advice = "await user.sleep(seconds)"
    elif top in _CLIENTS:
        advice = "await user.get(path), user.post(path, json=...)"
    return f"awaits {what}, which needs another event loop: flows run in Brinell's own; instead: {advice}"


def _name(names: dict[str, Any], code: CodeType) -> str:
    top = str(names.get("__name__", "")).partition(".")[0]
    return f"{top}.{code.co_name}" if top else code.co_name


def _shown(frame: traceback.FrameSummary | None) -> str:
    return f" ({frame.filename.rpartition('/')[2]}:{frame.lineno} in {frame.name})" if frame is not None else ""
