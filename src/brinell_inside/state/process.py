"""State that the process has once, each entry of ``PROBES`` one way to read it and to set it. PYTEST_DONT_REWRITE.

A probe's reader gives ``{name: value}``; values are compared by type and value where they are leaves, else by identity;
lists and tuples item by item. ``writer(name, value)`` sets one of them (MISSING: away with it).
"""

import decimal
import gc
import locale
import os
import random
import re
import signal
import socket
import sys
import threading
import time
import warnings

from brinell_inside.state.compare import same_leaf
from brinell_inside.state.difference import Difference
from brinell_inside.state.layout import LEAF_IDS, MISSING, module_name
from brinell_inside.state.shown import shown, shown_under

_ENVIRON = os.environ
_RUNNERS_VARIABLES = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_TESTRUNUID")


def _environ():
    return {"os.environ[%r]" % name: value for name, value in _ENVIRON.items() if name not in _RUNNERS_VARIABLES}


def _set_environ(name, value):
    key = name[len("os.environ[") + 1 : -2]
    if value is MISSING:
        _ENVIRON.pop(key, None)
    else:
        _ENVIRON[key] = value


def _cwd():
    try:
        return {"os.getcwd()": os.getcwd()}
    except OSError:
        return {"os.getcwd()": "(removed)"}


def _umask():
    with open("/proc/self/status") as file:
        found = re.search(r"^Umask:\s*(\d+)", file.read(), re.MULTILINE)
    return {"os.umask()": int(found.group(1), 8)} if found else {}


def _signals():
    found = {}
    for number in signal.Signals:
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            found["signal.%s" % number.name] = signal.getsignal(number)
    found["signal.getitimer(ITIMER_REAL)"] = signal.getitimer(signal.ITIMER_REAL)[0] > 0
    return found


