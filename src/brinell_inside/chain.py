"""An exception and what led to it, as JSON text of a bounded size. PYTEST_DONT_REWRITE.

Runs only when something failed. The subject's exceptions may be hostile: ``__str__`` that raises or returns a gigabyte,
``__cause__`` loops, groups of groups, modules that are not text.
"""

import linecache
import os

from brinell_inside.jsontext import encode

MAX_CHAIN = 10
MAX_FRAMES_HEAD = 10
MAX_FRAMES_TAIL = 50
MAX_CHILDREN = 10
MAX_GROUP_DEPTH = 3
MAX_JSON_BYTES = 80 * 1024

_HOME = os.getcwd()  # relative file names in code objects mean this, however often a test changes directory
_FRAMEWORK = ("_pytest", "pluggy")


def describe(exception):
    """JSON array of the chain of ``exception``: root cause first, what reached pytest last.

    At most ``MAX_JSON_BYTES``: source lines go first, then frames in the middle, then all but the last exception.
    """
    chain = _chain(exception, 0, set())
    text = encode(chain)
    if len(text) > MAX_JSON_BYTES:
        _shrink(chain, keep=20)
        text = encode(chain)
    if len(text) > MAX_JSON_BYTES:
        _shrink(chain, keep=4)
        text = encode(chain)
    if len(text) > MAX_JSON_BYTES:
        text = encode(
            [dict(chain[-1], children=None, message=chain[-1]["message"][:256], frames=chain[-1]["frames"][-4:])]
        )
    return text


def _chain(exception, depth, seen):
    links = []
    link = None
    while exception is not None and id(exception) not in seen and len(links) < MAX_CHAIN:
        seen.add(id(exception))
        links.append(_entry(exception, link, depth, seen))
        exception, link = _previous(exception)
    links.reverse()
    return links


def _previous(exception):
    """What the exception says came before it, as Python prints it, and how it is linked (``cause`` or ``context``)."""
    try:
        cause, context, hidden = exception.__cause__, exception.__context__, exception.__suppress_context__
    except Exception:  # noqa: BLE001 - the subject's class may override these
        return None, None
    if isinstance(cause, BaseException):
        return cause, "cause"
    if isinstance(context, BaseException) and not hidden:
        return context, "context"
    return None, None


def _entry(exception, link, depth, seen):
    kind = type(exception)
    frames, omitted = frames_of(getattr(exception, "__traceback__", None))
    entry = {
        "type": _name(kind),
        "module": _text(getattr(kind, "__module__", None)),
        "message": message_of(exception),
        "link": link,
        "frames": frames,
    }
    if omitted:
        entry["frames_omitted"] = omitted
    if isinstance(exception, ImportError):
        entry["import_name"] = _text(exception.name)
    if isinstance(exception, SyntaxError):
        entry["syntax"] = {
            "file": _text(exception.filename),
            "line": exception.lineno if isinstance(exception.lineno, int) else None,
            "text": _text(exception.text),
        }
    members = _members(exception)
    if members:
        entry["children_count"] = len(members)
        if depth < MAX_GROUP_DEPTH:
            entry["children"] = [_chain(member, depth + 1, seen) for member in members[:MAX_CHILDREN]]
    return entry


def _name(kind):
    try:
        return _text(kind.__qualname__) or "?"
    except Exception:  # noqa: BLE001 - a metaclass may do anything
        return "?"


def _members(exception):
    """Members of an exception group (builtin from 3.11, or the ``exceptiongroup`` package before)."""
    if any(base.__name__ == "BaseExceptionGroup" for base in type(exception).__mro__):
        members = getattr(exception, "exceptions", ())
        return [member for member in members if isinstance(member, BaseException)]
    return []


def message_of(exception):
    """``str(exception)`` cut to 2,048 characters; never raises."""
    try:
        text = str(exception)
    except BaseException as error:  # noqa: BLE001 - as traceback.py does: whatever a hostile __str__ raises stays here
        return "<%s raised by str()>" % _name(type(error))
    return str.__getitem__(text, slice(0, 2048))


def _text(value):
    return str.__getitem__(value, slice(0, 512)) if isinstance(value, str) else None


def frames_of(traceback):
    """``(frames, omitted)``, outermost first: the first 10 and the last 50, ``omitted`` is what lay between.

    pytest's own frames before the subject's first one are left out, unless there are no others.
    """
    head, tail, leading, omitted = [], [], [], 0
    while traceback is not None:
        entry = (traceback.tb_frame.f_code, traceback.tb_lineno)
        traceback = traceback.tb_next
        if not head and is_framework(entry[0].co_filename):
            leading.append(entry)
        elif len(head) < MAX_FRAMES_HEAD:
            head.append(entry)
        else:
            tail.append(entry)
            if len(tail) > 2 * MAX_FRAMES_TAIL:
                omitted += len(tail) - MAX_FRAMES_TAIL
                del tail[:-MAX_FRAMES_TAIL]
    omitted += max(len(tail) - MAX_FRAMES_TAIL, 0)
    chosen = head + tail[-MAX_FRAMES_TAIL:]
    return [_frame(code, line) for code, line in chosen or leading[-5:]], omitted


def is_framework(filename):
    """Whether a code object's file belongs to pytest or pluggy."""
    parts = filename.replace(os.sep, "/").split("/")
    return any(part in _FRAMEWORK for part in parts[-4:-1])


def _frame(code, line):
    name = code.co_filename
    line = line or code.co_firstlineno
    frame = {
        "file": name if name.startswith("<") or os.path.isabs(name) else os.path.join(_HOME, name),
        "function": getattr(code, "co_qualname", code.co_name),
        "line": line,
    }
    try:
        text = linecache.getline(name, line).strip()
    except Exception:  # noqa: BLE001 - the file may have become anything since
        text = ""
    if text:
        frame["text"] = text[:200]
    return frame


def _shrink(chain, keep):
    for entry in chain:
        frames = entry["frames"]
        if len(frames) > keep:
            frames[:] = frames[: keep // 4] + frames[-(keep - keep // 4) :]
        for frame in frames:
            frame["file"] = frame["file"][-300:]
            frame.pop("text", None)
        for child in entry.get("children") or ():
            _shrink(child, max(keep // 4, 2))


def fixture_of(exception):
    """``(name, scope, missing)`` of the fixture that failed, or None.

    pytest keeps the definition in the frames that set it up or tear it down, and nowhere else; the innermost one is the
    one that failed. A fixture that does not exist is named by ``FixtureLookupError.argname``.
    """
    if type(exception).__name__ == "FixtureLookupError":
        return _text(getattr(exception, "argname", None)), None, True
    found = None
    traceback = exception.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        traceback = traceback.tb_next
        if frame.f_code.co_name in ("pytest_fixture_setup", "finish") and is_framework(frame.f_code.co_filename):
            definition = frame.f_locals.get("fixturedef") or frame.f_locals.get("self")
            name = getattr(definition, "argname", None)
            if isinstance(name, str):
                found = (_text(name), _text(getattr(definition, "scope", None)), False)
    return found


def failure_members(exception):
    """JSON members for a failure record: ``"exc":[...],"fixture":{...}|null``; never raises for the subject's sake."""
    fixture = fixture_of(exception)
    if fixture is not None:
        fixture = {"name": fixture[0], "scope": fixture[1], "missing": fixture[2]}
    return '"exc":%s,"fixture":%s' % (describe(exception), encode(fixture))
