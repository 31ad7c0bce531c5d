"""Request bodies: bounded in size and time, and JSON or nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.requests import ClientDisconnect

from noticeboard.errors import Problem

if TYPE_CHECKING:
    from starlette.requests import Request


async def read_json(request: Request, *, max_bytes: int, timeout_s: float) -> Any:
    """Return the decoded body.

    Raises:
        Problem: unsupported-media-type, body-too-large, body-timeout, malformed-json.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("unsupported-media-type")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > max_bytes):
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            return _decode(await _read(request, max_bytes))
    except TimeoutError:
        raise Problem("body-timeout", headers={"Connection": "close"}) from None


async def _read(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
    except ClientDisconnect:
        raise Problem("malformed-json", "the connection closed before the body was complete") from None
    return bytes(body)


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # of UTF-8, of JSON, of numbers too long to convert, of nesting
        raise Problem("malformed-json", type(error).__name__) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _too_large(max_bytes: int) -> Problem:
    # The rest of the body is not read, so the connection can't be used for another request.
    return Problem("body-too-large", f"at most {max_bytes} bytes are read", headers={"Connection": "close"})