def _set_signal(name, value):
    if name.startswith("signal.getitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    else:
        signal.signal(getattr(signal, name.partition(".")[2]), value)


def _locale():
    return {"locale.setlocale(LC_ALL)": locale.setlocale(locale.LC_ALL)}


def _filters():
    return {"warnings.filters": [_filter_key(entry) for entry in warnings.filters], "_entries": list(warnings.filters)}


def _filter_key(entry):
    return tuple(part.pattern if type(part) is re.Pattern else part for part in entry)


def _set_filters(entries):
    warnings.filters[:] = entries
    mutated = getattr(warnings, "_filters_mutated", None) or getattr(warnings, "_filters_mutated_lock_held", None)
    if mutated is not None:
        mutated()


_SYS = ("path", "argv", "path_hooks", "meta_path")


def _sys_lists():
    return {"sys.%s" % name: list(sys.__dict__[name]) for name in _SYS if type(sys.__dict__.get(name)) is list}


def _set_sys_list(name, value):
    sys.__dict__[name[4:]][:] = value


_HOOKS = ("excepthook", "displayhook", "unraisablehook", "stdin", "stdout", "stderr")


def _hooks():
    found = {"sys.%s" % name: sys.__dict__.get(name, MISSING) for name in _HOOKS}
    found["threading.excepthook"] = threading.__dict__.get("excepthook", MISSING)
    return {name: value for name, value in found.items() if not _is_runners(value)}


def _is_runners(value):
    home = module_name(type(value)) if type(value).__name__ not in ("function", "method") else value.__module__
    return type(home) is str and home.startswith(("_pytest", "pluggy", "brinell_inside"))


def _set_hook(name, value):
    module, _, attribute = name.partition(".")
    setattr(sys.modules[module], attribute, value)


def _switches():
    return {
        "gc.isenabled()": gc.isenabled(),
        "gc.get_threshold()": gc.get_threshold(),
        "sys.getrecursionlimit()": sys.getrecursionlimit(),
        "sys.getswitchinterval()": sys.getswitchinterval(),
        "socket.getdefaulttimeout()": socket.getdefaulttimeout(),
        "time.tzname": time.tzname,
    }


def _set_switch(name, value):
    if name == "gc.isenabled()":
        (gc.enable if value else gc.disable)()
    elif name == "gc.get_threshold()":
        gc.set_threshold(*value)
    elif name == "sys.getrecursionlimit()":
        sys.setrecursionlimit(value)
    elif name == "sys.getswitchinterval()":
        sys.setswitchinterval(value)
    elif name == "socket.getdefaulttimeout()":
        socket.setdefaulttimeout(value)
    else:
        time.tzset()


_DECIMAL = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


def _decimal():
    context = decimal.getcontext()
    found = {"decimal.getcontext().%s" % name: getattr(context, name) for name in _DECIMAL}
    found.update(("decimal.getcontext().traps[%s]" % s.__name__, bool(context.traps[s])) for s in context.traps)
    return found


def _set_decimal(name, value):
    context, field = decimal.getcontext(), name.partition("().")[2]
    if field.startswith("traps["):
        context.traps[getattr(decimal, field[6:-1])] = value
    else:
        setattr(context, field, value)


def _loop_state():
    events = sys.modules.get("asyncio.events")
    policy = events.__dict__.get("_event_loop_policy") if events is not None else None
    held = object.__getattribute__(policy, "__dict__").get("_local") if policy is not None else None
    return policy, (
        threading.local.__getattribute__(held, "__dict__") if issubclass(type(held), threading.local) else None
    )


def _loop():
    policy, local = _loop_state()
    if policy is None or local is None:
        return {}
    found = {"asyncio event loop policy": policy}
    found.update(("asyncio event loop.%s" % name, local.get(name)) for name in ("_loop", "_set_called"))
    return found


def _set_loop(name, value):
    if name == "asyncio event loop policy":
        sys.modules["asyncio.events"].__dict__["_event_loop_policy"] = None if value is MISSING else value
    else:
        local = _loop_state()[1]
        if local is not None:
            local[name.partition(".")[2]] = None if value is MISSING else value


def _random():
    found = {"random.getstate()": random.getstate()}
    legacy = sys.modules.get("numpy.random")
    if legacy is not None:
        state = legacy.get_state()
        found["numpy.random.get_state()"] = (state[0], state[1].tobytes(), *state[2:])
    return found


def _set_random(name, value):
    if name.startswith("random."):
        random.setstate(value)
    else:
        numpy = sys.modules["numpy"]
        sys.modules["numpy.random"].set_state((value[0], numpy.frombuffer(value[1], dtype=numpy.uint32), *value[2:]))


# (kind, reader, writer, whether names that were not there before count)
PROBES = (
    ("environ", _environ, _set_environ),
    ("cwd", _cwd, lambda _, value: os.chdir(value)),
    ("sys.path", _sys_lists, _set_sys_list),
    ("umask", _umask, lambda _, value: os.umask(value)),
    ("signal", _signals, _set_signal),
    ("locale", _locale, lambda _, value: locale.setlocale(locale.LC_ALL, value)),
    ("warnings", _filters, None),
    ("hook", _hooks, _set_hook),
    ("interpreter", _switches, _set_switch),
    ("decimal", _decimal, _set_decimal),
    ("asyncio", _loop, _set_loop),
    ("rng", _random, _set_random),
)
_KIND_OF = {"sys.argv": "sys.argv", "sys.path_hooks": "hook", "sys.meta_path": "hook"}


class Process:
    """All probes, read now; one that fails is left out."""

    def __init__(self):
        self._then = [(probe, self._read(probe[1])) for probe in PROBES]

    @staticmethod
    def _read(reader):
        try:
            return reader()
        except Exception:  # noqa: BLE001 - no /proc, a patched os, a closed policy: this one is not known then
            return None

    def differences(self):
        """One per name whose value differs."""
        for (kind, reader, writer), then in self._then:
            now = self._read(reader) if then is not None else None
            if now is not None:
                yield from _between(kind, writer, then, now)
        if os.environ is not _ENVIRON:
            yield Difference("os.environ", "environ", "<os.environ>", shown(os.environ), undo=_own_environ)


def _own_environ():
    os.environ = _ENVIRON  # noqa: B003 - the very object is put back


def _between(kind, writer, then, now):
    for name in list(then) + [name for name in now if name not in then]:
        old, new = then.get(name, MISSING), now.get(name, MISSING)
        if name == "_entries" or _same(old, new) or (kind in ("hook", "asyncio") and _only_lazy(kind, name, old, new)):
            continue
        how = "added" if old is MISSING else "removed" if new is MISSING else "rebound"
        texts = _texts(kind, name, old, new)
        kind_here = _KIND_OF.get(name, kind)
        yield Difference(name, kind_here, *texts, how=how, undo=_undo(writer, name, old, then), weak=kind == "rng")


def _texts(kind, name, old, new):
    if kind == "rng":
        return "state", "another state"
    if type(old) is list and type(new) is list:  # the entries that only one of them has
        return shown(_without(old, new)), shown(_without(new, old))
    return tuple(shown_under(name, value) if kind == "environ" else shown(value) for value in (old, new))


def _without(entries, others):
    return [entry for entry in entries if not any(_same(entry, other) for other in others)]


def _undo(writer, name, old, then):
    if name.startswith("signal.") and old is None:
        return None  # installed by C code: Python can not put it back
    if writer is None:
        return lambda: _set_filters(then["_entries"])
    return lambda: writer(name, old)


def _only_lazy(kind, name, old, new):
    if kind == "hook":
        return old is MISSING or new is MISSING  # pytest's own, before or after
    if name == "asyncio event loop policy":
        return old is MISSING and _is_default(new)  # made when first asked for
    return (old is MISSING or old is None or old is False) and (new is None or new is False)


def _is_default(policy):
    return type(policy).__name__ in ("_UnixDefaultEventLoopPolicy", "_DefaultEventLoopPolicy")


def _same(old, new):
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if type(old) in (list, tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    return id(type(old)) in LEAF_IDS and same_leaf(old, new)
