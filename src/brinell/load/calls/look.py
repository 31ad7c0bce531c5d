"""Looking, before there is a run, whether there is something to call: every mistake is a ``UsageError``."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.load.calls import told
from brinell.load.calls.caller import Caller
from brinell.load.calls.words import refusal
from brinell.load.wire import WireCall
from brinell.subject.interpreter import choose

_PATIENCE_S = 60.0  # for the import of the project


def wire_call(spec: LoadSpec, root: Path) -> WireCall:
    """Return what the caller needs to know. UsageError if there is nothing to call or no interpreter."""
    name = spec.cache.target if spec.cache is not None else spec.call
    if not name:
        raise UsageError(f"[[load]] {spec.name}: there is nothing to call", hint='call = "shop.cache:get_user"')
    python = str(choose(root, spec.python, os.environ, configured=spec.python).path)
    kwargs = dict(spec.kwargs)
    return WireCall(python, name, list(spec.args), kwargs, spec.setup, str(root.resolve()), spec.cache)


def look(spec: LoadSpec, root: Path) -> told.Hello:
    """Import what is to be called in the project's interpreter, call nothing, and say what was found."""
    call = wire_call(spec, root)
    where = f"[[load]] {spec.name}"
    try:
        caller = Caller(call, 1, 1, look=True)
    except OSError as error:
        raise UsageError(f"{where}: cannot start {call.python}: {error.strerror}") from None
    try:
        return _answer(caller, call, where)
    finally:
        caller.close()


def _answer(caller: Caller, call: WireCall, where: str) -> told.Hello:
    until = time.monotonic() + _PATIENCE_S
    while not caller.ended and (rest := until - time.monotonic()) > 0:
        select.select([caller.fd], (), (), rest)
        try:
            words = caller.read()
        except ValueError as error:
            raise UsageError(f"{where}: {call.python} said what nobody understands: {error}") from None
        for word in words:
            if isinstance(word, told.Refused):
                message, hint = refusal(word)
                key = "call" if call.cache is None else "target"
                raise UsageError(f'{where}: {key} = "{call.call}": {message}', hint=hint or None)
            if isinstance(word, told.Hello):
                return word
    ending = caller.how_it_ended(1.0) if caller.ended else f"nothing said after {_PATIENCE_S:.0f} s"
    raise UsageError(f"{where}: importing {call.call.partition(':')[0]} in {call.python} came to no end: {ending}")
