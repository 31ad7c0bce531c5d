"""One request of a scenario, read: what stays of it as bytes, what is filled in for each session, how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from brinell.core.plan import LoadSpec, RequestSpec
from brinell.core.typed_body import JSON, type_of_text
from brinell.load.drivers import http_body
from brinell.load.drivers.http_request import (
    Complaint,
    chunked,
    framed,
    head_lines,
    headers_of,
    method_of,
    path_of,
)
from brinell.load.engine.session import Answer
from brinell.load.scenario import checks, pieces
from brinell.load.scenario.generators import GENERATORS, Getter, Wrong
from brinell.load.scenario.json_path import Missing
from brinell.load.scenario.pieces import Piece, joined
from brinell.load.scenario.reading import HEADER, Reading, extraction
from brinell.load.scenario.scope import Scope
from brinell.load.scenario.template import Columns, has_template


class Setting(NamedTuple):
    """What all requests of a scenario have in common. ``prefix``: the path that the address puts before each."""

    spec: LoadSpec
    authority: str
    prefix: str
    root: Path


class Script:
    """``render`` makes the request, ``judge`` says what is wrong with an answer and takes from it what is wanted.

    ``Wrong`` with its key where a template, a check or an extraction will not do; UsageError for all else.
    """

    def __init__(self, request: RequestSpec, setting: Setting, known: Columns) -> None:
        spec = setting.spec
        self.name = request.operation
        self.expect = tuple(request.expect)
        say = Complaint(f"[[load]] {spec.name}, request {self.name}")
        self.method = method_of(request, say)
        self.stream = request.stream
        with _at("path"):
            self.path, self.address = _path(request.path, setting.prefix, known, say)
        self.body, content_type = _body(request, setting.root, known, say)
        given = headers_of({**spec.headers, **request.headers}, say, _literally)
        lines = head_lines(spec, setting.authority, content_type, given)
        with _at("headers"):
            self.headers = [(name, pieces.header(name, value, known)) for name, value in lines]
        with _at("check"):
            self._tests = checks.tests(request.check, known)
        with _at("extract"):
            self._taken = {_free(name): extraction(written) for name, written in request.extract.items()}
        self.judges = bool(self._tests or self._taken)
        self.reads_body = bool(request.check.keys() - set(checks.READ_NO_BODY)) or not all(
            written.startswith(HEADER) for written in request.extract.values()
        )
        self._head, self._tail = self._prepared()
        self._whole = None if self._tail is None else pieces.merged([*self._head, self._tail])
        self._path_at = len(self.method) + 1

    def render(self, scope: Scope) -> bytes:
        """Return the request for the scenario's own place. Not for one whose path is an ``address``."""
        if self._whole is not None:
            return joined(self._whole, scope)
        return joined(self._head, scope) + self._ending(scope)

    def render_with(self, scope: Scope, cookies: Callable[[str], str]) -> tuple[bytes, str]:
        """Return the request as ``render``, with the value of ``Cookie`` for its path, and that path."""
        head = joined(self._head, scope)
        path = head[self._path_at : head.index(b" ", self._path_at)].decode("ascii")
        cookie = cookies(path)
        line = b"\r\nCookie: " + cookie.encode("latin-1") if cookie else b""
        return head + line + (self._tail or self._ending(scope)), path

    def content(self, scope: Scope) -> bytes:
        """Return the body, not framed."""
        return joined(self.body, scope)

    def fields(self, scope: Scope) -> list[tuple[str, bytes]]:
        """Return the headers but those that follow from the body."""
        return [(name, joined(value, scope)) for name, value in self.headers]

    def frame(self, method: str, path: str, fields: list[tuple[str, bytes]], content: bytes) -> bytes:
        """Return a request of these parts."""
        lines = [f"{method} {path} HTTP/1.1".encode("latin-1")]
        lines += [name.encode() + b": " + value for name, value in fields]
        length, sent = self._framed(content) if method == self.method else (b"", b"")
        return b"\r\n".join([*lines, length[2:]] if length else lines) + b"\r\n\r\n" + sent

    def judge(self, answer: Answer, scope: Scope) -> str | None:
        """Return what is wrong with an answer; what is right gives the session its variables."""
        reading = Reading(answer)
        wrong = checks.first_wrong(self._tests, reading, scope)
        if wrong is not None:
            return wrong
        for name, take in self._taken.items():
            try:
                scope.values[name] = take(reading)
            except Missing as missing:
                return f"extract {name}: {missing}"
        return None

    def _ending(self, scope: Scope) -> bytes:
        """Return all that follows the headers that do not depend on the body."""
        length, content = self._framed(joined(self.body, scope))
        return length + b"\r\n\r\n" + content

    def _framed(self, content: bytes) -> tuple[bytes, bytes]:
        """Return the line that says how long the body is, with the end of the line before it, and the body as sent."""
        if self.stream and content:
            return b"\r\nTransfer-Encoding: chunked", chunked(content)
        length, sent = framed(self.method, content, stream=False)
        return (b"\r\n" + length.encode() if length else b""), sent

    def _prepared(self) -> tuple[list[Piece], bytes | None]:
        """Return the pieces of the head, and all that follows as bytes; None where the body changes."""
        lines: list[Piece] = [f"{self.method} ".encode(), *self.path, b" HTTP/1.1"]
        for name, value in self.headers:
            lines += [f"\r\n{name}: ".encode(), *value]
        if any(not isinstance(one, bytes) for one in self.body):
            return pieces.merged(lines), None
        length, content = self._framed(b"".join(one for one in self.body if isinstance(one, bytes)))
        return pieces.merged(lines), length + b"\r\n\r\n" + content


