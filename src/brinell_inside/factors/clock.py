"""Wall clock that starts at another moment and runs on. PYTEST_DONT_REWRITE.

Changed: what Python reads as the wall clock (``time`` and ``datetime``), also through names imported before, and the
times of files that are made from then on (``file_times.py``). Not changed: monotonic clocks, and whatever does not ask
Python: C libraries (SQLite's ``now``, OpenSSL's certificate dates), other processes. A test that compares those with
Python's clock fails at every moment, ordinary ones too. That is what control moments are for: only a failure at the
special moment that its control does not show is about the calendar.
"""

import datetime  # noqa: ICN001 - "dt" says nothing beside the module time
import sys
import time
import warnings

from brinell_inside.factors import file_times

_SECOND_NS = 1000000000
_real = {}
_offset_ns = 0
_anchors = []


def real_time_ns():
    """Nanoseconds since the epoch whatever the factor says."""
    return _real.get("time_ns", time.time_ns)()


def parsed(at):
    """A ``datetime`` of ISO text; raises ValueError."""
    return datetime.datetime.fromisoformat(at)


def shift(moment):
    """Let the wall clock begin at ``moment`` (local time unless it has an offset) now. Raises RuntimeError."""
    global _offset_ns  # noqa: PLW0603 - one process has one clock
    whole = int(moment.replace(microsecond=0).timestamp())
    _replace_once()
    _offset_ns = whole * _SECOND_NS + moment.microsecond * 1000 - _real["time_ns"]()


class _Anchor:
    """Plug-in: the moment comes again when each test begins, so that all tests of a suite meet it."""

    def pytest_runtest_logstart(self):
        shift(self.moment)


def again_for_each_test(moment, config):
    """Let the clock begin at ``moment`` anew whenever a test begins. ``config``: pytest's."""
    if not _anchors:
        _anchors.append(_Anchor())
        config.pluginmanager.register(_anchors[0])
    _anchors[0].moment = moment


def _now_ns():
    return _real["time_ns"]() + _offset_ns


def _replace_once():
    if _real:
        return
    names = ("time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime", "clock_gettime")
    found = [name for name in (*names, "clock_gettime_ns") if hasattr(time, name)]
    try:
        from brinell_inside.factors import swap  # noqa: PLC0415 - ctypes may be missing from this interpreter
    except ImportError:
        _real.update((name, getattr(time, name)) for name in found)
        _replace_names(_time_functions())
        file_times.move(real_time_ns, _offset)
        raise RuntimeError("without ctypes in this Python only time.* is moved, datetime is not") from None
    _real.update((name, swap.copy_of(getattr(time, name))) for name in found)
    swap.module_functions(time, _time_functions())
    for owner, name, body in _datetime_methods():
        swap.class_method(owner, name, body)
    file_times.move(real_time_ns, _offset)


def _offset():
    return _offset_ns


def _replace_names(bodies):
    """Every name of a loaded module that means one of the functions of ``time``."""
    by_function = {id(_real[name]): body for name, body in bodies.items()}
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if not isinstance(names, dict) or (module.__name__ or "").startswith("brinell_inside.factors"):
            continue
        for name, value in list(names.items()):
            if id(value) in by_function:
                names[name] = by_function[id(value)]


def _time_functions():
    """``{name: function}`` with the arguments of the functions of ``time``; errors are those of the real ones."""

    def of_now(name):
        return lambda *given: _real[name](_now_ns() / 1e9) if given in ((), (None,)) else _real[name](*given)

    def of_local(name, count):
        return lambda *given: _real[name](*given, _local_now()) if len(given) == count else _real[name](*given)

    wall = (getattr(time, "CLOCK_REALTIME", None), getattr(time, "CLOCK_TAI", None))
    bodies = {
        "time": lambda: _now_ns() / 1e9,
        "time_ns": _now_ns,
        "asctime": of_local("asctime", 0),
        "strftime": of_local("strftime", 1),
        "clock_gettime": lambda clock: _real["clock_gettime"](clock) + (_offset_ns / 1e9 if clock in wall else 0),
        "clock_gettime_ns": lambda clock: _real["clock_gettime_ns"](clock) + (_offset_ns if clock in wall else 0),
    }
    bodies.update((name, of_now(name)) for name in ("localtime", "gmtime", "ctime"))
    return {name: body for name, body in bodies.items() if name in _real}


def _local_now():
    return _real["localtime"](_now_ns() // _SECOND_NS)


def _datetime_methods():
    """``[(class, name, function)]`` for what asks the system's clock without asking ``time``."""
    from_timestamp = datetime.datetime.__dict__["fromtimestamp"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        datetime.datetime.utcnow()  # noqa: DTZ003 - to hear what this Python says about it (deprecated since 3.12)

    def now(cls, tz=None):
        # Whole microseconds, rounded down as the real one does; a subclass that overrides fromtimestamp is not asked.
        return from_timestamp.__get__(None, cls)(_now_ns() // 1000 / 1e6, tz)

    def utcnow(cls):
        for warning in caught:
            warnings.warn(str(warning.message), warning.category, stacklevel=5)  # three frames of swap.py lie between
        micros = _now_ns() // 1000
        moment = _real["gmtime"](micros // 1000000)
        return cls(*moment[:6], micros % 1000000)

    def today(cls):
        return cls.fromtimestamp(_now_ns() / 1e9)

    return [(datetime.datetime, "now", now), (datetime.datetime, "utcnow", utcnow), (datetime.date, "today", today)]
