"""How a parameter's value is written: the styles of OpenAPI 3 (RFC 6570 with deviations), and bodies by media type."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus

from brinell.load.drivers.http_request import TOKEN
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.operations import Parameter

BOUNDARY = "brinell-7d3f1c9ab2"
_FORM = "application/x-www-form-urlencoded"
_DELIMITERS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}


def scalar(value: Any) -> str:
    """Write a plain value as text: booleans and null as JSON has them."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def in_path(parameter: Parameter, value: Any) -> str:
    """Return the path segment of a parameter. Cannot for one that would be empty: it would be another path."""
    made = _quoted(json.dumps(value, separators=(",", ":"))) if parameter.content else _path(parameter, value)
    if made in {"", ".", "..", ";", "%2E", "%2E%2E"}:
        raise Cannot(f"the path parameter {parameter.name} would be {made!r}")
    return made


def in_query(parameter: Parameter, value: Any) -> list[str]:
    """Return the ``name=value`` pairs of a query parameter, encoded."""
    name = _quoted(parameter.name)
    if parameter.content:
        return [f"{name}={_quoted(json.dumps(value, separators=(',', ':')))}"]
    if not isinstance(value, list | dict):
        return [f"{name}={_quoted(scalar(value))}"]
    if isinstance(value, list):
        flat = [_quoted(scalar(one)) for one in value]
        pairs = [f"{name}={one}" for one in flat]
    else:
        parts = [(_quoted(key), _quoted(scalar(one))) for key, one in value.items()]
        if parameter.style == "deepObject":
            return [f"{name}%5B{key}%5D={one}" for key, one in parts]
        flat = [text for pair in parts for text in pair]
        pairs = [f"{key}={one}" for key, one in parts]
    if parameter.explode or not flat:
        return pairs
    return [f"{name}={_DELIMITERS.get(parameter.style, ',').join(flat)}"]


def in_header(parameter: Parameter, value: Any) -> str:
    """Return a header's value, or a cookie's. Cannot for what a header cannot hold."""
    if parameter.content:
        made = json.dumps(value, separators=(",", ":"))
    elif isinstance(value, list):
        made = ",".join(scalar(one) for one in value)
    elif isinstance(value, dict):
        joiner = "=" if parameter.explode else ","
        made = ",".join(f"{key}{joiner}{scalar(one)}" for key, one in value.items())
    else:
        made = scalar(value)
    known = parameter.place == "cookie" or TOKEN.fullmatch(parameter.name)
    if not (known and made.isascii() and made.isprintable() and made == made.strip()):
        raise Cannot(f"the header {parameter.name[:40]!r} would hold what a header cannot")
    if parameter.place == "cookie":
        return quote(made, safe="!#$&'()*+-./:<=>?@[]^_`{|}~")
    return made


def body(media: str, value: Any, encoding: dict[str, Any], files: frozenset[str]) -> tuple[bytes, str]:
    """Return the bytes and the content type of a request body; ``files``: its properties that are files. Cannot for a
    media type that nothing here writes.
    """
    kind = media.partition(";")[0].strip().lower()
    if is_json(kind):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), media
    if kind == _FORM and isinstance(value, dict):
        return "&".join(_form(value, encoding)).encode(), media
    if kind == "multipart/form-data" and isinstance(value, dict):
        return _multipart(value, files), f"multipart/form-data; boundary={BOUNDARY}"
    if isinstance(value, str) and (kind.startswith("text/") or kind in {"application/octet-stream", "*/*"}):
        return value.encode(), media if "*" not in media else "text/plain"
    raise Cannot(f"its body is {media[:60]}, which nothing here writes")


def is_json(media: str) -> bool:
    """Whether a media type is JSON, or anything (``*/*``)."""
    kind = media.partition(";")[0].strip().lower()
    return kind in {"application/json", "text/json", "*/*", "application/*"} or kind.endswith("+json")


def _path(parameter: Parameter, value: Any) -> str:
    name = _quoted(parameter.name)
    many = isinstance(value, list | dict)
    if isinstance(value, dict):
        parts = [(_quoted(key), _quoted(scalar(one))) for key, one in value.items()]
        flat = (
            [f"{key}={one}" for key, one in parts] if parameter.explode else [text for pair in parts for text in pair]
        )
    else:
        flat = [_quoted(scalar(one)) for one in (value if isinstance(value, list) else [value])]
    if parameter.style == "label":
        return "." + ("." if parameter.explode else ",").join(flat)
    if parameter.style == "matrix":
        if parameter.explode and many:
            return "".join(f";{one}" if isinstance(value, dict) else f";{name}={one}" for one in flat)
        return f";{name}={','.join(flat)}"
    return ",".join(flat)


def _form(value: dict[str, Any], encoding: dict[str, Any]) -> list[str]:
    """Pairs of a form. Lists repeat their name; what is nested is written with brackets where the document asks for
    ``deepObject``, else as JSON (OpenAPI 3.1, 4.8.15).
    """  # fmt: skip
    made = []
    for name, one in value.items():
        how = encoding.get(name)
        deep = isinstance(how, dict) and how.get("style") == "deepObject"
        if isinstance(one, dict | list) and deep:
            made += _brackets(quote_plus(name), one)
        elif isinstance(one, list):
            made += [f"{quote_plus(name)}={quote_plus(scalar(inner))}" for inner in one]
        else:
            made.append(f"{quote_plus(name)}={quote_plus(scalar(one))}")
    return made


def _brackets(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [pair for key, one in value.items() for pair in _brackets(f"{name}%5B{quote_plus(key)}%5D", one)]
    if isinstance(value, list):
        return [pair for number, one in enumerate(value) for pair in _brackets(f"{name}%5B{number}%5D", one)]
    return [f"{name}={quote_plus(scalar(value))}"]


def _multipart(value: dict[str, Any], files: frozenset[str]) -> bytes:
    made = b""
    for name, one in value.items():
        shown = quote(name, safe=" !#$&'()*+,-./:;<=>?@[]^_`{|}~")
        content = scalar(one).encode()
        file = '; filename="file.bin"\r\nContent-Type: application/octet-stream' if name in files else ""
        made += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{shown}"{file}\r\n'.encode()
        if isinstance(one, dict | list) and not file:
            made += b"Content-Type: application/json\r\n"
        made += b"\r\n" + content + b"\r\n"
    return made + f"--{BOUNDARY}--\r\n".encode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
