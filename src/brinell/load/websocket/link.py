"""One WebSocket connection: connect, TLS and partial sends are ``engine.Connection``'s, the protocol is here.

Its ``open`` begins to connect, and its host hears what comes of it: ``opened``, or ``failed`` with the outcome (an
answer to the upgrade other than 101 is ``status-<code>`` and kept in ``refusal``). From then on it speaks to the host
by ``message``, ``pong``, ``pinged`` and ``drained``, and at its end by ``closed``, once. A connection that rests keeps
no buffers: what reads unfinished messages is made when one comes, and dropped after it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from typing import NamedTuple, Protocol, cast

from brinell.core import outcomes
from brinell.load.drivers.http_answer import END, LONGEST_HEAD, START, ProtocolError
from brinell.load.engine.connection import IDLE, SENDING, Connection, Host
from brinell.load.engine.failures import classify
from brinell.load.engine.poller import READ, WRITE
from brinell.load.engine.stamps import STAMP_BYTES, Ahead, ask_for_stamps
from brinell.load.engine.work import Operation
from brinell.load.websocket import frames, handshake
from brinell.load.websocket.deflate import Deflate
from brinell.load.websocket.frames import CLOSE, CONTINUATION, PING, PONG, TEXT
from brinell.load.websocket.handshake import KEPT_BODY, Opening, Refusal

CONNECTING, OPENING, OPEN, CLOSING, CLOSED = range(5)
"""``state``: to the answer of connect and TLS; to that of the upgrade; open; our close frame is out; over."""

READ_BYTES = 65536
MAX_MESSAGE_BYTES = 1 << 20
_UPGRADING = "waiting for the answer to the upgrade"
_AT_ONCE = struct.pack("ii", 1, 0)  # linger, for no time: close by a reset
_now = time.monotonic_ns
_ahead = Ahead()


class Ending(NamedTuple):
    """How a connection that was open ended. ``code``: of the close frame that ended it, 1006 where none came.

    ``clean``: a close frame went each way. ``own``: this side began it, be it because of what the peer sent (``why``).
    """

    code: int
    reason: str = ""
    clean: bool = False
    own: bool = False
    why: str = ""
    late: int = 0  # 1: data came behind the peer's close frame


class LinkHost(Host, Protocol):
    """What a link tells; beside what every connection does (``failed``, before it is open)."""

    def opened(self, link: Link, now: int) -> None:
        """The handshake is through. ``link.due``, ``link.started`` and ``now`` are its instants."""
        ...

    def message(self, link: Link, opcode: int, payload: bytes, now: int) -> None:
        """A whole message came, ``TEXT`` (checked UTF-8) or ``BINARY``."""
        ...

    def pong(self, link: Link, payload: bytes, now: int) -> None:
        """An answer to a ping."""
        ...

    def pinged(self, link: Link, now: int) -> None:
        """The peer pinged; the link has answered."""
        ...

    def drained(self, link: Link, now: int) -> None:
        """What the socket did not take at once (``link.rest``) is out."""
        ...

    def closed(self, link: Link, ending: Ending, now: int) -> None:
        """An open connection is over; its socket is closed."""
        ...


class Terms:
    """What all links of a scenario share: the request that opens them, limits, and masking keys."""

    __slots__ = ("keys", "max_message", "opening")

    def __init__(
        self, opening: Opening, max_message: int = MAX_MESSAGE_BYTES, keys: Iterator[int] | None = None
    ) -> None:
        self.opening = opening
        self.max_message = max_message
        self.keys = frames.keys() if keys is None else keys


class Link(Connection):
    """``key`` and ``head`` are of the handshake and empty after it. ``tag`` is the owner's."""

    __slots__ = ("_reader", "deflate", "head", "key", "refusal", "state", "subprotocol", "tag", "terms")

    def __init__(self, host: LinkHost, terms: Terms, tag: int = 0) -> None:
        super().__init__(host)
        self.terms = terms
        self.tag = tag
        self.state = CONNECTING
        self.key = b""
        self.head: bytearray | None = None
        self.refusal: Refusal | None = None
        self.subprotocol = ""
        self.deflate: Deflate | None = None
        self._reader: frames.Reader | None = None

    # --- sending ----------------------------------------------------------------------------------------------------

    def send_text(self, text: str) -> int:
        """Send a text message; return the bytes of its frame."""
        return self.send_message(TEXT, text.encode())

    def send_message(self, opcode: int, payload: bytes, pieces: int = 1) -> int:
        """Send a message, in ``pieces`` frames and compressed if that was agreed; return the bytes of its frames."""
        packed = self.deflate is not None
        if self.deflate is not None:
            payload = self.deflate.pack(payload)
        keys = self.terms.keys
        if pieces <= 1:
            return self.transmit(frames.frame(opcode, payload, next(keys), packed=packed))
        step = -(-len(payload) // pieces) or 1
        cuts = [payload[at : at + step] for at in range(0, len(payload), step)] or [b""]
        last = len(cuts) - 1
        return self.transmit(
            b"".join(
                frames.frame(CONTINUATION if at else opcode, cut, next(keys), fin=at == last, packed=packed and not at)
                for at, cut in enumerate(cuts)
            )
        )

    def ping(self, payload: bytes = b"") -> int:
        """Send a ping of at most 125 bytes; the answer is told by ``pong``."""
        return self.transmit(frames.frame(PING, payload, next(self.terms.keys)))

    def shut(self, code: int = frames.NORMAL, reason: str = "") -> None:
        """Begin the close handshake. ``closed`` is told once the peer's close frame came, or its end; whoever owns the
        link bounds the wait by ``abandon``.
        """
        if self.state == OPEN:
            self.state = CLOSING
            self.transmit(frames.frame(CLOSE, frames.close_payload(code, reason), next(self.terms.keys)))
        elif self.state < OPEN:
            self.close()

    def abandon(self, why: str = "", *, reset: bool = False) -> None:
        """End it now, without a close handshake: by a reset, or in the ordinary way of TCP."""
        if self.state in {OPEN, CLOSING}:
            if reset:
                with contextlib.suppress(OSError):
                    self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self._end(Ending(frames.ABNORMAL, own=True, why=why), _now())
        else:
            self.close()

    def transmit(self, data: bytes) -> int:
        """Send these bytes, after what still waits to be sent; return how many they are."""
        if self.rest is not None:
            self.rest = memoryview(b"".join((self.rest, data)))
            return len(data)
        if self.fd < 0:
            return len(data)  # it ended meanwhile, and its host knows
        try:
            sent = self.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent = 0
        except OSError as error:
            self._lost(error)
            return len(data)
        if sent != len(data):
            self.rest = memoryview(data)[sent:]
            self.host.urgent.add(self)
            self.host.poller.change(self.fd, READ | WRITE, self._on_sending)
        return len(data)

    # --- life -------------------------------------------------------------------------------------------------------

    def begin_first(self) -> None:
        """Ask for the upgrade; the attempt, and its time, began with the connect."""
        self.started = self.attempt
        self.state = OPENING
        self.phase = SENDING
        self.key = handshake.new_key()
        self.transmit(self.terms.opening.request(self.key))
        if self.rest is None and self.state == OPENING:
            self.phase = _UPGRADING

    def close(self) -> None:
        """Close the socket, and drop what was kept of a message; harmless if it is closed. Nobody is told."""
        super().close()
        self.state = CLOSED
        if self._reader is not None:
            self._reader.drop()
            self._reader = None
        self.head = None

    def break_off(self, outcome: str, detail: str, ended_ns: int = 0) -> None:
        """Close; fail the attempt to open, or end what was open."""
        if self.state in {OPEN, CLOSING}:
            self._end(Ending(frames.ABNORMAL, own=outcome == outcomes.OWN_FAULT, why=detail), ended_ns or _now())
        else:
            super().break_off(outcome, detail, ended_ns)

    def pause(self) -> None:
        """Read nothing more until ``resume``: what the peer sends fills the buffers on the way. Its loss is noticed."""
        if self.rest is None:  # else it is asked again once that is out (``listen``)
            self.host.poller.change(self.fd, 0, self._on_paused)

    def resume(self) -> None:
        """Read again."""
        self.listen()

    def sip(self, most: int) -> None:
        """Read at most so many bytes once, and take what they complete: a slow reader's way."""
        if self.fd >= 0:
            self._read(most)

    def told(self) -> str:
        """What the peer said last, for exemplars."""
        return self.refusal.words if self.refusal else ""

    def recall(self, operation: Operation) -> None:
        """Nothing is seen twice here."""

    # --- handlers ---------------------------------------------------------------------------------------------------

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once, and take what that completes. Links with a short way for the usual message begin with it."""
        self._read(READ_BYTES)

    def receive(self, most: int) -> tuple[bytes, int]:
        """Read at most so many bytes once; return them and when they came: as the system says where it does, else now.

        OSError as of ``recv``: nothing is there, or the connection is gone.
        """
        if self.host.patient:
            data, told, _, _ = self.sock.recvmsg(most, STAMP_BYTES)
            return data, _ahead.arrival_ns(told, 0)
        return self.recv(most), _now()

    def _read(self, most: int) -> None:
        try:
            data, now = self.receive(most)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self._lost(error)
            return
        self.take(data, now)

    def _attach(self, sock: socket.socket) -> None:
        super()._attach(sock)
        if self.host.patient:
            ask_for_stamps(sock)

    def take(self, data: bytes, now: int) -> None:
        """Take bytes that came, at ``now``."""
        if not data:
            self._ended(now)
        elif self.state >= OPEN:
            self._messages(data, now)
        else:
            self._upgrade(data, now)

    def _on_sending(self, events: int) -> None:
        super()._on_sending(events)
        if self.rest is None and self.fd >= 0:
            if self.state >= OPEN:
                cast("LinkHost", self.host).drained(self, _now())
            elif self.state == OPENING:
                self.phase = _UPGRADING

    def _on_paused(self, events: int) -> None:  # noqa: ARG002 - only an error or a hang-up comes here
        number = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        _, why = classify(OSError(number, "")) if number else ("", "")
        self._end(Ending(frames.ABNORMAL, why=why or "the connection ended"), _now())

    # --- the handshake ----------------------------------------------------------------------------------------------

    def _upgrade(self, data: bytes, now: int) -> None:
        """Read the answer to the upgrade, which may come in parts and with messages behind it."""
        if self.refusal is not None:
            self._more_of_refusal(data, now)
            return
        if self.head is None:
            self.head = bytearray()
        looked = max(0, len(self.head) - 3)
        self.head += data
        end = self.head.find(END, looked) + len(END)
        try:
            if end < len(END):
                self._incomplete(self.head)
                return
            whole = bytes(self.head)
            status, fields = handshake.read(whole[:end])
            self.head = None
            if status == 101:
                self._agreed(fields, whole[end:], now)
            else:
                self.refusal = Refusal(status, fields)
                self._more_of_refusal(whole[end:], now)
        except ProtocolError as error:
            self.break_off(outcomes.PROTOCOL, str(error), now)

    def _incomplete(self, head: bytearray) -> None:
        if not (head.startswith(START) or START.startswith(head[: len(START)])):
            raise ProtocolError(f"not an HTTP/1 answer: {bytes(head[:40])!r}")
        if len(head) > LONGEST_HEAD:
            raise ProtocolError(f"a head of more than {LONGEST_HEAD} bytes")

    def _agreed(self, fields: handshake.Fields, behind: bytes, now: int) -> None:
        settled = self.terms.opening.agree(fields, self.key)
        self.subprotocol = settled.subprotocol
        if settled.deflate is not None:
            self.deflate = Deflate(settled.deflate)
        self.key = b""
        self.state = OPEN
        self.phase = ""
        cast("LinkHost", self.host).opened(self, now)
        self.operation = IDLE
        if behind and self.fd >= 0:
            self._messages(behind, now)

    def _more_of_refusal(self, data: bytes, now: int) -> None:
        """Keep the beginning of a refusal's body, and fail once it is there or as much of it as is kept."""
        refusal = self.refusal
        if refusal is None:
            return
        refusal = self.refusal = refusal._replace(body=(refusal.body + data)[:KEPT_BODY])
        length = refusal.field("content-length")
        wanted = int(length) if length.isascii() and length.isdigit() and len(length) < 12 else KEPT_BODY
        chunked_end = "chunked" in refusal.field("transfer-encoding").lower() and refusal.body.endswith(b"0\r\n\r\n")
        if len(refusal.body) >= min(wanted, KEPT_BODY) or refusal.status in {204, 304} or chunked_end:
            self._refused(refusal, now)

    def _refused(self, refusal: Refusal, now: int) -> None:
        super().break_off(outcomes.of_status(refusal.status), refusal.words, now)

    # --- messages ---------------------------------------------------------------------------------------------------

    def _messages(self, data: bytes, now: int) -> None:
        reader = self._reader
        if reader is None:
            reader = frames.Reader(self.terms.max_message, self.deflate.inflate if self.deflate else None)
        found = reader.read(data)
        self._reader = None if reader.idle else reader
        host = cast("LinkHost", self.host)
        for opcode, payload in found:
            if self.fd < 0:
                return  # the host closed it over the message before
            if opcode < CLOSE:
                host.message(self, opcode, payload, now)
            elif opcode == PING:
                if self.state == OPEN:
                    self.transmit(frames.frame(PONG, payload, next(self.terms.keys)))
                host.pinged(self, now)
            elif opcode == PONG:
                host.pong(self, payload, now)
            else:
                self._closed_by_peer(payload, now, reader.behind)
        if reader.error is not None and self.fd >= 0:
            self._refuse(reader.error, now)

    def _closed_by_peer(self, payload: bytes, now: int, behind: bytes) -> None:
        """The peer's close frame: answer it with its code if it was the first one, and that is the end.

        The client may leave it to the server to close the socket first (RFC 6455, 7.1.1). Nothing is waited for here:
        a server that does not would keep a descriptor of ours for as long as it likes.
        """
        code, reason = frames.close_words(payload)
        own = self.state == CLOSING
        late = int(frames.begins_data(behind + self._unread()))  # RFC 6455, 5.5.1: no data after a close frame
        if not own:
            self.transmit(frames.frame(CLOSE, payload[:2], next(self.terms.keys)))
        if self.fd >= 0:
            self._end(Ending(code, reason, clean=True, own=own, late=late), now)

    def _unread(self) -> bytes:
        """Return what has come and was not read yet."""
        try:
            return self.recv(READ_BYTES)
        except OSError:  # nothing has, or the connection is gone
            return b""

    def _refuse(self, error: frames.FrameError, now: int) -> None:
        """End it because of what the peer sent, and say so in a close frame if the socket takes one at once."""
        if self.rest is None and self.state == OPEN:
            with contextlib.suppress(OSError):
                self.send(frames.frame(CLOSE, frames.close_payload(error.code, str(error)), next(self.terms.keys)))
        self._end(Ending(error.code, own=True, why=str(error)), now)

    def _end(self, ending: Ending, now: int) -> None:
        self.close()
        cast("LinkHost", self.host).closed(self, ending, now)

    def _ended(self, now: int) -> None:
        """The peer closed its side, and no close frame said so."""
        if self.state >= OPEN:
            held = self._reader is not None
            why = "ended inside a message" if held else "ended without a close frame"
            self._end(Ending(frames.ABNORMAL, own=False, why=why), now)
        elif self.refusal is not None:
            self._refused(self.refusal, now)
        else:
            self.break_off(outcomes.RESET, f"closed while {self.phase}", now)

    def _lost(self, error: OSError) -> None:
        kind, words = classify(error)
        if self.state < OPEN and self.refusal is not None:
            self._refused(self.refusal, _now())
        else:
            self.break_off(kind, words)
