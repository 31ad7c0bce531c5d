"""The table ``websocket = { ... }`` of a ``[[load]]``, the same from options, and what goes with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from brinell.config import calls, checks
from brinell.config.keys import Key, Keys, read_table
from brinell.config.problems import Place, Problems, Unfit
from brinell.core.plan import RequestSpec, WebSocketSpec
from brinell.core.socket_manners import HOSTILE
from brinell.core.socket_view import LIMIT
from brinell.core.thresholds import SOCKET_THRESHOLDS
from brinell.load.websocket.codec import CODECS

SOCKETS = "websocket"
MODES = ("echo", "request-reply", "broadcast", LIMIT, HOSTILE)
SCHEMES = ("ws://", "wss://")
LIMIT_SPAN_S = 300.0  # a limit trial takes no longer, where nobody says how long
HOSTILE_CONNECTIONS = 4  # that are open at once: one of bad manners, and others
_MOST = 100_000
_LARGEST = 16 << 20  # bytes of one message
_OTHERS_KEYS = {
    "flows", "requests", "openapi", "openapi_unsafe", "openapi_validate",
    "openapi_weights", "har", "think", "sessions", "data", "cookies", "redirects", "keep_alive", "go_on", "version",
    "streams", "shed_after_s", "cache",
}  # fmt: skip
_OF_BROADCASTS = ("rooms", "publishers", "publisher_hears", "slow_share", "slow_bytes_s")
_OF_LIMITS = ("limit", "refusals", "free_s")
_NO_MESSAGES = "bad manners are tried by themselves: no messages of yours are sent"
_SAYING_ROOMS = ("path", "join", "message")
_ROOM = re.compile(r"\{\{\s*room\s*\}\}")
_NOT_OF_LIMITS = (
    "message", "size", "codec", "binary", "join", "joined", "fragments", "ping_s", "settle_s", "publishers",
    "publisher_hears", "slow_share", "slow_bytes_s", "reconnect_s",
)  # fmt: skip


def keys(root: Path) -> Keys:
    """Keys of the table."""
    duration = "a duration (a number of seconds, or text such as '500ms')"
    return {
        "mode": Key(str, "text", 'mode = "broadcast"', _mode),
        "path": Key(str, "text", 'path = "/rooms/{{room}}"', _path),
        "connect_rate": Key(Annotated[float, Meta(gt=0, le=1e6)], "a number above 0", "connect_rate = 1000"),
        "rooms": Key(Annotated[int, Meta(ge=1, le=65_536)], "a whole number from 1 to 65536", "rooms = 10"),
        "publishers": Key(Annotated[int, Meta(ge=1, le=_MOST)], "a whole number of 1 or more", "publishers = 1"),
        "publisher_hears": Key(bool, "true or false", "publisher_hears = false"),
        "join": Key(str, "text", 'join = \'{"join": "room-{{room}}"}\''),
        "joined": Key(str, "text", 'joined = "welcome"', checks.filled),
        "message": Key(str, "text", 'message = \'{"text": "hello", "id": "{{stamp}}"}\''),
        "size": Key(Annotated[int, Meta(ge=0, le=_LARGEST)], f"a number of bytes up to {_LARGEST}", "size = 1024"),
        "codec": Key(str, "text", 'codec = "json"', _codec(root)),
        "binary": Key(bool, "true or false", "binary = true"),
        "subprotocols": Key(list[str], "a list of names", 'subprotocols = ["chat.v2"]', subprotocols),
        "fragments": Key(Annotated[int, Meta(ge=1, le=1000)], "a whole number from 1 to 1000", "fragments = 3"),
        "ping_s": Key(float | str, duration, 'ping_s = "20s"', checks.duration),
        "slow_share": Key(Annotated[float, Meta(ge=0, le=1)], "a share from 0 to 1", "slow_share = 0.1"),
        "slow_bytes_s": Key(Annotated[int, Meta(ge=1, le=1 << 30)], "a number of bytes", "slow_bytes_s = 4096"),
        "reconnect_s": Key(float | str, duration, 'reconnect_s = "1s"', checks.duration),
        "settle_s": Key(float | str, duration, "settle_s = 2", checks.duration),
        "max_message_bytes": Key(
            Annotated[int, Meta(ge=1, le=1 << 30)], "a number of bytes", "max_message_bytes = 1048576"
        ),
        "limit": Key(Annotated[int, Meta(ge=1, le=_MOST)], f"a whole number from 1 to {_MOST}", "limit = 100"),
        "refusals": Key(Annotated[int, Meta(ge=1, le=1_000_000)], "a whole number of 1 or more", "refusals = 1000"),
        "free_s": Key(float | str, duration, "free_s = 5", checks.duration),
    }  # fmt: skip


def read(table: Mapping[str, Any], root: Path, place: Place, problems: Problems, connections: int) -> dict[str, Any]:
    """Read the table into fields of ``LoadSpec``; ``connections`` is the scenario's own."""
    before = len(problems.found)
    values = read_table(table, keys(root), place, problems)
    for key, why in _unfit(values, connections):
        problems.add(place, key, Unfit(why), value=table.get(key))
    if len(problems.found) > before:
        return {}
    path = values.pop("path", "/")
    if values.get("limit"):
        values["mode"] = LIMIT
    # What is sent comes back, and perhaps with something around it.
    values.setdefault("max_message_bytes", max(WebSocketSpec().max_message_bytes, 2 * _longest(values)))
    spec = WebSocketSpec(**values)
    found: dict[str, Any] = {"websocket": spec, "requests": (RequestSpec(path=path),)}
    return found | ({"connections": spec.limit or HOSTILE_CONNECTIONS} if spec.one_by_one else {})


