"""What messages look like above WebSocket: how one is packed, and what comes that is nobody's message.

A codec is one object for all connections of a worker and keeps nothing of any of them. To write one's own, subclass
``Codec`` and name it in ``codec = "file.py:Class"``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.core.redact import one_line, redact
from brinell.load.own_file import BadFile, imported
from brinell.load.scenario.template import FOUND
from brinell.load.websocket.frames import BINARY, TEXT

FILL = "."
_MODULE = "brinell_codec_of_this_run"


class Codec:
    """Texts, as they are. ``binary``: messages are binary ones; None: as the scenario says."""

    binary: ClassVar[bool | None] = None
    greeting: ClassVar[bytes | None] = None  # sent once the connection is open
    acknowledges: ClassVar[bool] = False  # an answer names the number of its request (``answer_to``)

    def default(self, stamp: str, size: int) -> str:
        """Return a message that carries nothing but the stamp, ``size`` bytes long or as long as it must be."""
        return self.filled(stamp, size)

    def stamped(self, message: str, stamp: str) -> str:
        """Return a message that has no place for a stamp with one. ValueError: there is none in it."""
        return f"{message} {stamp}"

    def filled(self, message: str, size: int) -> str:
        """Return a message with at least ``size`` bytes."""
        missing = size - len(message.encode())
        return message if missing <= 0 else f"{message} {FILL * (missing - 1)}"

    def check(self, message: str) -> None:
        """ValueError says why this, with everything filled in, is no message. Asked once, of the first one."""
        del message

    def pack(self, message: str, number: int | None) -> bytes:
        """Return the payload. ``number``: an answer to it is wanted, which names this number."""
        del number
        return message.encode()

    def greeted(self, payload: bytes) -> bool:
        """Whether this answers ``greeting``."""
        del payload
        return True

    def reaction(self, payload: bytes) -> bytes | None:
        """Return what the protocol itself answers: nothing where it is empty. None: this is a message."""
        del payload
        return None

    def answer_to(self, payload: bytes) -> int | None:
        """Return the number of the request that this answers, where the protocol says it."""
        del payload
        return None

    def path(self, path: str) -> str:
        """Return the path of the upgrade, where the protocol wants its own."""
        return path


class Text(Codec):
    """``codec = "text"``."""


class Json(Codec):
    """``codec = "json"``: the same, but that what is put in or filled up leaves valid JSON."""

    def default(self, stamp: str, size: int) -> str:
        """An object with the stamp, and a filling."""
        bare = json.dumps({"stamp": stamp})
        missing = size - len(bare)
        if missing <= 0:
            return bare
        return json.dumps({"stamp": stamp, "fill": FILL * max(0, missing - len(', "fill": ""'))})

    def stamped(self, message: str, stamp: str) -> str:
        """The object with one more member."""
        if not FOUND.sub("", message).rstrip().endswith("}"):
            raise ValueError("only a JSON object has room for a stamp: name its place with {{stamp}}")
        inside = message.rstrip()[:-1].rstrip()
        comma = "" if inside.endswith("{") else ", "
        return f'{inside}{comma}"stamp": "{stamp}"}}'

    def filled(self, message: str, size: int) -> str:
        """White space after it is none of the value's."""
        return message + " " * (size - len(message.encode()))

    def check(self, message: str) -> None:
        """What begins as JSON is JSON: a place for a text without its quotation marks, say. Other texts may be sent."""
        if message.lstrip()[:1] in {"{", "["}:
            _json(message)


