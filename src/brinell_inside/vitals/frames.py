"""Frames and coroutines to short texts; ``brinell_inside/vitals/__init__.py`` has their form. PYTEST_DONT_REWRITE."""

import errno
import gc
import opcode
import os
import sys

MOST_DEEP = 80
ABOVE = 4  # frames kept above the innermost one of the project
BELOW = 3
LEAVES = 5  # innermost frames kept
# Kept wherever they are: below them, one request is served after the other.
_TURNS = ("gunicorn/workers/sync.py:", "python/socketserver.py:", "waitress/task.py:", "cheroot/workers/threadpool.py:")
_MOST_KNOWN = 4000
_MOST_FOLDS = 500
_MOST_SOURCE_BYTES = 1 << 20
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_PACKAGES = ("site-packages" + os.sep, "dist-packages" + os.sep)
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_BASES = (os.path.join("asyncio", "base_events.py"), os.path.join("asyncio", "runners.py"))
_WRAPPERS = ("async_generator_asend", "async_generator_athrow", "coroutine_wrapper", "anext_awaitable")
_SUSPENDED = ("async_generator", "coroutine", *_WRAPPERS)
_LOOPS = ("_run_once", "run_forever", "run_until_complete")
_ENTERS = frozenset(opcode.opmap.get(name) for name in ("BEFORE_WITH", "SETUP_WITH"))
_CALL = opcode.opmap.get("CALL") if sys.version_info >= (3, 14) else None


class Names:
    """Texts of frames, each made once."""

    def __init__(self):
        self._home = _here()
        self._files = {}
        self._natives = {}
        self._rows = {}
        self.folds = {}  # of whole chains: most threads are where they were

    def file(self, name):
        """``(short name, whether it is the project's)`` of a code object's file."""
        found = self._files.get(name)
        if found is None:
            if len(self._files) > _MOST_KNOWN:
                self._files.clear()
            found = self._files[name] = self._short(name)
        return found

    def _short(self, name):
        for part in _PACKAGES:
            if part in name:
                return "site-packages/" + name.rpartition(part)[2].replace(os.sep, "/"), False
        if name.startswith(_OWN):
            return "site-packages/brinell_inside/" + name[len(_OWN) :].replace(os.sep, "/"), False
        if name.startswith(_STANDARD):
            return "python/" + name[len(_STANDARD) :].replace(os.sep, "/"), False
        if name.startswith("<"):
            return "python/" + name, False
        if name.startswith(self._home):
            return "./" + name[len(self._home) :].replace(os.sep, "/"), True
        return (name if os.path.isabs(name) else "./" + name), True

    def row(self, frame):
        """``(text, whether it is the project's)`` of a frame; the text is ``function (file:line)``."""
        key = frame.f_code, frame.f_lineno
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) > _MOST_KNOWN:
                self._rows.clear()
            code, line = key
            function = getattr(code, "co_qualname", code.co_name).rpartition("<locals>.")[2]
            file, project = self.file(code.co_filename)
            text = "%s (%s:%d)" % (function[-80:], file[-120:], line or 0)
            found = self._rows[key] = text.replace(";", ","), project
        return found

    def is_project(self, code):
        """Whether a code object is neither of the standard library nor of a package."""
        return self.file(code.co_filename)[1]

    def native(self, frame):
        """The text of the C function that a frame calls at this moment; empty where it calls none, or nobody knows."""
        key = frame.f_code, frame.f_lasti
        found = self._natives.get(key)
        if found is None:
            if len(self._natives) > _MOST_KNOWN:
                self._natives.clear()
            try:
                found = _native(frame.f_code, frame.f_lineno, frame.f_lasti)
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    return ""  # there may be descriptors again next time
                found = ""
            except (ValueError, IndexError, AttributeError, TypeError):
                found = ""
            self._natives[key] = found
        return found


def _here():
    try:
        return os.getcwd() + os.sep
    except OSError:  # it was removed
        return os.sep


def _native(code, number, lasti):
    """What the instruction at ``lasti`` calls: ``json.dumps``, or ``with LOCK`` where it enters that."""
    raw = code.co_code
    enters = raw[lasti] in _ENTERS or (raw[lasti] == _CALL and raw[lasti + 1] == 0)
    segment = _segment(code, number, lasti, enters=enters)
    if enters:
        # Python 3.11 and 3.12 mean the whole statement, others only what is entered.
        entered = segment[5:].partition(":")[0].partition(" as ")[0] if segment.startswith("with ") else segment
        if entered and not entered.endswith(")"):
            return "with " + entered[-60:]
        segment = entered
    return called(segment)


