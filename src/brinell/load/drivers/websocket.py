"""``driver = "websocket"``: connections that stay, and messages over them; see ``brinell.load.websocket``."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from brinell import __version__
from brinell.core.errors import UsageError, nearest
from brinell.core.plan import LoadSpec, WebSocketSpec
from brinell.load.drivers.http_request import Complaint, headers_of, path_of
from brinell.load.scenario.template import FOUND
from brinell.load.schedule import Schedule
from brinell.load.sharing import split
from brinell.load.websocket import own_codec
from brinell.load.websocket.codec import CODECS
from brinell.load.websocket.messages import Messages
from brinell.load.websocket.stamps import Stamps
from brinell.load.wire import WireSocket, WorkerSpec
from brinell.subject.targets import Target

PLACES = ("room", "connection")  # names that the path may hold
SCHEMES = ("ws", "wss", "http", "https")
HEAD_START_S = 1.0  # from the last connection's due time to the schedule's start


class Sockets:
    """The driver of ``driver = "websocket"``."""

    def look(self, spec: LoadSpec, target: Target, root: Path) -> None:
        """Put together what workers are told, and a message, as far as that needs no code of the user's; of that, see
        whether it can be imported. UsageError.
        """
        does = self.wire(spec, target, root).does
        if does.codec not in CODECS:
            own_codec.look(does.codec, root, f"[[load]] {spec.name}")
        elif not does.one_by_one:
            Messages(does, CODECS[does.codec](), Stamps(0), spec.seed, f"[[load]] {spec.name}")

    def wire(self, spec: LoadSpec, target: Target, root: Path) -> WireSocket:
        """Return what workers are told of the scenario. UsageError for what cannot be."""
        does = spec.websocket
        if does is None:
            raise UsageError(f'[[load]] {spec.name}: driver = "websocket" needs websocket = {{ mode = "echo" }}')
        if target.scheme not in SCHEMES:
            raise UsageError(
                f'[[load]] {spec.name}: driver = "websocket" speaks ws:// and wss://, not {target.scheme}://'
            )
        if spec.workers > spec.connections and not does.one_by_one:
            raise UsageError(
                f"[[load]] {spec.name}: {spec.workers} workers cannot share {spec.connections} connections",
                hint=f"connections = {spec.workers} or more",
            )
        if does.one_by_one and spec.workers > 1:
            what = "a limit is" if does.limit else "bad manners are"
            why = f"workers = {spec.workers}: {what} tried by one process"
            raise UsageError(f"[[load]] {spec.name}: {why}", hint="leave workers away")
        say = Complaint(f"[[load]] {spec.name}")
        return WireSocket(
            does=does,
            path=target_of(spec, say),
            authority=target.authority,
            headers=_headers(spec, say),
            connections=spec.connections,
            lead_ns=int(lead_s(spec, does) * 1e9),
            compression=spec.compression,
            root=str(root.resolve()),
        )

    def workers(self, spec: LoadSpec, schedule: Schedule, target: Target, address: str, root: Path) -> list[WorkerSpec]:
        """Return every worker's specification."""
        wire = self.wire(spec, target, root)
        shared = split(spec, schedule, (), "", target=target, address=address)
        return [msgspec.structs.replace(one, socket=wire) for one in shared]


def lead_s(spec: LoadSpec, does: WebSocketSpec) -> float:
    """Return how long before the schedule the first connection is made."""
    return spec.connections / does.connect_rate + HEAD_START_S


def target_of(spec: LoadSpec, say: Complaint) -> str:
    """Return the path of the upgrade with its query: that of the URL, then the request's. Names stay as they are."""
    prefix = urlsplit(spec.url).path.rstrip("/") if spec.url else ""
    path = prefix + (spec.requests[0].path if spec.requests else "/")
    for name in FOUND.findall(path):
        if name not in PLACES:
            close = nearest(name.strip(), list(PLACES))
            hint = f"did you mean {{{{{close}}}}}?" if close else None
            raise say.error("path", f"nothing is called {name[:60]}; there are {', '.join(PLACES)}", hint=hint)
    if "{{" in FOUND.sub("", path):
        raise say.error("path", "{{ has no end: a name stands in {{ and }}")
    return path_of(path, say)


def _headers(spec: LoadSpec, say: Complaint) -> tuple[tuple[str, str], ...]:
    given = headers_of(spec.headers, say)
    for name, written in spec.headers.items():
        if FOUND.search(written):
            why = f"{name} is the same on every connection: {{{{...}}}} is filled in in the path, join and message only"
            raise say.error("headers", why)
    ours = {} if "user-agent" in {name.lower() for name in given} else {"User-Agent": f"brinell/{__version__}"}
    return tuple((ours | given).items())