class SocketIo(Json):
    """``codec = "socketio"``: Socket.IO 5 over Engine.IO 4. A message is a list, the event's name first, or its one
    argument: then the event is "message". Requests ask for an acknowledgement.
    """

    binary = False
    greeting = b"40"  # connect to the main namespace
    acknowledges = True
    _OPEN, _CLOSE, _PING, _NOOP = b"0", b"1", b"2", b"6"

    def pack(self, message: str, number: int | None) -> bytes:
        """An event, with an acknowledgement's number where an answer is wanted."""
        event = message if message.lstrip().startswith("[") else f'["message",{message}]'
        return f"42{'' if number is None else number}{event}".encode()

    def stamped(self, message: str, stamp: str) -> str:
        """One more argument, or one more member."""
        if message.lstrip().startswith("["):
            return f'{message.rstrip()[:-1]},"{stamp}"]'
        return super().stamped(message, stamp)

    def check(self, message: str) -> None:
        """An event is a list that begins with its name; an argument is any value."""
        value = _json(message)
        if isinstance(value, list) and not (value and isinstance(value[0], str)):
            raise ValueError('an event is a list that begins with its name: ["say", {"text": "hello"}]')

    def greeted(self, payload: bytes) -> bool:
        """The namespace is joined."""
        return payload.startswith(b"40")

    def reaction(self, payload: bytes) -> bytes | None:
        """Engine.IO pings from the server's side; its other words need no answer."""
        kind = payload[:1]
        if kind == self._PING:
            return b"3" + payload[1:]
        if kind in {self._OPEN, self._CLOSE, self._NOOP}:
            return b""
        return None

    def answer_to(self, payload: bytes) -> int | None:
        """The number of an acknowledgement."""
        if payload[:2] != b"43":
            return None
        digits = payload[2:22].partition(b"[")[0]
        return int(digits) if digits.isdigit() else None

    def path(self, path: str) -> str:
        """Engine.IO's own path and query, where they are not there."""
        place, mark, query = path.partition("?")
        if "EIO=" in query:
            return path
        place = "/socket.io/" if place in {"", "/"} else place
        return f"{place}?{query}{'&' if mark and query else ''}EIO=4&transport=websocket"


class MessagePack(Json):
    """``codec = "msgpack"``: messages are written as JSON and sent as MessagePack, in binary messages."""

    binary = True

    def filled(self, message: str, size: int) -> str:
        """Nothing may stand behind a value; only ``default`` is filled up."""
        if size > len(message.encode()):
            raise ValueError("size fills up the codec's own message only: MessagePack has no white space")
        return message

    def check(self, message: str) -> None:
        """Any value."""
        _json(message)

    def pack(self, message: str, number: int | None) -> bytes:
        """The value that the text says."""
        del number
        return msgspec.msgpack.encode(json.loads(message))


CODECS: dict[str, type[Codec]] = {"text": Text, "json": Json, "socketio": SocketIo, "msgpack": MessagePack}


def opcode_of(codec: Codec, *, binary: bool) -> int:
    """Return the opcode of a scenario's messages."""
    return BINARY if (binary if codec.binary is None else codec.binary) else TEXT


def named(name: str, root: Path, where: str) -> type[Codec]:
    """Return the codec of that name, or the class that ``file.py:Class`` names below ``root``. UsageError.

    A file is imported, with its folder and ``root`` in front of the path: in the process that uses it only.
    """
    if name in CODECS:
        return CODECS[name]
    file, colon, attribute = name.rpartition(":")
    if not colon or not file.endswith(".py"):
        raise UsageError(
            f"{where}: codec = {name[:80]!r}: there are {', '.join(CODECS)}, and your own as file.py:Class",
            hint=f'did you mean "{near}"?' if (near := nearest(name, list(CODECS))) else None,
        )
    try:
        made = imported(root / file, root, _MODULE).get(attribute)
    except BadFile as bad:
        raise UsageError(f"{where}: codec: {one_line(redact(str(bad)), 300)}") from None
    if not (isinstance(made, type) and issubclass(made, Codec)):
        raise UsageError(
            f"{where}: codec: {Path(file).name} has no class {attribute[:80]} that is a Codec",
            hint="from brinell.load.websocket.codec import Codec; class Mine(Codec): ...",
        )
    return made


def _json(message: str) -> Any:
    try:
        return json.loads(message)
    except json.JSONDecodeError as error:
        near = one_line(message[max(0, error.pos - 20) : error.pos + 20], 60)
        raise ValueError(f'it is no JSON near "{near}": {error.msg}; codec = "text" sends any text') from None
