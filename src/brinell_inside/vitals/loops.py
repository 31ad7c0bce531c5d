"""Which loop runs in which thread: asyncio's (uvloop's, too), trio's or gevent's. PYTEST_DONT_REWRITE."""

import os
import sys

from brinell_inside.vitals.cooperative import Gevent, Trio
from brinell_inside.vitals.eventloop import EventLoop

MOST_THREADS = 16  # in which a loop is looked for
_FAR_UP = 200
_MOST_VALUES = 200
_CALLS = frozenset(("run_forever", "run_until_complete"))
_TRIO = os.path.join("trio", "_core", "_run.py")
_GEVENT = os.path.join("gevent", "hub.py")


def find(current, main, names):
    """The loop that runs in one of the threads ``{ident: frame}``, that of ``main`` first; None if there is none.

    It is found in the frames of whoever runs it. Values of other frames are not asked for: before Python 3.13 a frame
    whose values were asked for keeps what they were then alive.
    """
    events = sys.modules.get("asyncio.events")
    kind = getattr(events, "AbstractEventLoop", None)
    if kind is None and "trio" not in sys.modules and "gevent.hub" not in sys.modules:
        return None
    for ident in sorted(current, key=lambda one: one != main)[:MOST_THREADS]:
        frame, depth = current[ident], 0
        while frame is not None and depth < _FAR_UP:
            found = _in_frame(ident, frame, kind, names)
            if found is not None:
                return found
            frame = frame.f_back
            depth += 1
    return None


def _in_frame(ident, frame, kind, names):
    code = frame.f_code
    if code.co_name == "unrolled_run" and code.co_filename.endswith(_TRIO):
        runner = frame.f_locals.get("runner")
        return None if runner is None else Trio(ident, code, runner, names)
    if code.co_name == "run" and code.co_filename.endswith(_GEVENT):
        return Gevent(ident)
    if kind is None or (_CALLS.isdisjoint(code.co_names) and code.co_name not in _CALLS):
        return None
    for value in _values(frame, code):
        # Not isinstance: the subject's objects may answer to it with anything.
        if kind in getattr(type(value), "__mro__", ()) and value.is_running():
            return EventLoop(ident, value, code, names)
    return None


def _values(frame, code):
    """What a frame that runs a loop may hold it by: a local or global variable, or an attribute of its own object."""
    values = frame.f_locals
    yield from list(values.values())[:_MOST_VALUES]
    own = getattr(values.get("self"), "__dict__", None)
    for name in code.co_names[:_MOST_VALUES]:
        yield frame.f_globals.get(name)
        if type(own) is dict:
            yield own.get(name)