@contextmanager
def _at(key: str) -> Iterator[None]:
    try:
        yield
    except Wrong as wrong:
        wrong.key = wrong.key or key
        raise


def _path(written: str, prefix: str, known: Columns, say: Complaint) -> tuple[list[Piece], Getter | None]:
    if not has_template(written):
        return [path_of(prefix + written, say).encode()], None
    return pieces.path(written, path_of(prefix, say) if prefix else "", known)


def _body(request: RequestSpec, root: Path, known: Columns, say: Complaint) -> tuple[list[Piece], str]:
    http_body.check_alone(request, say)
    if request.json is not None and pieces.templates_in(request.json):
        with _at("json"):
            return pieces.json(request.json, known), JSON
    if request.body is not None and has_template(request.body):
        with _at("body"):
            return pieces.text(request.body, known), type_of_text(request.body)
    if request.form is not None and pieces.templates_in(request.form):
        with _at("form"):
            if request.files is None:
                return pieces.form(request.form, known), http_body.URL_ENCODED
            return _form_with_files(request, root, known, say)
    body = http_body.body_of(request, root, say)
    return ([body.content] if body.content else []), body.content_type


def _form_with_files(request: RequestSpec, root: Path, known: Columns, say: Complaint) -> tuple[list[Piece], str]:
    files = http_body.file_parts(request.files or {}, root, say)
    boundary = http_body.boundary_of(files)
    found: list[Piece] = []
    for name, written in (request.form or {}).items():
        found += [f"--{boundary}\r\n".encode() + http_body.field_head(name), *pieces.text(written, known), b"\r\n"]
    return pieces.merged([*found, http_body.multipart([], files, boundary)]), http_body.multipart_type(boundary)


def _literally(value: str) -> str:
    """Keep what comes from the environment from being read as a template."""
    return value.replace("{{", "{{'{{'}}")


def _free(name: str) -> str:
    if name in GENERATORS:
        raise Wrong(f"{name} already makes something up: call the variable something else")
    if not name.isidentifier():
        raise Wrong(f"'{name[:40]}' cannot be a variable's name: letters, digits and underscores, no digit first")
    return name
