"""Logging: levels, handlers, filters, switches of every logger. PYTEST_DONT_REWRITE."""

# ruff: noqa: B905 - zip(strict=) came with 3.10

import logging

from brinell_inside.state.difference import Difference
from brinell_inside.state.layout import module_name
from brinell_inside.state.shown import shown

_FIELDS = ("level", "disabled", "propagate", "handlers", "filters")
_FRESH = (0, False, True, [], [])


class Loggers:
    """The loggers now, and the level and filters of their handlers."""

    def __init__(self):
        self._then = dict(_loggers())
        self._handlers = {}
        for state in self._then.values():
            for handler in state[3]:
                self._handlers[id(handler)] = (handler, _handler_state(handler))
        self._disable = logging.root.manager.disable

    def differences(self):
        """One per field; loggers that only came into being are none."""
        now = dict(_loggers())
        for logger, state in now.items():
            before = self._then.get(logger, _FRESH)
            for field, old, new in zip(_FIELDS, before, state):
                if not _same(old, new) and not (logger not in self._then and _is_quiet(field, new)):
                    yield _difference(logger, field, old, new)
        for handler, (level, filters, formatter) in list(self._handlers.values()):
            if _handler_state(handler) != (level, filters, formatter):
                yield self._handler(handler, level, filters, formatter)
        if logging.root.manager.disable != self._disable:
            yield Difference(
                "logging.root.manager.disable", "logging", str(self._disable), str(logging.root.manager.disable),
                undo=lambda: logging.disable(self._disable),
            )  # fmt: skip

    def _handler(self, handler, level, filters, formatter):
        def undo():
            handler.setLevel(level)
            handler.filters[:] = filters
            handler.formatter = formatter

        name = next(n for n, state in self._then.items() if any(h is handler for h in state[3]))
        return Difference(
            "%s.handlers[%d]" % (_path(name), self._then[name][3].index(handler)), "logging",
            "level %s" % level, "level %s" % _handler_state(handler)[0], "mutated", undo=undo,
        )  # fmt: skip


def _loggers():
    found = [("", logging.root)]
    found += [(name, logger) for name, logger in list(logging.root.manager.loggerDict.items()) if type(name) is str]
    for name, logger in found:
        if isinstance(logger, logging.Logger) and not name.startswith(("_pytest", "faker.")):
            state = _dict_of(logger)
            handlers = [h for h in list(state.get("handlers") or ()) if not module_name(type(h)).startswith("_pytest")]
            yield name, (
                state.get("level"), state.get("disabled"), state.get("propagate"), handlers,
                list(state.get("filters") or ()),
            )  # fmt: skip


def _dict_of(value):
    """The instance dict of a logging object."""
    return object.__getattribute__(value, "__dict__")


def _handler_state(handler):
    state = _dict_of(handler)
    return state.get("level"), list(state.get("filters") or ()), state.get("formatter")


def _same(old, new):
    if type(old) is list and type(new) is list:
        return len(old) == len(new) and all(a is b for a, b in zip(old, new))
    return type(old) is type(new) and (old is new or (type(old) in (int, str) and old == new))


def _is_quiet(field, new):
    """A library that was imported now: its logger with a ``NullHandler``."""
    return field == "handlers" and all(type(handler) is logging.NullHandler for handler in new)


def _path(name):
    return "logging.getLogger(%r)" % name if name else "logging.getLogger()"


def _difference(name, field, old, new):
    def undo():
        logger = logging.getLogger(name) if name else logging.root
        if field == "handlers":
            ours = [h for h in logger.handlers if module_name(type(h)).startswith("_pytest")]
            logger.handlers[:] = ours + old
        elif field == "filters":
            logger.filters[:] = old
        elif field == "level":
            logger.setLevel(old)
        else:
            setattr(logger, field, old)

    return Difference("%s.%s" % (_path(name), field), "logging", shown(old), shown(new), undo=undo, how=(
        "mutated" if type(old) is list else "rebound"))  # fmt: skip
