"""Strings by format, pattern and length."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from brinell.load.openapi.flat import Cannot, Flat
from brinell.load.openapi.patterns import matching

USUAL = 12  # characters of a string that nothing is known of
LONGEST = 1 << 20
ATTEMPTS = 30
_DAY = date(2024, 1, 1)
_LETTERS = string.ascii_lowercase


def make_string(flat: Flat, source: random.Random) -> str:
    """Return a string that is asked for. Cannot where none is found."""
    least = flat.least.get("Length", 0)
    most = flat.most.get("Length", max(least, 1 << 20))
    if least > LONGEST:
        raise Cannot(f"minLength {least} is more than is made")
    makers = [FORMATS[one] for one in flat.formats if one in FORMATS]
    if flat.patterns:
        return _patterned(flat, least, most, source)
    if makers:
        return _formatted(makers[-1], flat.formats[-1], least, most, source)
    # Never empty unless it has to be: an empty text is valid more often on paper than in a service.
    length = min(most, max(least, 1, source.randint(4, USUAL)))
    return "".join(source.choice(_LETTERS) for _ in range(length))


def _patterned(flat: Flat, least: int, most: int, source: random.Random) -> str:
    """The first pattern makes it; what further patterns and formats say is seen when the whole value is checked."""
    if len(flat.patterns) == 1 or source.random() < 0.5:
        return matching(flat.patterns[0], max(least, min(1, most)), most, source)
    return matching(source.choice(flat.patterns), max(least, min(1, most)), most, source)


def _formatted(
    maker: Callable[[random.Random, int], str], name: str, least: int, most: int, source: random.Random
) -> str:
    for attempt in range(ATTEMPTS):
        made = maker(source, least if attempt % 2 else min(least, most))
        if least <= len(made) <= most:
            return made
    raise Cannot(f"no {name} of {least} to {most} characters was found")


def _word(source: random.Random, length: int) -> str:
    return "".join(source.choice(_LETTERS) for _ in range(max(1, length)))


def _instant(source: random.Random, _: int) -> str:
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=source.randrange(60_000_000))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _address(source: random.Random, least: int) -> str:
    tail = "@example.org"
    most_local = 64
    return _word(source, min(most_local, max(least - len(tail), source.randint(1, 8)))) + tail


def _url(source: random.Random, least: int) -> str:
    head = "http://example.org/"
    return head + _word(source, max(least - len(head), source.randint(1, 8)))


def _padded(source: random.Random, least: int) -> str:
    """Base64 of enough bytes; its length is a multiple of four."""
    return base64.b64encode(source.randbytes(max(3, (least + 3) // 4 * 3))).decode()


def _host(source: random.Random, least: int) -> str:
    return ".".join([_word(source, min(40, max(1, least - 8))), _word(source, source.randint(1, 4)), "org"])


FORMATS: dict[str, Callable[[random.Random, int], str]] = {
    "date": lambda source, _: (_DAY + timedelta(days=source.randrange(700))).isoformat(),
    "date-time": _instant,
    "time": lambda source, least: _instant(source, least)[11:],
    "duration": lambda source, _: f"PT{source.randint(1, 59)}M",
    "email": _address,
    "idn-email": _address,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda source, _: f"192.0.2.{source.randint(1, 254)}",  # RFC 5737: for documentation
    "ipv6": lambda source, _: f"2001:db8::{source.randint(1, 0xFFFF):x}",  # RFC 3849
    "uri": _url,
    "url": _url,
    "iri": _url,
    "uri-reference": _url,
    "iri-reference": _url,
    "uri-template": _url,
    "uuid": lambda source, _: str(uuid.UUID(int=source.getrandbits(128), version=4)),
    "byte": _padded,
    "base64": _padded,
    "regex": _word,
    "json-pointer": lambda source, least: "/" + _word(source, least - 1),
    "relative-json-pointer": lambda source, _: str(source.randint(0, 3)),
    "password": lambda source, least: _word(source, max(12, least)),
    "int32": lambda source, _: str(source.randint(1, 1000)),
    "int64": lambda source, _: str(source.randint(1, 1000)),
}
