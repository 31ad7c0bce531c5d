"""What is another in every round: a text and a number that no earlier run used, and requests filled with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from brinell.core.plan import LoadSpec, RequestSpec

NAMES = ("round", "number", "n")
_NAME = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


class Token(NamedTuple):
    """One round's: ``text`` for ``{{round}}``, ``number`` for ``{{number}}``."""

    place: int
    text: str
    number: int


def tokens(rounds: int, seed: int, now_s: float) -> Iterator[Token]:
    """Yield as many as there are rounds. The moment makes them new: what an earlier run created is still there."""
    begin = int(now_s * 1000)
    for index in range(rounds):
        yield Token(index, f"r{begin:x}-{seed}-{index}", begin + index)


def whole(load: LoadSpec, request: RequestSpec) -> RequestSpec:
    """Return a request with the headers that all of the load have, so that they are filled in, too."""
    return msgspec.structs.replace(request, headers={**load.headers, **request.headers})


def strange(request: RequestSpec) -> str | None:
    """Return the first name in double braces that a round has no value for; None if there is none."""
    written = msgspec.json.encode(request).decode()
    return next((name for name in _NAME.findall(written) if name not in NAMES), None)


def filled(request: RequestSpec, token: Token, racer: int) -> RequestSpec:
    """Return a request with the round's values in its path, headers and body."""
    values = {"round": token.text, "number": str(token.number), "n": str(racer)}
    return msgspec.structs.replace(
        request,
        path=_text(request.path, values),
        headers={name: _text(value, values) for name, value in request.headers.items()},
        body=None if request.body is None else _text(request.body, values),
        json=_any(request.json, values, token.number, racer),
        form=None if request.form is None else {key: _text(value, values) for key, value in request.form.items()},
    )


def _text(text: str, values: dict[str, str]) -> str:
    return _NAME.sub(lambda found: values.get(found[1], found[0]), text)


def _any(value: Any, values: dict[str, str], number: int, racer: int) -> Any:
    """Fill texts however deep; one that is nothing but ``{{number}}`` or ``{{n}}`` becomes a number."""
    match value:
        case "{{number}}":
            return number
        case "{{n}}":
            return racer
        case str():
            return _text(value, values)
        case dict():
            return {_text(key, values): _any(item, values, number, racer) for key, item in value.items()}
        case list():
            return [_any(item, values, number, racer) for item in value]
        case _:
            return value
