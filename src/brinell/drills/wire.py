"""One connection that is watched: connect, TLS, partial sends and how it ended. What came is for subclasses to read.

Nothing in here waits: whoever owns the loop calls ``look``.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import ssl
import time
from abc import ABC, abstractmethod

from brinell.load.engine.endpoint import Endpoint

OPEN, FIN, RESET, REFUSED = "open", "closed", "reset", "refused"
READ_BYTES = 65536
_NO_SPACE = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL)
_HUNG_UP = getattr(select, "POLLRDHUP", select.POLLHUP)
_BUSY = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class OwnLimitError(Exception):
    """No further connection can be opened from this side."""


class Wire(ABC):
    """``state`` is open, closed (an orderly end), reset or refused, and ``why`` says more. ``window``: bytes that this
    side takes at most without reading. Times are monotonic nanoseconds, 0 where it did not happen yet.
    """

    def __init__(self, endpoint: Endpoint, *, window: int = 0) -> None:
        self.state = OPEN
        self.connected = False
        self.bytes_in = 0
        self.opened_ns = time.monotonic_ns()
        self.first_byte_ns = self.ended_ns = 0
        self.why = ""
        self._rest = b""
        self._tls, self._name = endpoint.tls, endpoint.tls_name
        self._shaking = self._tls is not None
        try:
            sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
        except OSError as error:
            raise OwnLimitError(str(error)) from error
        self._sock: socket.socket | ssl.SSLSocket = sock
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if window:  # before the connect, which agrees on it
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        try:
            with contextlib.suppress(BlockingIOError):
                sock.connect(endpoint.address)
        except OSError as error:
            self._fail(error)

    @abstractmethod
    def _take(self, data: bytes) -> None:
        """Read what came."""

    @abstractmethod
    def _at_end(self) -> None:
        """The peer closed its side in order: nothing more comes."""

    @abstractmethod
    def _stands(self) -> None:
        """The connection stands, TLS included."""

    def fileno(self) -> int:
        """The socket's number, for whoever waits for several."""
        return self._sock.fileno()

    def look(self, most: int = READ_BYTES) -> None:
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

    # --- for subclasses ---------------------------------------------------------------------------------------------

    def _say(self, data: bytes) -> None:
        """Send; what the socket does not take goes out in later looks."""
        if self.state == OPEN:
            self._rest += data
            self._push()

    def _break(self, why: str) -> None:
        """End it from this side: what came cannot be read."""
        self.state, self.why, self.ended_ns = RESET, why, time.monotonic_ns()
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
        self._stands()
        return self.state == OPEN

    def _shake(self) -> bool:
        try:
            if not isinstance(self._sock, ssl.SSLSocket) and self._tls is not None:
                self._sock = self._tls.wrap_socket(
                    self._sock, server_hostname=self._name, do_handshake_on_connect=False
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
            self._pull(READ_BYTES)  # it may have said why
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
        """Read once; over TLS, until nothing decrypted waits inside, which no poller would tell."""
        again = True
        while again and self.state == OPEN:
            try:
                data = self._sock.recv(most)
            except _BUSY:
                return
            except OSError as error:
                self._fail(error)
                return
            if not data:
                self._at_end()
                self._closed()
                return
            self.bytes_in += len(data)
            self.first_byte_ns = self.first_byte_ns or time.monotonic_ns()
            again = isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0
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
