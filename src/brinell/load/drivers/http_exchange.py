"""HTTP/1.1 where every request is another one and somebody reads the answers: sessions.

Framing is ``HttpConnection``'s. What comes on top: the head and, up to a limit, the body are kept and handed over.
"""

from __future__ import annotations

import zlib

from brinell.load.drivers.http_answer import CHUNKED, Chunks, Head, Heads, Message
from brinell.load.drivers.http_connection import HttpConnection, HttpOperation
from brinell.load.drivers.own_request import OwnRequest
from brinell.load.engine.connection import Host
from brinell.load.engine.endpoint import Endpoint
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation
from brinell.load.wire import WireOperation

KEPT_BYTES = 1 << 20
_MOST_ENCODINGS = 2
_REMEMBERED = 32  # heads whose fields are known, per operation, and
_LONGEST_REMEMBERED = 8192  # bytes of one: whatever a server invents, memory stays bounded
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32

Headers = tuple[tuple[bytes, bytes], ...]


class ExchangeOperation(HttpOperation):
    """A kind of request whose bytes differ. ``keep_bytes`` of a body are handed over, decoded; the rest is counted.

    ``bodiless``: answers have no body, whatever their head says (HEAD). ``expect``: statuses of success, else 100..399.
    """

    __slots__ = ("keep_bytes", "kept_heads")

    def __init__(
        self,
        name: str,
        recorder: Recorder,
        *,
        bodiless: bool = False,
        expect: tuple[int, ...] = (),
        keep_bytes: int = KEPT_BYTES,
    ) -> None:
        super().__init__(WireOperation(name, 1.0, b"", bodiless=bodiless, expect=expect), recorder)
        self.heads = self.kept_heads = KeptHeads(bodiless=bodiless, expect=expect)
        self.known = self.heads.known
        self.keep_bytes = keep_bytes


class KeptHeads(Heads):
    """``last`` are the bytes of the head that was read last."""

    __slots__ = ("_fields", "last")

    def __init__(self, *, bodiless: bool = False, expect: tuple[int, ...] = ()) -> None:
        super().__init__(bodiless=bodiless, expect=expect)
        self.last = b""
        self._fields: dict[bytes, tuple[Headers, bytes]] = {}

    def read(self, head: bytes) -> Head:
        """As ``Heads.read``."""
        self.last = head
        return super().read(head)

    def fields(self, head: bytes) -> tuple[Headers, bytes]:
        """Return the headers of a valid head, and its content encoding in lower case."""
        found = self._fields.get(head)
        if found is None:
            headers = _headers(head)
            encoding = b",".join(value for name, value in headers if name.lower() == b"content-encoding")
            found = headers, encoding.lower()
            if len(head) <= _LONGEST_REMEMBERED:
                if len(self._fields) >= _REMEMBERED:
                    self._fields.clear()
                self._fields[head] = found
        return found


class KeptMessage(Message):
    """Keeps what the chunks carry, up to ``most`` bytes; ``size`` counts all of it."""

    __slots__ = ("_most", "kept", "size")

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.size = 0
        self.kept: list[bytes] = []

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        left = self._most - self.size
        self.size += len(data)
        if left > 0:
            self.kept.append(data[:left])


class KeptChunks(Chunks):
    """Chunks whose content is kept in ``content``."""

    __slots__ = ("content",)

    def __init__(self, most: int) -> None:
        self.content = KeptMessage(most)
        super().__init__(self.content)


