"""The head of an HTTP/1.1 request: what is put into it of itself, and every check of what cannot be sent."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from brinell import __version__
from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec, RequestSpec

SAFE_IN_PATHS = "/?&=+:@!$'()*,;~-._%#[]|{}"
CHUNK_BYTES = 16 * 1024
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2: methods and names of headers
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_COMPUTED = {"content-length", "transfer-encoding"}
_WITH_BODIES = {"POST", "PUT", "PATCH"}


class Complaint:
    """Words the user's mistakes: which scenario, request and key."""

    def __init__(self, where: str) -> None:
        self.where = where

    def error(self, key: str, why: str, hint: str | None = None) -> UsageError:
        """Return the error to raise."""
        return UsageError(f"{self.where}: {key}: {why}", hint=hint)


def method_of(request: RequestSpec, say: Complaint) -> str:
    """Return the method in capitals."""
    method = request.method.upper()
    if not TOKEN.fullmatch(method):
        raise say.error("method", f"'{method}' is not an HTTP method")
    return method


def path_of(path: str, say: Complaint) -> str:
    """Return a path as it is sent, what is not ASCII percent-encoded."""
    if not path.startswith("/"):
        raise say.error("path", "a path starts with a slash", hint=f'path = "/{path[:40]}"')
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in path):
        raise say.error("path", "a path holds no spaces and no control characters", hint="a space is %20")
    return quote(path, safe=SAFE_IN_PATHS)


def headers_of(
    given: Mapping[str, str], say: Complaint, told: Callable[[str], str] = lambda value: value
) -> dict[str, str]:
    """Return the headers with the environment's values in place (``${TOKEN}``), each passed through ``told``."""
    headers: dict[str, str] = {}
    for name, written in given.items():
        if not TOKEN.fullmatch(name):
            raise say.error("headers", f"'{name[:60]}' is not a header name")
        if name.lower() in _COMPUTED:
            raise say.error("headers", f"{name} follows from the body and cannot be set")
        value = _VARIABLE.sub(lambda found: told(_environment(found.group(1), say)), written)
        if any(letter in value for letter in "\r\n\0") or any(ord(letter) > 255 for letter in value):
            raise say.error("headers", f"{name} holds a line break or a character outside Latin-1")
        headers[name] = value
    return headers


def head_lines(spec: LoadSpec, authority: str, content_type: str, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the headers of a request but those that follow from its body: ours first, unless they are given."""
    names = {key.lower() for key in headers}
    standard = {
        "Host": authority,
        "User-Agent": f"brinell/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate" if spec.compression else "",
        "Content-Type": content_type,
        "Connection": "" if spec.keep_alive else "close",
    }
    lines = [(key, value) for key, value in standard.items() if value and key.lower() not in names]
    return lines + list(headers.items())


def framed(method: str, content: bytes, *, stream: bool) -> tuple[str, bytes]:
    """Return the header that says how long a body is ("": none is needed), and the body as it is sent."""
    if stream and content:
        return "Transfer-Encoding: chunked", chunked(content)
    if content or method in _WITH_BODIES:
        return f"Content-Length: {len(content)}", content
    return "", b""


def chunked(content: bytes) -> bytes:
    """Return a body in chunks (RFC 9112, 7.1)."""
    pieces = [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _environment(name: str, say: Complaint) -> str:
    if name not in os.environ:
        raise say.error("headers", f"${{{name}}} is not set in the environment", hint=f"export {name}=...")
    return os.environ[name]
