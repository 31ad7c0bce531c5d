"""The operations that a document describes, in one form whatever its version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from brinell.core.redact import one_line, redact
from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.references import Library
from brinell.load.openapi.swagger import body_of_2, parameter_of_2, responses_of_2

METHODS = ("get", "head", "options", "post", "put", "patch", "delete", "trace")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, 9.2.1, without TRACE, which servers rightly refuse
MOST = 5000  # operations
_LONGEST_NAME = 300  # characters: two operations of one name would be one in every number
PLACES = ("path", "query", "header", "cookie")
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}


@dataclass(frozen=True)
class Parameter:
    """``schema`` None: none that can be used. ``content``: the media type that the value is written in, if any."""

    name: str
    place: str
    required: bool
    schema: Any
    source: str  # the document in which the schema's references stand
    style: str
    explode: bool
    examples: tuple[Any, ...] = ()
    content: str = ""


@dataclass(frozen=True)
class Body:
    """``content``: media type to (schema, examples, encoding, source)."""

    required: bool
    content: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any], str]]


@dataclass(frozen=True)
class Response:
    """What one documented answer looks like: media types to schemas (None: no schema). ``links`` by name."""

    content: dict[str, Any]
    links: dict[str, Any]
    source: str


@dataclass(frozen=True)
class Operation:
    """One method of one path. ``security``: ways to be let in, each the schemes that it takes; empty: open to all."""

    method: str
    path: str
    identity: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    responses: dict[str, Response] = field(default_factory=dict)
    security: tuple[tuple[str, ...], ...] = ()

    @property
    def name(self) -> str:
        """What it is called in every number: ``GET /notes/{id}``."""
        return one_line(f"{self.method} {self.path}", _LONGEST_NAME)

    @property
    def safe(self) -> bool:
        """Whether it only reads."""
        return self.method in SAFE


class Reading:
    """A document's operations, and those that could not be read (``left``: name to why)."""

    def __init__(self, library: Library, document: dict[str, Any]) -> None:
        self.document = document
        self.library = library
        self.version = _version(document)
        self.left: dict[str, str] = {}
        self.operations = tuple(self._all())

    @property
    def old(self) -> bool:
        """Whether schemas are of 3.0 or before."""
        return not self.version.startswith("3.1") and not self.version.startswith("3.2")

    @property
    def title(self) -> str:
        """The document's own title, as one line."""
        info = self.document.get("info")
        return one_line(str(info.get("title", "")) if isinstance(info, dict) else "", 80)

    @property
    def base(self) -> str:
        """The first server's URL, variables filled in by their defaults; ``/v1`` where only a path is given."""
        if self.version == "2.0":
            host, base = self.document.get("host"), str(self.document.get("basePath") or "")
            schemes = self.document.get("schemes")
            scheme = schemes[0] if isinstance(schemes, list) and schemes else "http"
            return f"{scheme}://{host}{base}" if isinstance(host, str) else base
        return _server(self.document.get("servers"))

    @property
    def schemes(self) -> dict[str, dict[str, Any]]:
        """How one gets in, by name."""
        if self.version == "2.0":
            found = self.document.get("securityDefinitions")
        else:
            components = self.document.get("components")
            found = components.get("securitySchemes") if isinstance(components, dict) else None
        made = {}
        for name, one in found.items() if isinstance(found, dict) else ():
            try:
                value = self.library.resolve(one, self.library.home).value
            except Unreadable:
                continue
            if isinstance(value, dict):
                made[str(name)] = value
        return made

    def _all(self) -> Iterator[Operation]:
        paths = self.document.get("paths")
        if paths is None and self.version.startswith("3.1"):
            paths = {}
        if not isinstance(paths, dict):
            raise Unreadable("it has no paths")
        count = 0
        for path, given in paths.items():
            if not path.startswith("/"):
                continue  # x-...
            try:
                item, place, _ = self.library.resolve(given, self.library.home)
                if not isinstance(item, dict):
                    raise Unreadable(f"its path is described by a {type(item).__name__}")  # noqa: TRY301
            except Unreadable as why:
                self.left[one_line(f"* {path}", _LONGEST_NAME)] = str(why)
                continue
            for method in METHODS:
                if method in item:
                    count += 1
                    if count > MOST:
                        raise Unreadable(f"it describes more than {MOST} operations")
                    yield from self._operation(method.upper(), path, item, place)

    def _operation(self, method: str, path: str, item: dict[str, Any], place: str) -> Iterator[Operation]:
        try:
            # Not in the specification, and common all the same: an operation in a file of its own.
            given, place, _ = self.library.resolve(item[method.lower()], place)
            if not isinstance(given, dict):
                raise Unreadable("it is described by nothing")  # noqa: TRY301
            elsewhere = _server(given.get("servers") or item.get("servers"))
            if elsewhere and elsewhere != self.base:
                raise Unreadable(  # noqa: TRY301
                    f"it is at a server of its own, {one_line(redact(elsewhere), 80)}: a scenario goes to one"
                )
            raw = self._raw_parameters(item, given, place)
            yield Operation(
                method=method,
                path=path,
                identity=str(given.get("operationId") or ""),
                parameters=tuple(self._parameters(raw)),
                body=self._body(given, raw, place),
                responses=self._responses(given, place),
                security=self._security(given),
            )
        except Unreadable as why:
            self.left[one_line(f"{method} {path}", _LONGEST_NAME)] = str(why)

    def _raw_parameters(
        self, item: dict[str, Any], given: dict[str, Any], place: str
    ) -> list[tuple[dict[str, Any], str]]:
        """Return the parameters of path and operation, the operation's own in place of the path's."""
        found: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
        for level in (item, given):
            several = level.get("parameters") or []
            for one in several if isinstance(several, list) else ():
                value, where, _ = self.library.resolve(one, place)
                if not isinstance(value, dict) or not isinstance(value.get("name"), str):
                    raise Unreadable("one of its parameters has no name")
                found[value["name"], str(value.get("in"))] = (value, where)
        return list(found.values())

    def _parameters(self, raw: list[tuple[dict[str, Any], str]]) -> Iterator[Parameter]:
        for value, place in raw:
            one = parameter_of_2(value) if self.version == "2.0" else value
            where = one.get("in")
            if where not in PLACES:
                continue
            content = one.get("content")
            schema, media, examples = one.get("schema"), "", examples_of(one, self.library, place)
            if isinstance(content, dict) and content:
                media, inner = next(iter(content.items()))
                inner = inner if isinstance(inner, dict) else {}
                schema = inner.get("schema", {})
                examples += examples_of(inner, self.library, place)
            yield Parameter(
                name=one["name"],
                place=where,
                required=one.get("required") is True or where == "path",
                schema=schema,
                source=place,
                style=str(one.get("style") or _STYLES[where]),
                explode=bool(one.get("explode", (one.get("style") or _STYLES[where]) == "form")),
                examples=examples,
                content=media,
            )

    def _body(self, given: dict[str, Any], raw: list[tuple[dict[str, Any], str]], place: str) -> Body | None:
        if self.version == "2.0":
            value = body_of_2(raw, given.get("consumes") or self.document.get("consumes"))
            place = next((where for one, where in raw if one.get("in") == "body"), place)
        else:
            value, place, _ = self.library.resolve(given.get("requestBody"), place)
        if not isinstance(value, dict):
            return None
        content = value.get("content")
        found = {}
        for media, one in content.items() if isinstance(content, dict) else ():
            inner = one if isinstance(one, dict) else {}
            encoding = inner.get("encoding")
            found[media] = (
                inner.get("schema", {}),
                examples_of(inner, self.library, place),
                encoding if isinstance(encoding, dict) else {},
                place,
            )
        return Body(value.get("required") is True, found)

    def _responses(self, given: dict[str, Any], place: str) -> dict[str, Response]:
        responses = given.get("responses")
        found = {}
        for status, one in responses.items() if isinstance(responses, dict) else ():
            value, where, _ = self.library.resolve(one, place)
            if not isinstance(value, dict):
                continue
            if self.version == "2.0":
                value = responses_of_2(value, given.get("produces") or self.document.get("produces"))
            content = value.get("content")
            links = value.get("links")
            media = {
                kind: inner.get("schema") if isinstance(inner, dict) else None
                for kind, inner in (content.items() if isinstance(content, dict) else ())
            }
            found[str(status).upper()] = Response(media, links if isinstance(links, dict) else {}, where)
        return found

    def _security(self, given: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
        needs = given.get("security", self.document.get("security"))
        if not isinstance(needs, list) or any(one == {} for one in needs):
            return ()
        return tuple(tuple(map(str, one)) for one in needs if isinstance(one, dict))


def examples_of(holder: dict[str, Any], library: Library, place: str) -> tuple[Any, ...]:
    """Return ``example`` and ``examples`` of a parameter or a media type."""
    found = [holder["example"]] if "example" in holder else []
    several = holder.get("examples")
    for one in several.values() if isinstance(several, dict) else ():
        try:
            value = library.resolve(one, place).value
        except Unreadable:
            continue
        if isinstance(value, dict) and "value" in value:
            found.append(value["value"])
    return tuple(found)


def _server(servers: Any) -> str:
    """Return the first server's URL, variables filled in by their defaults; empty without any."""
    first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    url = str(first.get("url") or "")
    variables = first.get("variables")
    for name, one in variables.items() if isinstance(variables, dict) else ():
        url = url.replace(f"{{{name}}}", str(one.get("default", "") if isinstance(one, dict) else ""))
    return url


def _version(document: dict[str, Any]) -> str:
    said = document.get("openapi") or document.get("swagger")
    version = one_line(str(said), 20) if said is not None else ""
    if version in {"2", "2.0"}:
        return "2.0"
    if version.startswith(("3.0", "3.1", "3.2")):
        return version
    if not version:
        raise Unreadable("it says nowhere that it is OpenAPI", 'a document begins with "openapi": "3.1.0"')
    raise Unreadable(f"it is of version {version}; read are 2.0, 3.0 and 3.1")
