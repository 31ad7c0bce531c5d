"""What Redis (RESP2) and memcached (its text protocol) are asked, and what they answer: just what a cache needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

MOST_BYTES = 256 << 20  # of one answer
_MOST_LINE = 64 << 10


class Reply(NamedTuple):
    """One whole answer, ``end`` bytes long: the values that a get found, or ``error``, which begins with its word."""

    end: int
    values: tuple[bytes, ...] = ()
    error: str = ""


class Dialect(Protocol):
    """A protocol. ``reply`` returns None while the answer is not whole; ValueError at what is none."""

    name: str

    def get(self, keys: Sequence[bytes]) -> bytes:
        """Ask for values."""
        ...

    def put(self, key: bytes, value: bytes, ttl_s: int) -> bytes:
        """Ask to keep a value, for so long (0: as long as it likes)."""
        ...

    def delete(self, key: bytes) -> bytes:
        """Ask to forget a key."""
        ...

    def reply(self, data: bytes | bytearray) -> Reply | None:
        """Read the answer that stands at the beginning."""
        ...

    def ask_fullness(self) -> bytes:
        """Ask how many entries there are, and how many it has dropped to make room since it was started."""
        ...

    def fullness(self, data: bytes | bytearray) -> tuple[int, int] | None:
        """Read that. KeyError where it does not say."""
        ...


class Resp:
    """RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/."""

    name = "Redis"

    def get(self, keys: Sequence[bytes]) -> bytes:
        """``GET``, of several ``MGET``."""
        return _array(b"GET" if len(keys) == 1 else b"MGET", *keys)

    def put(self, key: bytes, value: bytes, ttl_s: int) -> bytes:
        """``SET``."""
        return _array(b"SET", key, value, b"EX", b"%d" % ttl_s) if ttl_s else _array(b"SET", key, value)

    def delete(self, key: bytes) -> bytes:
        """``DEL``."""
        return _array(b"DEL", key)

    def reply(self, data: bytes | bytearray) -> Reply | None:
        """As the protocol says; arrays hold no arrays."""
        if data[:1] != b"*":
            return _element(data, 0)
        count, at = _number(data, 0)
        values: list[bytes] = []
        if count is None:
            return None
        for _ in range(max(0, count)):
            one = _element(data, at)
            if one is None:
                return None
            if one.error:
                return Reply(one.end, (), one.error)
            values += one.values
            at = one.end
        return Reply(at, tuple(values))

    def ask_fullness(self) -> bytes:
        """``DBSIZE``, and ``INFO stats``."""
        return _array(b"DBSIZE") + _array(b"INFO", b"stats")

    def fullness(self, data: bytes | bytearray) -> tuple[int, int] | None:
        """A number, and a text with ``evicted_keys:N``."""
        count = _line(data, 0)
        if count is None:
            return None
        info = _element(data, count[1])
        if info is None:
            return None
        fields = dict(line.split(b":", 1) for line in b"".join(info.values).split(b"\r\n") if b":" in line)
        return _whole(count[0][1:]), _whole(fields[b"evicted_keys"])


def _whole(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 18:
        raise ValueError(f"{digits[:40]!r} where a number should be")
    return int(digits)


def _array(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _line(data: bytes | bytearray, at: int) -> tuple[bytes, int] | None:
    end = data.find(b"\r\n", at)
    if end < 0:
        if len(data) - at > _MOST_LINE:
            raise ValueError("a line without an end")
        return None
    return bytes(data[at:end]), end + 2


def _number(data: bytes | bytearray, at: int) -> tuple[int | None, int]:
    """Read the number after a type's letter; None while its line is not whole."""
    line = _line(data, at)
    if line is None:
        return None, at
    digits = line[0][1:]
    if not digits.removeprefix(b"-").isdigit() or len(digits) > 12:
        raise ValueError(f"{line[0][:40]!r} where a number should be")
    return int(digits), line[1]


def _element(data: bytes | bytearray, at: int) -> Reply | None:
    letter = bytes(data[at : at + 1])
    if not letter:
        return None
    if letter == b"$":
        return _bulk(data, at)
    if letter not in b"+-:":
        raise ValueError(f"{bytes(data[at : at + 40])!r} is no answer of Redis")
    line = _line(data, at)
    if line is None:
        return None
    return Reply(line[1], (), line[0][1:].decode("utf-8", "replace") if letter == b"-" else "")


def _bulk(data: bytes | bytearray, at: int) -> Reply | None:
    length, begin = _number(data, at)
    if length is None:
        return None
    if length < 0:
        return Reply(begin)
    end = begin + length
    if length > MOST_BYTES:
        raise ValueError(f"a value of {length} bytes")
    if len(data) < end + 2:
        return None
    if data[end : end + 2] != b"\r\n":
        raise ValueError("a value that is longer than was said")
    return Reply(end + 2, (bytes(data[begin:end]),))


class Memcached:
    """The text protocol: https://github.com/memcached/memcached/blob/master/doc/protocol.txt."""

    name = "memcached"

    def get(self, keys: Sequence[bytes]) -> bytes:
        """``get``."""
        return b"get %b\r\n" % b" ".join(keys)

    def put(self, key: bytes, value: bytes, ttl_s: int) -> bytes:
        """``set``."""
        return b"set %b 0 %d %d\r\n%b\r\n" % (key, ttl_s, len(value), value)

    def delete(self, key: bytes) -> bytes:
        """``delete``."""
        return b"delete %b\r\n" % key

    def reply(self, data: bytes | bytearray) -> Reply | None:
        """Values up to ``END``, or one line."""
        values: list[bytes] = []
        at = 0
        while True:
            line = _line(data, at)
            if line is None:
                return None
            words, at = line[0].split(b" "), line[1]
            if words[0] != b"VALUE":
                break
            if len(words) < 4 or not words[3].isdigit() or int(words[3][:12]) > MOST_BYTES:
                raise ValueError(f"{line[0][:40]!r} is no answer of memcached")
            end = at + int(words[3])
            if len(data) < end + 2:
                return None
            if data[end : end + 2] != b"\r\n":
                raise ValueError("a value that is longer than was said")
            values.append(bytes(data[at:end]))
            at = end + 2
        if words[0] in {b"END", b"STORED", b"DELETED", b"NOT_FOUND"}:
            return Reply(at, tuple(values))
        if words[0] in {b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR", b"NOT_STORED", b"EXISTS"}:
            return Reply(at, (), line[0].decode("utf-8", "replace"))
        raise ValueError(f"{line[0][:40]!r} is no answer of memcached")

    def ask_fullness(self) -> bytes:
        """``stats``."""
        return b"stats\r\n"

    def fullness(self, data: bytes | bytearray) -> tuple[int, int] | None:
        """Lines ``STAT name value`` up to ``END``."""
        if not data.endswith(b"END\r\n"):
            if len(data) > _MOST_LINE:
                raise ValueError("a line without an end")
            return None
        words = (line.split(b" ") for line in bytes(data).split(b"\r\n"))
        fields = {one[1]: one[2] for one in words if len(one) == 3 and one[0] == b"STAT"}
        return _whole(fields[b"curr_items"]), _whole(fields[b"evictions"])


DIALECTS: dict[str, Dialect] = {"redis": Resp(), "memcached": Memcached()}
"""By the scheme of the address."""
