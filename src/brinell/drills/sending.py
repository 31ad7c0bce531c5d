"""What a drill sends, as bytes: the requests of its traffic, and what opens a WebSocket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from brinell import __version__
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.drivers.http import Http, target_path
from brinell.load.drivers.http_request import Complaint, headers_of, path_of
from brinell.load.websocket.handshake import Opening
from brinell.subject.targets import Target


def encoded(load: LoadSpec, url: str, target: Target, root: Path, *requests: RequestSpec) -> list[bytes]:
    """Return requests as HTTP/1.1 sends them over a connection that is kept. UsageError for what cannot be sent."""
    spec = msgspec.structs.replace(
        load, url=url, requests=tuple(requests), sessions=(), keep_alive=True, version="1.1", driver="http"
    )
    return [one.request for one in Http().encode(spec, target, root)]


def opening(load: LoadSpec, target: Target, path: str, headers: Mapping[str, str]) -> Opening:
    """Return the request that opens a WebSocket, with the load's headers. UsageError for what cannot be sent."""
    say = Complaint(f"the WebSocket {path}")
    given = headers_of({**load.headers, **headers}, say)
    ours = {} if "user-agent" in {name.lower() for name in given} else {"User-Agent": f"brinell/{__version__}"}
    names = load.websocket.subprotocols if load.websocket else ()
    return Opening(target.authority, path_of(target_path(load.url) + path, say), tuple((ours | given).items()), names)


def look_at_traffic(load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
    """Find what the load beside a drill could not send, before anything runs. UsageError."""
    driver = Http()
    if driver.sessions(load, target, root, allow) is None:
        driver.encode(load, target, root)
