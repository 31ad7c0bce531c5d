"""A scenario's messages: the template, with the stamp in its place, packed by the codec.

Where only the stamp differs, the packed bytes are made once and a message is three pieces put together.
"""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from brinell.core.errors import UsageError, nearest
from brinell.core.plan import WebSocketSpec
from brinell.load.scenario.draws import Draws
from brinell.load.scenario.generators import Getter, Wrong
from brinell.load.scenario.scope import Scope
from brinell.load.scenario.template import FOUND, Columns, filled, parts
from brinell.load.websocket.codec import Codec
from brinell.load.websocket.stamps import Stamps

STAMP = "stamp"
_PLACE = {"room": None, "connection": None}
_NAMES = {**_PLACE, "n": None, STAMP: None}
_LONGEST = 16 << 20  # bytes of one message
_UNFINISHED = re.compile(r"\{\{\s*[A-Za-z_]\w*")


class Messages:
    """Makes payloads. UsageError, which begins with ``where``, for a template that will not do."""

    def __init__(
        self, spec: WebSocketSpec, codec: Codec, stamps: Stamps, seed: int, where: str, *, fresh: int = 0
    ) -> None:
        self._codec = codec
        self._seed = seed
        self._fresh = fresh
        self._sequence = count()
        self._stamps = stamps
        holder = stamps.write(0, 0, 0)
        self._holder = holder
        self._join = None if spec.join is None else _read(spec.join, _PLACE, f"{where}: join")
        if spec.message is not None:  # as it was written: what is added to it must not hide what is wrong with it
            _read(spec.message, _NAMES, f"{where}: message")
        text = self._template(spec, where)
        self._parts = _read(text, _NAMES, f"{where}: message")
        self._fixed: tuple[bytes, bytes] | None = None
        key = "message"
        try:
            codec.check(filled(self._parts, self._scope(0, _values(0, 0, 0, holder))))
            packed = self._packed(0, 0, 0, holder, ask=False)
            key = "join"
            if self._join is not None:
                codec.check(self._joining(self._join, 0, 0))
                self.join(0, 0)
        except ValueError as error:
            raise UsageError(f"{where}: {key}: the codec cannot send it: {error}") from None
        if holder not in packed:
            raise UsageError(f"{where}: message: the codec leaves no stamp in it as it is", hint="{{stamp}} in a text")
        self._sequence = count()  # these were no messages
        names = {match.group(1).strip() for match in FOUND.finditer(text)}
        if names <= {STAMP} and packed.count(holder) == 1:
            before, _, behind = packed.partition(holder)
            self._fixed = before, behind

    @property
    def fixed(self) -> tuple[bytes, bytes] | None:
        """What stands before and behind the stamp in every message; None: messages differ in more than that."""
        return self._fixed

    def payload(self, room: int, connection: int, number: int, stamp: bytes, *, ask: bool = False) -> bytes:
        """Return one message's payload. ``ask``: an answer that names ``number`` is wanted of the protocol."""
        fixed = self._fixed
        if fixed is not None and not (ask and self._codec.acknowledges):
            return fixed[0] + stamp + fixed[1]
        return self._packed(room, connection, number, stamp, ask=ask)

    def join(self, room: int, connection: int) -> bytes | None:
        """Return the payload that lets a connection join; None: there is none."""
        if self._join is None:
            return None
        return self._codec.pack(self._joining(self._join, room, connection), None)

    def _joining(self, join: list[str | Getter], room: int, connection: int) -> str:
        return filled(join, self._scope(connection, {"room": room, "connection": connection}))

    def _packed(self, room: int, connection: int, number: int, stamp: bytes, *, ask: bool) -> bytes:
        scope = self._scope(number, _values(room, connection, number, stamp))
        return self._codec.pack(filled(self._parts, scope), number if ask else None)

    def _scope(self, number: int, values: dict[str, Any]) -> Scope:
        return Scope(Draws(self._seed, number, self._fresh), self._sequence, values)

    def _template(self, spec: WebSocketSpec, where: str) -> str:
        """Return the template with a place for the stamp, filled up as far as can be told beforehand."""
        if not 0 <= spec.size <= _LONGEST:
            raise UsageError(f"{where}: size = {spec.size}: a message has 0 to {_LONGEST} bytes")
        holder = self._holder.decode()
        text = spec.message
        if text is None:
            return self._codec.default(holder, spec.size).replace(holder, f"{{{{{STAMP}}}}}")
        try:
            if not any(match.group(1).strip() == STAMP for match in FOUND.finditer(text)):
                text = self._codec.stamped(text, f"{{{{{STAMP}}}}}")
            # As long as the shortest message will be: what else is filled in makes it longer.
            bare = FOUND.sub(lambda match: holder if match.group(1).strip() == STAMP else "", text)
            full = self._codec.filled(bare, spec.size)
        except ValueError as error:
            raise UsageError(f"{where}: message: {error}") from None
        return text + full[len(bare) :]


def _values(room: int, connection: int, number: int, stamp: bytes) -> dict[str, Any]:
    return {"room": room, "connection": connection, "n": number, STAMP: stamp.decode()}


def _read(text: str, names: Columns, where: str) -> list[str | Getter]:
    """Read a template. UsageError for what is none, with the nearest name that there is."""
    try:
        found = parts(text, names)
    except Wrong as wrong:
        close = nearest(wrong.word, list(wrong.choices)) if wrong.choices else None
        choices = f"; there are {', '.join(wrong.choices)}" if wrong.choices else ""
        hint = f"did you mean {{{{{close}}}}}?" if close else None
        raise UsageError(f"{where}: {wrong.why}{choices}", hint=hint) from None
    left = _UNFINISHED.search(FOUND.sub("", text))
    if left is not None:
        raise UsageError(f"{where}: {left.group()} has no end: a name stands in {{{{ and }}}}")
    return found
