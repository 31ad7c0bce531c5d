"""Requests as streams of one HTTP/2 connection, each sent but for its end, and all ended by one ``send``.

The machine is the load driver's. Nothing in here waits: whoever owns the loop calls ``look``.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import H2Error

from brinell.drills.wire import OPEN, Wire
from brinell.load.drivers.http2_machine import FRAME_BYTES, Machine
from brinell.load.drivers.http2_request import Parts, parts_of
from brinell.load.engine.endpoint import Endpoint

_KEPT_BYTES = 262_144


@dataclass
class Voice:
    """One request. ``sung``: it is out but for its end. ``over``: its answer is whole."""

    parts: Parts
    stream: int = 0
    sung: bool = False
    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    first_byte_ns: int = 0
    over: bool = False
    why: str = ""


class Chorus(Wire):
    """``voices`` in the order of the requests (HTTP/1.1 bytes, as everything here is written down)."""

    def __init__(self, endpoint: Endpoint, requests: Sequence[bytes]) -> None:
        scheme = b"http" if endpoint.tls is None else b"https"
        self.voices = [Voice(parts_of(request, scheme)) for request in requests]
        self._by_stream: dict[int, Voice] = {}
        self._machine = Machine()
        self._greeted = False
        super().__init__(endpoint)

    @property
    def ready(self) -> bool:
        """Whether as many as the server allows at once are out but for their end."""
        return self._greeted and not self._rest

    @property
    def over(self) -> bool:
        """Whether all that were sent have ended."""
        return self._greeted and all(voice.over or voice.why for voice in self.voices if voice.sung)

    def ends(self) -> bytes:
        """Return what ends all streams, to be sent in one piece."""
        if self.state != OPEN:
            return b""
        try:
            for voice in self._by_stream.values():
                if not voice.why:
                    self._machine.send_data(voice.stream, voice.parts.body[-1:], end_stream=True)
        except H2Error as error:
            self._break(f"{type(error).__name__}: {error}")
        return self._machine.data_to_send()

    def finish(self, ends: bytes) -> None:
        """Send it."""
        self._say(ends)

    # --- the connection ---------------------------------------------------------------------------------------------

    def _stands(self) -> None:
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.selected_alpn_protocol() != "h2":
            self._break("the server does not speak HTTP/2: it did not choose h2 (ALPN)")
            return
        self._machine.begin()
        self._say(self._machine.data_to_send())

    def _sing(self) -> None:
        """Send all requests but for their ends, as many as the server allows at once."""
        self._greeted = True
        machine = self._machine
        allowed = int(machine.remote_settings.max_concurrent_streams)
        for number, voice in enumerate(self.voices):
            if number >= allowed:
                voice.why = f"the server allows {allowed} streams at once"
                continue
            voice.stream = 2 * number + 1
            self._by_stream[voice.stream] = voice
            machine.ask(voice.stream, voice.parts.fields, None, end=False)
            body = voice.parts.body[:-1]
            if len(body) >= machine.local_flow_control_window(voice.stream):
                voice.why = f"the server takes no more than {machine.local_flow_control_window(voice.stream)} bytes yet"
                del self._by_stream[voice.stream]
                continue
            for at in range(0, len(body), FRAME_BYTES):
                machine.send_data(voice.stream, body[at : at + FRAME_BYTES])
            voice.sung = True
        self._say(machine.data_to_send())

    def _take(self, data: bytes) -> None:
        try:
            for event in self._machine.take(data):
                self._hear(event)
        except Exception as error:  # noqa: BLE001 - h2 and hpack raise whatever they like on what nobody should send
            self._break(f"not HTTP/2: {type(error).__name__}: {error}")
            return
        self._say(self._machine.data_to_send())

    def _hear(self, event: Event) -> None:
        voice = self._by_stream.get(getattr(event, "stream_id", None) or 0)
        match event:
            case RemoteSettingsChanged() if not self._greeted:
                self._sing()
            case ConnectionTerminated():
                for one in self.voices:
                    if not one.over and one.stream > (event.last_stream_id or 0):
                        one.why = one.why or f"GOAWAY {event.error_code}"
            case ResponseReceived() if voice is not None:
                voice.first_byte_ns = voice.first_byte_ns or time.monotonic_ns()
                voice.status = int(dict(event.headers or []).get(b":status", b"0"))
            case DataReceived() if voice is not None:
                if len(voice.body) < _KEPT_BYTES:
                    voice.body += event.data or b""
                self._machine.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
            case StreamEnded() if voice is not None:
                voice.over = voice.status >= 200
            case StreamReset() if voice is not None and not voice.over:
                voice.why = f"the stream was reset: {event.error_code}"

    def _at_end(self) -> None:
        """Nothing is left to be read."""
