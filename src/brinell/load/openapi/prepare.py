"""From a scenario that names a document to what its workers send: the way in. Runs in the trial, before the workers."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from brinell.core.errors import SubjectError, UsageError
from brinell.core.plan import LoadSpec
from brinell.core.redact import one_line, redact
from brinell.core.roles import Room
from brinell.core.traffic_records import LeftOut, TrafficRead
from brinell.load import sharing
from brinell.load.drivers.described import Prepared
from brinell.load.drivers.http import target_path
from brinell.load.drivers.http_request import SAFE_IN_PATHS
from brinell.load.openapi.ask import Asker, NoAnswer
from brinell.load.openapi.assembly import Head, head_of
from brinell.load.openapi.chains import Chain, Chains, Step
from brinell.load.openapi.contract import Contract, Expected, Purse, judges
from brinell.load.openapi.document import MOST_BYTES, Unreadable, parse
from brinell.load.openapi.explore import Explored, Explorer, weight_of
from brinell.load.openapi.operations import Operation, Reading
from brinell.load.openapi.references import Library
from brinell.load.openapi.sessions import Options
from brinell.load.openapi.values import reachable
from brinell.load.openapi.variants import Variants
from brinell.load.wire import WireOperation, WireSessions
from brinell.subject.targets import Target, check_target

FACTORY = "brinell.load.openapi.sessions:sessions"
_TOLD = 5  # reasons in an error
_MOST_RECORDED = 2000


class _Place(NamedTuple):
    """Where a document is: its address, and how one reads there."""

    home: str
    fetch: Callable[[str], bytes]


def prepare(room: Room, spec: LoadSpec, target: Target, address: str) -> Prepared:
    """Read the document, try what only reads, and return what there is to send; the record is written.

    UsageError where the document cannot be used, SubjectError where the subject does not give it.
    """
    where = f"[[load]] {spec.name}: openapi = {one_line(redact(str(spec.openapi)), 120)!r}"
    root = Path(room.plan.root)
    bare = head_of(spec, target, root, "")

    def asker(of: Target, at: str) -> Asker:
        return Asker(of, at, room.tick, timeout_s=spec.timeout_s, verify=spec.verify_tls)

    place = _place(room, spec, target, address=address, head=bare, asker=asker)
    try:
        document = parse(place.fetch(place.home), place.home)
        reading = Reading(Library(place.home, document, place.fetch), document)
        head = bare._replace(prefix=target_path(spec.url) or base_path(reading.base, place.home))
    except Unreadable as why:
        raise UsageError(f"{where}: {why}", hint=why.hint) from None
    except NoAnswer as why:
        raise SubjectError(f"{where}: {why}", hint="is it the address of the document?") from None
    _refuse_unknown(spec, reading)
    variants = Variants(reading, spec.seed)
    contract = contract_of(reading, variants, room.tick) if spec.openapi_validate else Contract({})
    asking = asker(target, address)
    explorer = Explorer(
        reading,
        variants,
        head,
        asking,
        judges=judges(contract, Purse(1.0), ready=False),
        weights=spec.openapi_weights,
        progress=lambda done, of: room.progress(done, of, "trying what the document describes"),
        most_tried=spec.max_requests,
    )
    explored = explorer.run()
    chains, linked = _changing(spec, reading, variants, head=head, explorer=explorer)
    record = _record(spec, reading, explored, chains=chains, linked=linked, tried=asking.asked)
    room.emit(record)
    if not record.operations:
        told = "; ".join(f"{one.operation}: {one.why}" for one in explored.left[:_TOLD]) or "it describes none"
        more = f"; and {len(explored.left) - _TOLD} more" if len(explored.left) > _TOLD else ""
        raise UsageError(f"{where}: none of its operations can be sent: {told}{more}")
    return _prepared(spec, explored, chains, needed(contract, record.operations))


def _place(
    room: Room, spec: LoadSpec, target: Target, *, address: str, head: Head, asker: Callable[[Target, str], Asker]
) -> _Place:
    said = spec.openapi or ""
    if "://" not in said and not said.startswith("/"):
        said = (Path(room.plan.root) / said).resolve().as_uri()
    if said.startswith("file:"):

        def read(at: str) -> bytes:
            room.tick()
            return _file(said, at)

        return _Place(said, read)
    of = target
    if said.startswith("/"):
        said = f"{target.scheme}://{target.authority}{said}"
    parts = urlsplit(said)
    if f"{parts.scheme}://{parts.netloc}" != f"{target.scheme}://{target.authority}":
        of = check_target(said, room.plan.allow_targets)
        address = sharing.reachable(of)  # a name may be two addresses, of which one listens
        # Another place than the target's: nothing that was given for the target goes there.
        head = Head(tuple((name, line) for name, line in head.lines if name in {"user-agent", "accept"}), "")
        head = Head((("host", f"Host: {of.authority}".encode()), *head.lines), "")

    def fetch(at: str) -> bytes:
        there = urlsplit(at)
        if (there.scheme, there.netloc) != (parts.scheme, parts.netloc):
            raise Unreadable(f"{one_line(redact(at), 100)} is another place than the document's own: refused")
        path = (there.path or "/") + (f"?{there.query}" if there.query else "")
        return asker(of, address).document(head.plain(), quote(path, safe=SAFE_IN_PATHS))

    return _Place(said, fetch)


def _file(home: str, at: str) -> bytes:
    """Return what a file holds: the document itself, or one in its folder or below."""
    parts = urlsplit(at)
    try:
        path = Path(unquote(parts.path)).resolve()
    except ValueError:
        raise Unreadable(f"{one_line(redact(at), 100)} names no file") from None
    folder = Path(unquote(urlsplit(home).path)).resolve().parent
    if parts.scheme != "file" or not path.is_relative_to(folder):
        raise Unreadable(f"{one_line(redact(at), 100)} is another place than the document's own: refused")
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(f"{path.name} is no file")
        if found.st_size > MOST_BYTES:
            raise Unreadable(f"it has {found.st_size} bytes, and at most {MOST_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path.name}: {error.strerror}") from None


def base_path(base: str, home: str) -> str:
    """Return what stands before every path: of the document's server only the path counts, because what is put under
    load is the target. A relative one is relative to the document (OpenAPI 3.1, 4.8.5). Unreadable where it is none.
    """
    if not base:
        return ""
    try:
        whole = urlsplit(urljoin(home if not home.startswith("file:") else "http://localhost/", base))
    except ValueError:
        raise Unreadable(
            f"its server {one_line(redact(base), 80)!r} is no address", "give the path of the service with its address"
        ) from None
    return quote(whole.path.rstrip("/"), safe=SAFE_IN_PATHS)


def contract_of(reading: Reading, variants: Variants, tick: Callable[[], None]) -> Contract:
    """Return what all answers have to look like; a schema that cannot be read asks nothing."""
    operations = {}
    for operation in reading.operations:
        tick()  # a large document takes seconds
        responses: dict[str, dict[str, Any]] = {}
        for status, response in operation.responses.items():
            content = responses.setdefault(status, {})
            for media, schema in response.content.items():
                try:
                    content[media] = None if schema is None else variants.answers.translate(schema, response.source)
                except Unreadable:
                    content[media] = None
        operations[operation.name] = Expected(responses, bodiless=operation.method == "HEAD")
    return Contract(operations, variants.answers.definitions)


def needed(contract: Contract, names: Sequence[str]) -> Contract:
    """Return the part of a contract that these operations need."""
    kept = {name: contract.operations[name] for name in names if name in contract.operations}
    schemas = [schema for one in kept.values() for content in one.responses.values() for schema in content.values()]
    return Contract(kept, reachable({"allOf": [one for one in schemas if one is not None]}, contract.definitions))


def _changing(
    spec: LoadSpec, reading: Reading, variants: Variants, *, head: Head, explorer: Explorer
) -> tuple[list[Chain], list[str]]:
    """Return the sessions that change something, where the scenario allows it; else name what they would have been."""
    if spec.openapi_unsafe:
        chains = Chains(reading, variants, head, explorer, spec.openapi_weights)
        return chains.all(), chains.linked
    for operation in reading.operations:
        if not operation.safe:
            explorer.result.leave(
                operation.name,
                f"{operation.method} changes something, and is sent with openapi_unsafe = true (--unsafe)",
            )
    return [], []


def _refuse_unknown(spec: LoadSpec, reading: Reading) -> None:
    """A weight for nothing is a mistake that would go unseen."""
    names = [one.name for one in reading.operations] + [one.identity for one in reading.operations if one.identity]
    for name in spec.openapi_weights:
        if name not in names:
            raise UsageError(
                f"[[load]] {spec.name}: openapi_weights: the document describes no {one_line(name, 80)!r}",
                hint=f"there are {', '.join(names[:6])} ..." if names else None,
            )


def _record(
    spec: LoadSpec, reading: Reading, explored: Explored, *, chains: list[Chain], linked: list[str], tried: int
) -> TrafficRead:
    steps = [step for chain in chains for step in chain.steps]
    names = [operation.name for operation, _ in explored.chosen] + [step.operation for step in steps]
    prepared = sum(len(made) for _, made in explored.chosen) + sum(len(step.requests) for step in steps)
    left = [one for one in explored.left if one.operation not in names]
    if len(left) > _MOST_RECORDED:
        left = [*left[:_MOST_RECORDED], LeftOut("...", f"and {len(left) - _MOST_RECORDED} more")]
    return TrafficRead(
        form="openapi",
        source=one_line(redact(str(spec.openapi)), 200),
        version=reading.version,
        title=reading.title,
        operations=tuple(dict.fromkeys(names)),
        requests=prepared,
        left=tuple(left),
        linked=tuple(linked),
        tried=tried,
        refused=tuple(explored.refused),
        judged=spec.openapi_validate,
        broken=tuple(explored.broken),
    )


def _prepared(spec: LoadSpec, explored: Explored, chains: list[Chain], contract: Contract) -> Prepared:
    judged = contract if spec.openapi_validate else None
    if chains:
        return Prepared(sessions=_sessions(spec, explored, chains, judged))
    operations: list[WireOperation] = []
    described = None if judged is None else msgspec.to_builtins(judged)
    for operation, made in explored.chosen:
        for _, request in made:
            operations.append(
                WireOperation(
                    operation.name,
                    weight_of(operation, spec.openapi_weights) / len(made),
                    request,
                    bodiless=operation.method == "HEAD",
                    described=described,
                )
            )
            described = None
    return Prepared(tuple(operations))


def _sessions(spec: LoadSpec, explored: Explored, chains: list[Chain], contract: Contract | None) -> WireSessions:
    """What only reads is a session of one request, beside those that change something."""
    linked = {step.operation for chain in chains for step in chain.steps}
    single = [
        Chain(weight_of(operation, spec.openapi_weights), (_single(operation, [request for _, request in made]),))
        for operation, made in explored.chosen
        if operation.name not in linked
    ]
    options = msgspec.to_builtins(Options((*single, *chains), contract))
    return WireSessions(FACTORY, options, partly=any(len(chain.steps) > 1 for chain in chains))


def _single(operation: Operation, requests: Sequence[bytes]) -> Step:
    return Step(operation.name, tuple((one,) for one in requests), bodiless=operation.method == "HEAD")