def scenario(entry: Mapping[str, Any], values: dict[str, Any], root: Path, place: Place, problems: Problems) -> None:
    """Complete one ``[[load]]``: the table's fields go into ``values``, and what does not belong is noted."""
    is_ours = entry.get("driver") == SOCKETS
    if not is_ours:
        if SOCKETS in entry and entry.get("driver") not in calls.INSIDE:
            problems.add(place, SOCKETS, Unfit('belongs to driver = "websocket"'), value=entry[SOCKETS])
        if str(entry.get("url", "")).startswith(SCHEMES):
            why = 'an address for driver = "websocket"; this driver speaks http:// and https://'
            problems.add(place, "url", Unfit(why), value=entry["url"])
        return
    for key in _OTHERS_KEYS & entry.keys():
        problems.add(place, key, Unfit("a WebSocket scenario has none of that"), value=entry[key])
    if SOCKETS not in entry:
        problems.add(place, SOCKETS, Unfit("missing: what do the connections do?"), example=f"{SOCKETS} = {_EXAMPLE}")
    elif SOCKETS in values:
        connections = values.get("connections", 64)
        del values[SOCKETS]
        values |= read(entry[SOCKETS], root, (*place, SOCKETS), problems, connections)
    spec = values.get(SOCKETS)
    if isinstance(spec, WebSocketSpec):
        asked(values.get("thresholds", {}), spec, (*place, "thresholds"), problems)
        _shape(entry, values, spec, place, problems)


def asked(limits: Mapping[str, float], spec: WebSocketSpec, place: Place, problems: Problems) -> None:
    """Note thresholds that only a broadcast can meet, where nothing is broadcast."""
    for name, limit in limits.items():
        metric = SOCKET_THRESHOLDS.get(name)
        if metric is not None and metric.clock != "connect" and spec.mode != "broadcast":
            why = f'belongs to mode = "broadcast" (--broadcast); nothing is owed to many in the mode "{spec.mode}"'
            problems.add(place, name, Unfit(why), value=limit)


_EXAMPLE = '{ mode = "broadcast", path = "/rooms/{{room}}" }'


def limit_shape(duration: float = LIMIT_SPAN_S) -> dict[str, Any]:
    """Return what stands for the schedule of a limit trial: connections in turn, and how long at most."""
    return {"kind": "closed", "duration": duration}


