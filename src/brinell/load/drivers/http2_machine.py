"""The state machine of one HTTP/2 connection: h2's, with what a load generator needs to be different.

- A GOAWAY does not end it: streams up to the last one that the peer named go on (RFC 9113, 6.8), which h2 forbids.
- Header blocks that come again while nothing entered the dynamic table are encoded, decoded and checked once.
- What a peer can make it keep or do is bounded: closed streams, the encoder's table, frames too long or for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from h2.config import H2Configuration
from h2.connection import ConnectionInputs, ConnectionState, H2Connection, H2ConnectionStateMachine
from h2.events import Event
from h2.exceptions import FrameTooLargeError, ProtocolError
from h2.settings import SettingCodes, Settings
from h2.utilities import HeaderValidationFlags, validate_headers
from hpack import Decoder, Encoder, HeaderTuple

from brinell.load.drivers.http_answer import LONGEST_HEAD, REMEMBERED_BYTES

Fields = Sequence[tuple[bytes, bytes]]

WINDOW_BYTES = 1 << 24  # what a peer may send ahead: never what limits an answer, and nothing of it is kept
FRAME_BYTES = 16384
TABLE_BYTES = 4096
IDLE_FRAMES = 10_000  # frames that bring no answer further, since the last answer: pings, settings, empty data
_FRAME_HEAD_BYTES = 9
_DATA = 0


class BlockEncoder(Encoder):
    """Encodes header blocks and repeats those that it knows.

    A block encoded once more after nothing entered the dynamic table in between is the same block, so the second one is
    kept: all of it refers to the table, as that of a browser does. ``fields`` is what the next ``encode`` is about and
    ``key`` its name, None where it will not come again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fields: Fields = ()
        self.key: object = None
        self._known: dict[object, bytes] = {}

    def encode(self, headers: object, huffman: bool = True) -> bytes:  # noqa: ARG002, FBT001, FBT002 - h2's signature
        """Return the block of ``fields``; h2 is given no more of them than it looks at."""
        found = self._known.get(self.key) if self.key is not None else None
        if found is not None:
            return found
        before = self._newest()
        resized = self.header_table.resized
        block = super().encode(self.fields, huffman=True)
        if resized or self._newest() is not before:
            self._known.clear()
        elif self.key is not None:
            self._known[self.key] = block
        return block

    @property
    def header_table_size(self) -> int:
        """Bytes of the dynamic table; never more than the default, whatever the peer would allow."""
        return int(self.header_table.maxsize)

    @header_table_size.setter
    def header_table_size(self, value: int) -> None:
        size = min(value, TABLE_BYTES)
        if size != self.header_table.maxsize:
            self._known.clear()
            self.header_table.maxsize = size
            self.table_size_changes.append(size)

    def _newest(self) -> object:
        entries = self.header_table.dynamic_entries
        return entries[0] if entries else None


class BlockDecoder(Decoder):
    """Decodes and checks header blocks, and remembers them as ``BlockEncoder`` does."""

    def __init__(self) -> None:
        super().__init__(LONGEST_HEAD)
        self._known: dict[bytes, list[HeaderTuple]] = {}
        self._known_bytes = 0

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:  # noqa: FBT001, FBT002 - hpack's signature
        """Return the headers of a block. ProtocolError where an answer or its trailers cannot hold them."""
        found = self._known.get(data)
        if found is not None:
            return found
        table = self.header_table
        before = table.dynamic_entries[0] if table.dynamic_entries else None, table.maxsize
        headers = list(super().decode(data, raw=raw))
        trailer = not headers or headers[0][0] != b":status"
        flags = HeaderValidationFlags(
            is_client=True, is_trailer=trailer, is_response_header=not trailer, is_push_promise=False
        )
        headers = list(validate_headers(headers, flags))  # type: ignore[arg-type]  # raw: pairs of bytes
        after = table.dynamic_entries[0] if table.dynamic_entries else None, table.maxsize
        self._known_bytes += len(data)
        if after[0] is not before[0] or after[1] != before[1] or self._known_bytes > REMEMBERED_BYTES:
            self._known.clear()
            self._known_bytes = 0
        else:
            self._known[bytes(data)] = headers
        return headers


class _States(H2ConnectionStateMachine):
    _transitions = {  # noqa: RUF012 - h2's own table with two rows changed
        **H2ConnectionStateMachine._transitions,  # noqa: SLF001 - there is no other way to change it
        (ConnectionState.IDLE, ConnectionInputs.RECV_GOAWAY): (None, ConnectionState.IDLE),
        (ConnectionState.CLIENT_OPEN, ConnectionInputs.RECV_GOAWAY): (None, ConnectionState.CLIENT_OPEN),
    }


class Machine(H2Connection):
    """One connection's frames, streams and windows. Bytes in by ``take``, bytes out by ``data_to_send``."""

    MAX_CLOSED_STREAMS = 1024  # remembered, of which h2 keeps 65,536: a frame that late is an error of the connection

    def __init__(self) -> None:
        super().__init__(
            H2Configuration(
                client_side=True,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,  # the decoder does
                normalize_inbound_headers=False,
            )
        )
        self.state_machine = _States()
        self.encoder: BlockEncoder = BlockEncoder()
        self.decoder = BlockDecoder()
        self.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES,
                SettingCodes.MAX_HEADER_LIST_SIZE: LONGEST_HEAD,
            },
        )
        self.idle_frames = 0  # set to 0 by whoever sees an answer end
        self._head = b""  # of a frame whose head is not all there
        self._left = 0  # bytes of a frame that are still to come

    def end(self) -> None:
        """Let go of itself: h2 keeps a table of its own methods, and what refers to itself in a circle is left to the
        collector, which never comes while requests are under way. Nothing can be taken afterwards.
        """
        self._frame_dispatch_table = {}

    def begin(self) -> None:
        """Say the preface, our settings and how much may come."""
        self.initiate_connection()
        self.increment_flow_control_window(WINDOW_BYTES)

    def ask(self, stream: int, fields: Fields, key: object, *, end: bool) -> None:
        """Open a stream with a request's headers; ``end``: there is no body. The pseudo-headers come first."""
        self.encoder.fields, self.encoder.key = fields, key
        self.send_headers(stream, fields[:1], end_stream=end)  # h2 looks at the method only

    def take(self, data: bytes) -> list[Event]:
        """Return what these bytes mean. ProtocolError, or whatever else h2 raises on what nobody should send."""
        self._look(data)
        return self.receive_data(data)

    def _look(self, data: bytes) -> None:
        """Refuse frames by their heads alone: h2 would first wait for all 16 MB of one that says it is so long."""
        at = self._left
        while at < len(data):
            head = self._head + data[at : at + _FRAME_HEAD_BYTES - len(self._head)]
            at += len(head) - len(self._head)
            if len(head) < _FRAME_HEAD_BYTES:
                self._head = head
                break
            self._head = b""
            length = int.from_bytes(head[:3], "big")
            if length > FRAME_BYTES:
                raise FrameTooLargeError(f"a frame of {length} bytes, and {FRAME_BYTES} are allowed")
            if head[3] != _DATA or not length:
                self.idle_frames += 1
                if self.idle_frames > IDLE_FRAMES:
                    raise ProtocolError(f"{IDLE_FRAMES} frames and no end of an answer")
            at += length
        self._left = max(0, at - len(data))
