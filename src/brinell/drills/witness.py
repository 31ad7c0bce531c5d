"""One HTTP/1.1 connection under a magnifying glass: what was sent when, what came back, and how it ended.

Nothing in here waits: whoever owns the loop calls ``look``.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import ssl
import time

import httptools

OPEN, FIN, RESET, REFUSED = "open", "closed", "reset", "refused"
_READ_BYTES = 65536
_KEPT_BYTES = 262_144
_NO_SPACE = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL)
_HUNG_UP = getattr(select, "POLLRDHUP", select.POLLHUP)
_BUSY = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

Address = tuple[int, tuple[str | int, ...]]
"""Family and numeric address."""


class OwnLimitError(Exception):
    """No further connection can be opened from this side."""


class Witness:
    """``state`` is open, closed (an orderly end), reset or refused; ``status`` and ``body`` of the last whole answer.

    ``answers`` counts whole answers; ``announced``: one of them said that the connection closes. Times are monotonic
    nanoseconds, 0 where it did not happen yet.
    """

    def __init__(self, address: Address, *, tls: ssl.SSLContext | None = None, name: str = "", window: int = 0) -> None:
        self.state = OPEN
        self.connected = False
        self.status = 0
        self.body = b""
        self.answers = self.bytes_in = 0
        self.announced = False
        self.opened_ns = time.monotonic_ns()
        self.sent_ns = self.first_byte_ns = self.answered_ns = self.ended_ns = 0
        self.why = ""
        self._rest = b""
        self._bodiless = False
        self._shaking = tls is not None
        self._begin_answer()
        family, where = address
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise OwnLimitError(str(error)) from error
        self._sock: socket.socket | ssl.SSLSocket = sock
        self._tls, self._name = tls, name
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if window:  # before the connect, which agrees on it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        try:
            with contextlib.suppress(BlockingIOError):
                sock.connect(where)
        except OSError as error:
            self._fail(error)

    @property
    def midway(self) -> bool:
        """Whether a request is out and its answer is not whole."""
        return self.sent_ns > self.answered_ns

    def fileno(self) -> int:
        """The socket's number, for whoever waits for several."""
        return self._sock.fileno()

    def send(self, data: bytes, *, bodiless: bool = False) -> None:
        """Send; what the socket does not take goes out in later looks. ``bodiless``: the answer to HEAD."""
        self._bodiless = bodiless
        if self.state != OPEN:
            return
        self.sent_ns = time.monotonic_ns()
        self._rest += data
        self._push()

    def look(self, most: int = _READ_BYTES) -> None:
        """Take what has come, at most ``most`` bytes at once; 0: only see whether it is still open."""
        if self.state != OPEN:
            return
        if not self.connected and not self._connect():
            return
        self._push()
        if self.state == OPEN:
            if most:
                self._pull(most)
            else:
                self._see()

    def close(self) -> None:
        """Close this side."""
        with contextlib.suppress(OSError):
            self._sock.close()

    def abort(self) -> None:
        """Close this side so that nothing lingers."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close()

    # --- the socket -------------------------------------------------------------------------------------------------

    def _connect(self) -> bool:
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._fail(OSError(number, errno.errorcode.get(number, "")))
            return False
        try:
            self._sock.getpeername()
        except OSError:
            return False
        if self._shaking and not self._shake():
            return False
        self.connected = True
        return True

    def _shake(self) -> bool:
        try:
            if not isinstance(self._sock, ssl.SSLSocket) and self._tls is not None:
                self._sock = self._tls.wrap_socket(
                    self._sock, server_hostname=self._name or None, do_handshake_on_connect=False
                )
            if isinstance(self._sock, ssl.SSLSocket):
                self._sock.do_handshake()
        except _BUSY:
            return False
        except OSError as error:
            self._fail(error)
            return False
        self._shaking = False
        return True

    def _push(self) -> None:
        if not self._rest or self._shaking:
            return
        try:
            sent = self._sock.send(self._rest)
        except _BUSY:
            return
        except OSError as error:
            if error.errno in {errno.EAGAIN, errno.EINPROGRESS, errno.ENOTCONN} and not self.connected:
                return
            self._rest = b""
            if self.midway:
                self._pull(_READ_BYTES)  # it may have said why
            if self.state == OPEN:
                self._fail(error)
            return
        self._rest = self._rest[sent:]

    def _see(self) -> None:
        """See whether it ended, behind whatever waits to be read."""
        number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._fail(OSError(number, errno.errorcode.get(number, "")))
            return
        poll = select.poll()
        poll.register(self._sock, _HUNG_UP)
        if poll.poll(0):
            self._closed()

    def _pull(self, most: int) -> None:
        try:
            data = self._sock.recv(most)
        except _BUSY:
            return
        except OSError as error:
            self._fail(error)
            return
        if not data:
            if self.midway and self._until_close and self._in_body:
                self.on_message_complete()
            self._closed()
        else:
            self._take(data)

    def _closed(self) -> None:
        self.state, self.ended_ns = FIN, time.monotonic_ns()
        self.close()

    def _fail(self, error: OSError) -> None:
        if error.errno in _NO_SPACE:
            self.close()
            raise OwnLimitError(str(error)) from error
        self.state = RESET if self.connected else REFUSED
        self.why = error.strerror or str(error)
        self.ended_ns = time.monotonic_ns()
        self.close()

    # --- the answer: what the parser calls --------------------------------------------------------------------------

    def _begin_answer(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._held = bytearray()
        self._until_close = True
        self._in_body = False

    def _take(self, data: bytes) -> None:
        self.bytes_in += len(data)
        self.first_byte_ns = self.first_byte_ns or time.monotonic_ns()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.state, self.why, self.ended_ns = RESET, f"not HTTP: {error}", time.monotonic_ns()
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note what says where the answer ends, and whether the connection does."""
        key = name.lower()
        if key in {b"content-length", b"transfer-encoding"}:
            self._until_close = False
        if key == b"connection" and b"close" in value.lower():
            self.announced = True

    def on_headers_complete(self) -> None:
        """An announcement (1xx) is followed by the answer; that to HEAD is over with its head."""
        self._in_body = self._parser.get_status_code() >= 200
        if self._bodiless and self._in_body:
            self.on_message_complete()

    def on_body(self, data: bytes) -> None:
        """Keep the beginning."""
        if len(self._held) < _KEPT_BYTES:
            self._held += data

    def on_message_complete(self) -> None:
        """A whole answer; announcements (1xx) are none, and none is told twice."""
        status = int(self._parser.get_status_code())
        if status < 200 or not self._in_body:
            return
        self._in_body = False
        self._until_close = True
        self.status, self.body = status, bytes(self._held)
        self._held = bytearray()
        self.answers += 1
        self.answered_ns = time.monotonic_ns()