def _segment(code, number, lasti, enters):
    """The source text of an instruction; before Python 3.11, its line if that has one call, or enters something."""
    if os.path.getsize(code.co_filename) > _MOST_SOURCE_BYTES:
        return ""
    with open(code.co_filename, "rb") as file:
        lines = file.read().split(b"\n")
    if not hasattr(code, "co_positions"):
        line = lines[number - 1].decode("utf-8", "replace").strip()
        if enters:
            return line.rpartition("with ")[2].partition(" as ")[0].rstrip(": ") if line.endswith(":") else ""
        return line[: line.rindex(")") + 1] if line.count("(") == 1 and ")" in line else ""
    for index, place in enumerate(code.co_positions()):
        if index == lasti // 2:
            begin, end, column, end_column = place
            parts = lines[begin - 1 : end]
            parts[-1] = parts[-1][:end_column]
            parts[0] = parts[0][column:]
            return b" ".join(part.strip() for part in parts).decode("utf-8", "replace")
    return ""


def called(segment):
    """The name of what an expression calls last: ``json.dumps`` of ``json.dumps(x)``, ``write`` of
    ``open(f).write(x)``; empty if it is no call.
    """
    if not segment.endswith(")") or len(segment) > 2000:
        return ""
    depth = 0
    for position in range(len(segment) - 1, -1, -1):
        depth += (segment[position] == ")") - (segment[position] == "(")
        if depth == 0:
            break
    head = segment[:position].rstrip()
    begin = len(head)
    while begin and (head[begin - 1].isalnum() or head[begin - 1] in "._"):
        begin -= 1
    return head[begin:].strip(".")[-60:]


def chain(frame, codes=()):
    """The frames from ``frame`` outwards to the event loop (or what runs it: ``codes``) or the bottom of the thread,
    innermost first.
    """
    found = []
    while frame is not None and frame.f_code.co_filename.startswith(_OWN):
        frame = frame.f_back  # our own callbacks: what they interrupt is meant
    while frame is not None and len(found) < MOST_DEEP:
        code = frame.f_code
        if code.co_filename.endswith(_BASES) and (code.co_name in _LOOPS or "runners" in code.co_filename):
            break
        if code in codes:
            break
        found.append(frame)
        frame = frame.f_back
    return found


def innermost(names, frames):
    """The project's innermost frame of a chain, or its leaf."""
    for one in frames:
        if names.is_project(one.f_code):
            return one
    return frames[0]


def folded(names, frames):
    """The texts of a chain, outermost first, shortened."""
    key = tuple([(one.f_code, one.f_lasti) for one in frames])
    found = names.folds.get(key)
    if found is None:
        rows = [names.row(one) for one in reversed(frames)]
        native = names.native(frames[0]) if frames else ""
        if native:
            rows.append((native + " (native)", False))
        if len(names.folds) > _MOST_FOLDS:
            names.folds.clear()
        found = names.folds[key] = shortened(rows)
    return found


def shortened(rows):
    """What to keep of ``(text, whether it is the project's)``: those around its innermost, and the leaves."""
    own = max((index for index, row in enumerate(rows) if row[1]), default=-1)
    low, high = (0, 0) if own < 0 else (max(0, own - ABOVE), own + 1 + BELOW)
    kept, gap = [], False
    for index, (text, _) in enumerate(rows):
        if low <= index < high or index >= len(rows) - LEAVES or any(file in text for file in _TURNS):
            kept.append(text)
            gap = False
        elif not gap:
            kept.append("...")
            gap = True
    return tuple(kept)


def awaited(names, coroutine, seen):
    """The texts of what a suspended coroutine awaits, outermost first; ``seen(frame)`` is told of every frame.

    Where SQLAlchemy suspended a greenlet, the frames in it are among them.
    """
    rows = []
    while coroutine is not None and len(rows) < MOST_DEEP:
        frame = (
            getattr(coroutine, "cr_frame", None)
            or getattr(coroutine, "gi_frame", None)
            or getattr(coroutine, "ag_frame", None)
        )
        if frame is None:
            coroutine = _wrapped(coroutine)
            continue
        seen(frame)
        rows.append(names.row(frame))
        if frame.f_code.co_name == "greenlet_spawn":
            rows += _greenlet(names, frame, seen)
        coroutine = (
            getattr(coroutine, "cr_await", None)
            or getattr(coroutine, "gi_yieldfrom", None)
            or getattr(coroutine, "ag_await", None)
        )
    return shortened(rows)


def _wrapped(awaited):
    """The generator or coroutine in what ``async for``, ``anext`` or ``__await__`` awaits; None: it is neither."""
    if type(awaited).__name__ not in _WRAPPERS:
        return None
    return next((one for one in gc.get_referents(awaited) if type(one).__name__ in _SUSPENDED), None)


def _greenlet(names, frame, seen):
    rows, inner = [], getattr(frame.f_locals.get("context"), "gr_frame", None)
    while inner is not None and len(rows) < MOST_DEEP:
        seen(inner)
        rows.append(names.row(inner))
        inner = inner.f_back
    rows.reverse()
    return rows
