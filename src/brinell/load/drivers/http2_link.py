"""One socket that speaks HTTP/2 for several lanes, and the pool of all of them.

Streams are opened once the peer's settings are known, never more than it allows. What the peer says it did not look at
(above the last stream of a GOAWAY, REFUSED_STREAM: RFC 9113, 8.7) is sent once more, on another socket; nothing else.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import Callable

from h2.errors import ErrorCodes
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

from brinell.core import outcomes
from brinell.load.drivers.http2_lane import Lane
from brinell.load.drivers.http2_machine import Machine
from brinell.load.engine.connection import IDLE, SENDING, WAITING, Connection, Host
from brinell.load.engine.failures import classify
from brinell.load.engine.poller import READ, WRITE
from brinell.load.engine.work import Operation

READ_BYTES = 16384 + 9  # one frame of full length: what a hostile peer can make us do in one turn stays small
PIECE_BYTES = 65536  # of a request's body at once, where the peer takes longer frames
LAST_STREAM = 2**31 - 3
MOVES = 1  # of a request that the peer says it did not look at
GREETING = "waiting for the server's settings"
QUEUED = "waiting for a stream, which the server's limit allows"
ANSWERING = "inside the answer"

_now = time.monotonic_ns


class Pool:
    """All sockets of a worker; ``streams`` lanes share one."""

    def __init__(self, lane: Callable[[Host, Pool], Lane], streams: int) -> None:
        self.streams = streams
        self.links: list[Link] = []
        self._lane = lane

    def lane(self, host: Host) -> Lane:
        """Return a new lane, on no socket yet."""
        return self._lane(host, self)

    def place(self, lane: Lane) -> None:
        """Give a lane with a request a socket: one with room, or a new one."""
        for link in self.links:
            if link.host is lane.host and len(link.lanes) < link.capacity:
                link.take(lane)
                return
        link = Link(lane.host, self)
        self.links.append(link)
        link.take(lane)
        link.open(IDLE, 0, 0)


class Link(Connection):
    """``lanes`` share it, ``asked`` by stream, ``queue`` wait for a stream, ``uploads`` have a part of a body left.

    ``ready``: the peer's settings are known. ``retired``: it takes no more requests. ``heard``: when bytes came last.
    """

    __slots__ = (
        "_broken", "_farewell", "_reading", "_unsent", "asked", "capacity", "heard", "lanes", "machine", "next_stream",
        "pool", "queue", "ready", "retired", "scheme", "uploads",
    )  # fmt: skip

    def __init__(self, host: Host, pool: Pool) -> None:
        super().__init__(host)
        self.pool = pool
        self.capacity = pool.streams
        self.scheme = b"http" if host.tls is None else b"https"
        self.machine = Machine()
        self.lanes: list[Lane] = []
        self.asked: dict[int, Lane] = {}
        self.queue: deque[Lane] = deque()
        self.uploads: dict[int, Lane] = {}
        self.next_stream = 1
        self.heard = 0
        self.ready = self.retired = self._reading = self._broken = False
        self._unsent: list[Lane] = []  # those whose requests the machine has and the socket does not
        self._farewell = ""

    # --- for lanes --------------------------------------------------------------------------------------------------

    def take(self, lane: Lane) -> None:
        """Carry a lane's request from now on: at once, or when the connection stands."""
        self.lanes.append(lane)
        lane.link = self
        lane.phase = self.phase
        if self.ready:
            self.start(lane)

    def start(self, lane: Lane) -> None:
        """Send the lane's request, or let it wait for a stream."""
        if len(self.asked) >= self.machine.remote_settings.max_concurrent_streams:
            lane.due, lane.attempt, lane.started = lane.intended or _now(), lane.attempted, 0
            lane.phase = QUEUED
            self.queue.append(lane)
            return
        parts, key = lane.parts(self.scheme)
        stream = lane.stream = self.next_stream
        self.next_stream += 2
        if self.next_stream > LAST_STREAM:
            self._retire()
        self.asked[stream] = lane
        lane.started = lane.started or _now()
        lane.phase = WAITING
        try:
            self.machine.ask(stream, parts.fields, key, end=not parts.body)
        except H2Error as error:
            self.break_off(outcomes.PROTOCOL, f"{type(error).__name__}: {error}")
            return
        if parts.body:
            lane.phase = SENDING
            lane.body = memoryview(parts.body)
            self.uploads[stream] = lane
        if self._reading:  # the requests that follow from what was read at once are sent at once
            self._unsent.append(lane)
            return
        self._feed()
        self._flush()

    def leave(self, lane: Lane) -> None:
        """Carry a lane no longer. Calls nobody back: what is to be said to the peer is said in the loop's next turn."""
        stream = lane.stream
        self._drop(lane)
        if self.fd < 0:
            return
        if stream:
            if self.heard < lane.started:  # not a byte since it was sent: nobody else need wait for this peer
                self._retire()
            self._cancel(stream)
        if not self.lanes:
            self.close()

    # --- life -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the socket."""
        super().close()
        self._retire()
        self.machine.end()

    def break_off(self, outcome: str, detail: str, ended_ns: int = 0) -> None:
        """Close, and fail every request that was under way."""
        self._end_all(outcome, outcome, detail, ended_ns or _now())

    def told(self) -> str:
        """Nothing: lanes tell."""
        return ""

    def recall(self, operation: Operation) -> None:
        """Nothing is known beforehand."""

    def _wrap(self, context: ssl.SSLContext) -> None:
        context.set_alpn_protocols(["h2"])
        self._say("TLS handshake")
        super()._wrap(context)

    def _established(self) -> None:
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.selected_alpn_protocol() != "h2":
            self.break_off(outcomes.PROTOCOL, "the server does not speak HTTP/2: it did not choose h2 (ALPN)")
            return
        self._say(GREETING)
        self.machine.begin()
        self.listen()
        self._flush()

    def _say(self, phase: str) -> None:
        self.phase = phase
        for lane in self.lanes:
            lane.phase = phase

    def _retire(self) -> None:
        self.retired = True
        self.capacity = 0
        if self in self.pool.links:
            self.pool.links.remove(self)

    def _end_all(self, outcome: str, begun: str, detail: str, ended: int) -> None:
        """Close; requests without a word of an answer end with ``outcome``, the others with ``begun``."""
        self.close()
        lanes, self.lanes = self.lanes, []
        self.asked.clear()
        self.queue.clear()
        self.uploads.clear()
        for lane in lanes:
            lane.link, lane.body = None, None
            lane.stream = 0
        for lane in lanes:
            lane.fail(begun if lane.status else outcome, detail, ended)

    def _drop(self, lane: Lane) -> None:
        if lane in self.lanes:
            self.lanes.remove(lane)
        if lane in self.queue:
            self.queue.remove(lane)
        self._over(lane)
        lane.link = None

    def _move(self, lane: Lane) -> None:
        """Let another socket carry the lane's request; its time-out goes on."""
        lane.due, lane.attempt, lane.started = lane.intended, lane.attempted, 0
        self._drop(lane)
        self.pool.place(lane)

    def _cancel(self, stream: int) -> None:
        try:
            self.machine.reset_stream(stream, ErrorCodes.CANCEL)
        except H2Error:
            return  # it is over already
        self.host.poller.change(self.fd, READ | WRITE, self._on_sending)

    # --- bytes out --------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Send what the machine has to say, as far as the socket takes it."""
        while self.rest is None and self.fd >= 0 and not self._broken:
            data = self.machine.data_to_send()
            if not data:
                return
            self._push(memoryview(data))

    def _push(self, data: memoryview) -> None:
        try:
            sent = self.send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent = 0
        except OSError as error:
            self._unsendable(error)
            return
        self.rest = data[sent:] or None
        if self.rest is not None:
            self.host.poller.change(self.fd, READ | WRITE, self._on_sending)

    def _feed(self) -> None:
        """Send of every body what both windows and the socket take, a frame of each in turn."""
        moved = True
        while moved and self.uploads and self.rest is None and self.fd >= 0 and not self._broken:
            moved = False
            for stream, lane in list(self.uploads.items()):
                try:
                    moved = self._say_piece(stream, lane) or moved
                except H2Error as error:
                    self.break_off(outcomes.PROTOCOL, f"{type(error).__name__}: {error}")
                if self.rest is not None or self.fd < 0:
                    return

    def _say_piece(self, stream: int, lane: Lane) -> bool:
        """Send a frame of the lane's body; False where the windows are shut."""
        body = lane.body
        size = min(self.machine.local_flow_control_window(stream), self.machine.max_outbound_frame_size, PIECE_BYTES)
        if body is None or size <= 0:
            return False
        self.machine.send_data(stream, bytes(body[:size]), end_stream=size >= len(body))
        lane.body = body[size:] or None
        if lane.body is None:
            del self.uploads[stream]
            lane.phase = WAITING
        self._flush()
        return True

    def _on_sending(self, events: int) -> None:
        if events & WRITE:
            if self.rest is not None:
                self._push(self.rest)
            if self.rest is None and self.fd >= 0:
                self.listen()
                self._feed()
                self._flush()
        if events & ~WRITE and self.fd >= 0:
            self._readable(events)

    def _unsendable(self, error: OSError) -> None:
        """The peer takes no more. It may have said why before it closed: look once."""
        self.rest = None
        self._broken = True
        self.listen()
        self._readable(READ)
        if self.fd >= 0:
            self.break_off(*classify(error))

    # --- bytes in ---------------------------------------------------------------------------------------------------

    def on_ready(self, events: int) -> None:  # noqa: ARG002 - a handler
        """Read once; answers that are whole end here."""
        try:
            data = self.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as error:
            self.break_off(*classify(error))
            return
        ended = _now()
        if not data:
            words = "closed" + (f" after {self._farewell}" if self._farewell else "")
            self._end_all(outcomes.RESET, outcomes.SHORT_BODY, words, ended)
            return
        first, self.heard = not self.heard, ended
        try:
            happened = self.machine.take(data)
        except Exception as error:  # noqa: BLE001 - h2 too may stumble over what nobody should send
            self._refuse(error, data, ended, first=first)
            return
        self._reading = True
        try:
            for event in happened:
                handler = _HANDLERS.get(type(event))
                if handler is not None:
                    handler(self, event, ended)
                if self.fd < 0:
                    return
        finally:
            self._reading = False
        self._send_all()

    def _send_all(self) -> None:
        """Send what the events led to. Only now is it sent, so only now has it started."""
        now = _now()
        for lane in self._unsent:
            if lane.link is self and lane.stream:
                lane.started = now
        self._unsent.clear()
        self._feed()
        self._flush()

    def _refuse(self, error: Exception, data: bytes, ended: int, *, first: bool) -> None:
        if first and data.startswith(b"HTTP/1"):
            words = "the server answers in HTTP/1: it does not speak HTTP/2 to whoever begins with it"
        else:
            words = str(error)
            if len(words) < 12:  # h2 says no more than the stream's number of some errors
                words = f"{type(error).__name__} {words}"
        self._flush()  # h2 says goodbye, with the reason
        self.break_off(outcomes.PROTOCOL, f"{words}; at {data[:60]!r}", ended)

    def _on_settings(self, event: Event, ended: int) -> None:  # noqa: ARG002 - as all handlers
        if self.ready:
            self._next()
            return
        self.ready = True
        if not self.retired:
            self.capacity = max(1, min(self.pool.streams, self.machine.remote_settings.max_concurrent_streams))
        staying, leaving = self.lanes[: self.capacity], self.lanes[self.capacity :]
        for lane in leaving:
            self._move(lane)
        for lane in staying:
            if lane.link is self and not lane.stream:
                self.start(lane)

    def _on_response(self, event: Event, ended: int) -> None:
        lane = self.asked.get(event.stream_id) if isinstance(event, ResponseReceived) else None
        if lane is None or not isinstance(event, ResponseReceived):
            return
        status = next((bytes(value) for name, value in event.headers if name == b":status"), b"")
        if len(status) != 3 or not status.isdigit() or status < b"200":
            lane.break_off(outcomes.PROTOCOL, f"{status[:20]!r} is no status", ended)
            return
        lane.phase = ANSWERING
        lane.begun(int(status), event.headers)

    def _on_data(self, event: Event, ended: int) -> None:  # noqa: ARG002 - as all handlers
        if isinstance(event, DataReceived):
            lane = self.asked.get(event.stream_id)
            if lane is not None:
                lane.took(event.data)
            self.machine.acknowledge_received_data(event.flow_controlled_length, event.stream_id)

    def _on_end(self, event: Event, ended: int) -> None:
        lane = self.asked.get(event.stream_id) if isinstance(event, StreamEnded) else None
        if lane is None:
            return
        self.machine.idle_frames = 0
        lane.used = True
        if lane.body is not None:  # answered before the request was out (413): the rest of it is for nobody
            self._cancel(lane.stream)
        self._over(lane)
        self._next()
        if missing := lane.missing():
            lane.said = f"the answer announces {missing} bytes and ends without any"
            lane.operation.move_bytes(lane.outcome, outcomes.SHORT_BODY, lane.came)
            outcome = outcomes.SHORT_BODY
        else:
            outcome = lane.verdict()
        lane.host.answered(lane, ended, outcome, keep=True)

    def _on_reset(self, event: Event, ended: int) -> None:
        lane = self.asked.get(event.stream_id) if isinstance(event, StreamReset) else None
        if lane is None or not isinstance(event, StreamReset):
            return
        if event.error_code == ErrorCodes.REFUSED_STREAM and not lane.status:
            self._elsewhere(lane, "the server refused the stream", ended)
            self._next()
            if not self.lanes:
                self.close()
        else:
            # The socket is fine, and so is the lane: as with an answer that says no.
            self._over(lane)
            self._next()
            lane.said = f"the server reset the stream: {_name(event.error_code)}"
            lane.host.answered(lane, ended, outcomes.SHORT_BODY if lane.status else outcomes.RESET, keep=True)

    def _over(self, lane: Lane) -> None:
        """The lane's stream has ended."""
        self.asked.pop(lane.stream, None)
        self.uploads.pop(lane.stream, None)
        lane.stream, lane.body = 0, None

    def _on_goaway(self, event: Event, ended: int) -> None:
        if not isinstance(event, ConnectionTerminated):
            return
        self._farewell = f"GOAWAY {_name(event.error_code)}"
        if event.additional_data:
            self._farewell += f" {bytes(event.additional_data[:80])!r}"
        self._retire()
        last = event.last_stream_id or 0
        for lane in list(self.lanes):
            if lane.link is not self or 0 < lane.stream <= last:
                continue
            if lane.operation is IDLE:
                self._drop(lane)
            else:
                self._elsewhere(lane, f"not looked at: {self._farewell}", ended)
        if not self.lanes:
            self.close()

    def _elsewhere(self, lane: Lane, why: str, ended: int) -> None:
        """Move a request that the peer did not look at, or fail it where that has happened to it before."""
        if lane.moves < MOVES:
            lane.moves += 1
            self._move(lane)
        else:
            self._drop(lane)
            lane.fail(outcomes.RESET, why, ended)

    def _next(self) -> None:
        """Let those who wait for a stream have one."""
        most = self.machine.remote_settings.max_concurrent_streams
        while self.queue and self.fd >= 0 and len(self.asked) < most:
            self.start(self.queue.popleft())


def _name(code: int | ErrorCodes | None) -> str:
    return code.name if isinstance(code, ErrorCodes) else f"error {code}"


_HANDLERS: dict[type[Event], Callable[[Link, Event, int], None]] = {
    RemoteSettingsChanged: Link._on_settings,  # noqa: SLF001 - its own
    ResponseReceived: Link._on_response,  # noqa: SLF001
    DataReceived: Link._on_data,  # noqa: SLF001
    StreamEnded: Link._on_end,  # noqa: SLF001
    StreamReset: Link._on_reset,  # noqa: SLF001
    ConnectionTerminated: Link._on_goaway,  # noqa: SLF001
}
