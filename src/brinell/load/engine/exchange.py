"""What session traffic needs of a connection: one that sends what it is given and hands over what came."""

from __future__ import annotations

from typing import Any, Protocol

from brinell.load.engine.endpoint import Endpoint


class Exchange(Protocol):
    """Beside what every ``Connection`` has: ``request`` is sent by ``begin`` and ``open``, ``user`` is whoever asked,
    ``place`` where it leads (None: the scenario's own).
    """

    request: bytes
    user: Any
    place: Endpoint | None

    @property
    def taken(self) -> int:
        """Bytes of the answer, about: without the framing of chunks."""
        ...

    def answer(self) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes, str]:
        """Return status, headers, body and what is to be said about the body, of an answer that just came whole."""
        ...
