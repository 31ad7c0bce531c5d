"""A certificate that signed itself, for the null server: made anew each time, for 127.0.0.1, and gone with its process.

The standard library speaks TLS but makes no certificates. One on the curve P-256 (FIPS 186-4, D.1.2.3) takes a hash,
some numbers and some DER (X.690; RFC 5280, 4.1). It lies in memory only: no key is shipped, and none is left behind.
Nothing here takes the same time for every key, so it is no way to make a key that anybody relies on.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import ssl

NAME = "localhost"
"""The host that it is for, beside 127.0.0.1. Its subject is another name each time: an issuer is looked for by that,
and "localhost" is what a certificate of the user's own is called as well.
"""

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_A = -3
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_SIZE = 32  # bytes of a coordinate
_SEQUENCE, _SET, _NUMBER, _BITS, _OCTETS, _OID, _TRUE = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06, b"\x01\x01\xff"
_UTF8, _TIME = 0x0C, 0x17
_CURVE = bytes.fromhex("06082a8648ce3d030107")  # prime256v1, as are the following identifiers as DER has them
_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
_ECDSA_SHA256 = bytes.fromhex("06082a8648ce3d040302")
_COMMON_NAME = bytes.fromhex("0603550403")
_KEY_ID, _USAGE, _NAMES, _CONSTRAINTS = b"\x55\x1d\x0e", b"\x55\x1d\x0f", b"\x55\x1d\x11", b"\x55\x1d\x13"
_FROM, _TO = b"000101000000Z", b"491231235959Z"  # whatever this machine's clock says: nobody keeps it

Point = tuple[int, int]


def made() -> tuple[str, str]:
    """Return a new certificate and its key, each as PEM."""
    key = 1 + secrets.randbelow(_ORDER - 1)
    x, y = times(key, _BASE)
    public = b"\x04" + x.to_bytes(_SIZE, "big") + y.to_bytes(_SIZE, "big")
    serial = 1 + secrets.randbits(120)
    algorithm = _der(_SEQUENCE, _ECDSA_SHA256)
    name = _der(_SEQUENCE, _der(_SET, _der(_SEQUENCE, _COMMON_NAME, _der(_UTF8, f"calibration {serial:x}".encode()))))
    body = _der(
        _SEQUENCE,
        _der(0xA0, _number(2)),  # version 3
        _number(serial),
        algorithm,
        name,
        _der(_SEQUENCE, _der(_TIME, _FROM), _der(_TIME, _TO)),
        name,
        _der(_SEQUENCE, _der(_SEQUENCE, _PUBLIC_KEY, _CURVE), _der(_BITS, b"\x00", public)),
        _der(0xA3, _der(_SEQUENCE, *_extensions(public))),
    )
    whole = _der(_SEQUENCE, body, algorithm, _der(_BITS, b"\x00", _signature(body, key)))
    secret = _der(
        _SEQUENCE,
        _number(1),
        _der(_OCTETS, key.to_bytes(_SIZE, "big")),
        _der(0xA0, _CURVE),
        _der(0xA1, _der(_BITS, b"\x00", public)),
    )
    return _pem("CERTIFICATE", whole), _pem("EC PRIVATE KEY", secret)


def server_context(certificate: str, key: str, protocol: str) -> ssl.SSLContext:
    """Return the context of a server that has this certificate and speaks this protocol (ALPN).

    OSError where there is no memory that looks like a file: ``ssl`` reads certificates from files only.
    """
    if not hasattr(os, "memfd_create"):
        raise OSError("this system has no files in memory")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols([protocol])
    held = os.memfd_create("certificate")
    try:
        os.write(held, f"{key}{certificate}".encode())
        context.load_cert_chain(f"/proc/self/fd/{held}")
    finally:
        os.close(held)
    return context


def times(factor: int, point: Point) -> Point:
    """Return a point of the curve added to itself so often, 0 < ``factor`` < the curve's order."""
    found: Point | None = None
    while factor:
        if factor & 1:
            found = point if found is None else _sum(found, point)
        point = _sum(point, point)
        factor >>= 1
    if found is None:
        raise ValueError("no point is so many times another one")
    return found


def _sum(one: Point, other: Point) -> Point:
    """Add two points that are the same or have different abscissae: below the order no others are met."""
    (x1, y1), (x2, y2) = one, other
    slope = (3 * x1 * x1 + _A) * pow(2 * y1, -1, _P) if one == other else (y2 - y1) * pow(x2 - x1, -1, _P)
    x = (slope * slope - x1 - x2) % _P
    return x, (slope * (x1 - x) - y1) % _P


def _signature(message: bytes, key: int) -> bytes:
    """Sign by ECDSA (FIPS 186-4, 6.4)."""
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        nonce = 1 + secrets.randbelow(_ORDER - 1)
        r = times(nonce, _BASE)[0] % _ORDER
        s = pow(nonce, -1, _ORDER) * (digest + r * key) % _ORDER
        if r and s:
            return _der(_SEQUENCE, _number(r), _number(s))


def _extensions(public: bytes) -> tuple[bytes, ...]:
    names = _der(_SEQUENCE, _der(0x82, NAME.encode()), _der(0x87, bytes((127, 0, 0, 1))))
    identity = _der(_OCTETS, hashlib.sha1(public, usedforsecurity=False).digest())
    return (
        _der(_SEQUENCE, _der(_OID, _CONSTRAINTS), _TRUE, _der(_OCTETS, _der(_SEQUENCE))),  # no authority
        _der(_SEQUENCE, _der(_OID, _USAGE), _TRUE, _der(_OCTETS, _der(_BITS, b"\x07\x80"))),  # signs
        _der(_SEQUENCE, _der(_OID, _KEY_ID), _der(_OCTETS, identity)),
        _der(_SEQUENCE, _der(_OID, _NAMES), _der(_OCTETS, names)),
    )


def _number(value: int) -> bytes:
    return _der(_NUMBER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _pem(what: str, data: bytes) -> str:
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {what}-----\n{lines}\n-----END {what}-----\n"