class ExchangeConnection(OwnRequest, HttpConnection):
    """``request`` is what it sends and ``user`` whoever asked, set before ``begin`` or ``open``. ``size`` counts the
    body's bytes so far, ``kept`` are its pieces, ``head_bytes`` its head.
    """

    __slots__ = ("head_bytes", "kept", "place", "request", "size", "user")

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.request = b""
        self.user: object = None
        self.place: Endpoint | None = None
        self.head_bytes = b""
        self.kept: list[bytes] = []
        self.size = 0

    def begin(self, operation: Operation, due: int, woken: int, now: int) -> None:
        """Send ``request`` over this open connection at ``now``."""
        self.head_bytes = b""
        self.kept = []
        self.size = 0
        OwnRequest.begin(self, operation, due, woken, now)

    @property
    def taken(self) -> int:
        """Bytes of the answer, without the framing of chunks."""
        return len(self.head_bytes) + self.size

    def answer(self) -> tuple[int, Headers, bytes, str]:
        """Return status, headers, body and what is to be said about the body, of an answer that just came whole."""
        operation = self.operation
        if not isinstance(operation, ExchangeOperation):
            raise TypeError("no exchange is under way")
        headers, encoding = operation.kept_heads.fields(self.head_bytes)
        most = operation.keep_bytes
        body = self.kept[0] if len(self.kept) == 1 else b"".join(self.kept)
        self.kept = []
        detail = f"only the first {most} of {self.size} bytes are kept" if self.size > most > 0 else ""
        if encoding and body:
            body, said = decoded(body, encoding, most)
            detail = detail or said
        return self.status, headers, body, detail

    def _whole(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        end = len(data) - head.length
        self.head_bytes = data[:end]
        self.size = head.length
        if isinstance(operation, ExchangeOperation) and operation.keep_bytes:
            self.kept.append(data[end : end + operation.keep_bytes])
        operation.cell(head.outcome).bytes_in += len(data)
        self.status = head.status
        self.used = True
        self.host.answered(self, ended, head.outcome, keep=True)

    def _begun(self, operation: HttpOperation, whole: bytes, ended: int) -> None:
        super()._begun(operation, whole, ended)
        if self.head is not None and isinstance(operation, ExchangeOperation):
            self.head_bytes = operation.kept_heads.last

    def _body(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        if isinstance(operation, ExchangeOperation):
            self.head_bytes = self.head_bytes or operation.kept_heads.last
            if head.length == CHUNKED:
                if not isinstance(self.chunks, KeptChunks):
                    self.chunks = KeptChunks(operation.keep_bytes)
                    self.kept = self.chunks.content.kept
            else:
                left = operation.keep_bytes - self.size
                self.size += len(data)
                if left > 0:
                    self.kept.append(data[:left])
        super()._body(operation, head, data, ended)

    def _complete(self, head: Head, ended: int, *, keep: bool) -> None:
        if isinstance(self.chunks, KeptChunks):
            self.size = self.chunks.content.size
        super()._complete(head, ended, keep=keep)


def decoded(body: bytes, encoding: bytes, most: int) -> tuple[bytes, str]:
    """Undo gzip and deflate, at most ``most`` bytes of it: a body may unpack to a thousand times its size. Return it
    and what is to be said. What cannot be decoded stays as it is.
    """
    names = [name.strip() for name in encoding.split(b",") if name.strip() not in {b"", b"identity"}]
    if len(names) > _MOST_ENCODINGS:
        return body, f"the body is encoded {len(names)} times and left as it is"
    for name in reversed(names):
        if name not in {b"gzip", b"x-gzip", b"deflate"}:
            return body, f"the body's encoding {name[:40].decode('latin-1')!r} is not known"
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS if name == b"deflate" and not _is_zlib(body) else _GZIP_OR_ZLIB)
        try:
            plain = unpacker.decompress(body, most + 1)
        except zlib.error as error:
            return body, f"the body is not valid {name.decode()}: {error}"
        body = plain[:most]
        if len(plain) > most:
            return body, f"only the first {most} bytes of what the body unpacks to are kept"
        if not unpacker.eof:
            return body, f"the body ends in the middle of its {name.decode()}"
    return body, ""


def _is_zlib(body: bytes) -> bool:
    """Whether a deflate body has zlib's header (RFC 1950, 2.2), as RFC 9110 wants; some send the bare stream."""
    return len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0


def _headers(head: bytes) -> Headers:
    """Split a head that the parser found valid; a folded line (RFC 9112, 5.2) belongs to the one before."""
    found: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\r\n")[1:]:
        if line[:1] in {b" ", b"\t"} and found:
            name, value = found[-1]
            found[-1] = name, value + b" " + line.strip()
        elif line:
            name, _, value = line.partition(b":")
            found.append((name, value.strip()))
    return tuple(found)