def subprotocols(names: Iterable[str]) -> tuple[str, ...]:
    """Names of subprotocols: tokens, each once (RFC 6455, 4.1)."""
    found = tuple(names)
    for name in found:
        checks.headers({name: ""})  # a token, as a header's name is
    if len(set(found)) < len(found):
        raise Unfit("each is named once")
    return found


def _shape(
    entry: Mapping[str, Any], values: dict[str, Any], spec: WebSocketSpec, place: Place, problems: Problems
) -> None:
    kind = values.get("shape", {}).get("kind")
    if spec.one_by_one:
        if "shape" in entry and kind not in {None, "closed"}:
            why = (
                'connections are tried one by one: leave it away, or say how long: { kind = "closed", duration = "5m" }'
            )
            problems.add(place, "shape", Unfit(why), value=entry["shape"])
        values.setdefault("shape", limit_shape())
    elif "shape" not in entry:
        why = "missing: a table is needed"
        problems.add(place, "shape", Unfit(why), example='shape = { kind = "constant", rate = 10, duration = "20s" }')
    elif kind == "closed":
        why = "messages fall due at a rate, whether or not others were answered: take an open shape"
        problems.add((*place, "shape"), "kind", Unfit(why), value=kind)


def _unfit(values: Mapping[str, Any], connections: int) -> list[tuple[str, str]]:
    """Return keys that do not go together, and why."""
    mode, limit = values.get("mode"), values.get("limit")
    found = []
    if limit and mode not in {None, LIMIT}:
        found.append(("limit", f'a limit is tried by itself, not in the mode "{mode}"'))
    if mode == LIMIT and not limit:
        found.append(("limit", "missing: how many connections does the subject accept?"))
    if limit or mode == LIMIT:
        found += [(key, "nothing is sent while a limit is tried") for key in _NOT_OF_LIMITS if key in values]
        return found
    found += [(key, "goes with limit = N") for key in _OF_LIMITS[1:] if key in values]
    if mode == HOSTILE:
        return found + [(key, _NO_MESSAGES) for key in _NOT_OF_LIMITS if key in values]
    if (size := _longest(values)) > values.get("max_message_bytes", size):
        found.append(
            ("max_message_bytes", f"messages have {size} bytes, and come back: such a one ends its connection")
        )
    if mode != "broadcast":
        found += [(key, 'belongs to mode = "broadcast"') for key in _OF_BROADCASTS[1:] if key in values]
    rooms, publishers = values.get("rooms", 1), values.get("publishers", 1)
    if rooms > 1 and mode != "broadcast" and not any(_ROOM.search(values.get(key, "")) for key in _SAYING_ROOMS):
        why = "nothing says which room a connection is in: put {{room}} into the path, join or message, or broadcast"
        found.append(("rooms", why))
    needed = rooms * (publishers + (not values.get("publisher_hears", True))) if mode == "broadcast" else rooms
    if needed > connections:
        found.append(("rooms", f"{rooms} rooms need {needed} connections, and there are {connections}"))
    if "joined" in values and "join" not in values:
        found.append(("joined", "the answer to join, which is not there"))
    return found


def _longest(values: Mapping[str, Any]) -> int:
    """Return how many bytes a message has, or more, where its template is filled in."""
    size: int = values.get("size", 0)
    return max(size, len(values.get("message", "").encode()))


def _mode(word: str) -> str:
    if word not in MODES:
        raise Unfit("no such mode", MODES)
    return word


def _path(target: str) -> str:
    return checks.path(target.replace("{{room}}", "0").replace("{{connection}}", "0")) and target


def _codec(root: Path) -> Any:
    def check(name: str) -> str:
        if name in CODECS:
            return name
        file, colon, _ = name.rpartition(":")
        if not colon or not file.endswith(".py"):
            raise Unfit("no such codec; your own is named file.py:Class", tuple(CODECS))
        checks.file(root)(file)
        return name

    return check
