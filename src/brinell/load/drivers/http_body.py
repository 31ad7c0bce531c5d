"""Bodies of HTTP requests: JSON, text, a file, a form, a form with files."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from brinell.core.plan import RequestSpec
from brinell.core.typed_body import JSON, type_of_text
from brinell.load.drivers.http_request import Complaint

URL_ENCODED = "application/x-www-form-urlencoded"
LARGEST_BYTES = 1 << 30
_ALONE = ("json", "body", "body_file", "form")


class Body(NamedTuple):
    """Both empty where there is none."""

    content: bytes
    content_type: str


class Part(NamedTuple):
    """A file of a multipart form."""

    name: str
    head: bytes
    content: bytes


def check_alone(request: RequestSpec, say: Complaint) -> None:
    """Refuse two bodies at once; ``form`` and ``files`` are one."""
    given = [key for key in _ALONE if getattr(request, key) is not None]
    if request.files is not None and given != ["form"]:
        given.append("files")
    if len(given) > 1:
        raise say.error(given[1], f"a request has one body, and this one has {' and '.join(given)}")
    if request.stream and not given:
        raise say.error("stream", "there is no body to send in chunks")


def body_of(request: RequestSpec, root: Path, say: Complaint) -> Body:
    """Return the body of a request without templates."""
    check_alone(request, say)
    if request.json is not None:
        return Body(json.dumps(request.json, ensure_ascii=False, separators=(",", ":")).encode(), JSON)
    if request.body is not None:
        return Body(request.body.encode(), type_of_text(request.body))
    if request.files is not None:
        parts = file_parts(request.files, root, say)
        boundary = boundary_of(parts)
        fields = [(name, value.encode()) for name, value in (request.form or {}).items()]
        return Body(multipart(fields, parts, boundary), multipart_type(boundary))
    if request.form is not None:
        return Body(urlencode(request.form).encode(), URL_ENCODED)
    if request.body_file is None:
        return Body(b"", "")
    # Files are sent as they are: {{...}} in them is the file's business.
    return Body(_content("body_file", request.body_file, root, say), _type_of(request.body_file))


def file_parts(files: Mapping[str, str], root: Path, say: Complaint) -> list[Part]:
    """Read the files of a form."""
    found = []
    for name, path in files.items():
        content = _content("files", path, root, say)
        disposition = f'form-data; name="{_quoted(name)}"; filename="{_quoted(Path(path).name)}"'
        head = f"Content-Disposition: {disposition}\r\nContent-Type: {_type_of(path)}\r\n\r\n"
        found.append(Part(name, head.encode(), content))
    return found


def boundary_of(parts: list[Part]) -> str:
    """Return a line that does not occur in the files: it follows from their content, so that runs are the same."""
    mark = hashlib.sha256(b"".join(part.head + part.content for part in parts)).hexdigest()[:40]
    return f"brinell-{mark}"


def field_head(name: str) -> bytes:
    """Return the head of a text field."""
    return f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode()


def multipart(fields: list[tuple[str, bytes]], parts: list[Part], boundary: str) -> bytes:
    """Return a form as multipart/form-data (RFC 7578)."""
    dash = f"--{boundary}\r\n".encode()
    texts = [dash + field_head(name) + value + b"\r\n" for name, value in fields]
    files = [dash + part.head + part.content + b"\r\n" for part in parts]
    return b"".join([*texts, *files]) + f"--{boundary}--\r\n".encode()


def multipart_type(boundary: str) -> str:
    """Return the content type of a multipart form."""
    return f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    """Names inside quotes, the way browsers write them (HTML, multipart form data)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _content(key: str, path: str, root: Path, say: Complaint) -> bytes:
    try:
        if (root / path).stat().st_size > LARGEST_BYTES:
            raise say.error(key, f"{path}: more than {LARGEST_BYTES >> 20} MiB, and a body is kept in memory")
        return (root / path).read_bytes()
    except OSError as error:
        raise say.error(key, f"{path}: {error.strerror}") from None


def _type_of(path: str) -> str:
    return mimetypes.guess_type(path)[0] or "application/octet-stream"
