"""Operations that change things, in an order that leaves little behind: make one, read it, change it, take it away.

Only what a session itself made is changed or deleted. What would change anything else is left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from brinell.load.openapi import found
from brinell.load.openapi.assembly import Head
from brinell.load.openapi.explore import MOST_OPERATIONS, TOO_MANY, Explored, Explorer, nameless, weight_of
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.operations import Operation, Reading
from brinell.load.openapi.variants import Variants

_ORDER = {"POST": 0, "GET": 1, "HEAD": 1, "OPTIONS": 1, "PUT": 2, "PATCH": 3, "DELETE": 4}
_MARK = "brinell0slot0"


class Gift(msgspec.Struct, frozen=True):
    """What an answer names: the value for ``slot``, at ``pointer`` where the document says so, else by its field."""

    slot: str
    parameter: str
    collection: str
    pointer: str = ""


class Step(msgspec.Struct, frozen=True):
    """One request of a session. ``requests``: the prepared ones, each cut where the value of a slot goes. ``slots``:
    what it takes, by names of paths.
    """

    operation: str
    requests: tuple[tuple[bytes, ...], ...]
    slots: tuple[str, ...] = ()
    gives: tuple[Gift, ...] = ()
    bodiless: bool = False


class Chain(msgspec.Struct, frozen=True):
    """What one session does."""

    weight: float
    steps: tuple[Step, ...]


class Chains:
    """Puts the operations that change things into sessions; what it cannot is left out in ``explored``."""

    def __init__(
        self,
        reading: Reading,
        variants: Variants,
        head: Head,
        explorer: Explorer,
        weights: Mapping[str, float],
    ) -> None:
        self._reading = reading
        self._variants = variants
        self._head = head
        self._explorer = explorer
        self._explored: Explored = explorer.result
        self._weights = weights
        self._sent: set[str] = set()
        self.linked: list[str] = []

    def all(self) -> list[Chain]:
        """Return every session that changes something."""
        self._sent = {operation.name for operation, _ in self._explored.chosen}
        made: list[Chain] = []
        done: set[str] = set()
        for operation in self._reading.operations:
            if operation.method == "POST" and "{" not in operation.path and self._given_by(operation):
                chain = self._chain(operation, done)
                if chain is not None:
                    made.append(chain)
        for operation in self._reading.operations:
            if operation.safe or operation.name in done:
                continue
            why = self._explorer.barred(operation) or _foreign(operation)
            if why is not None:
                self._explored.leave(operation.name, why)
                continue
            step = self._step(operation, ())
            if step is not None:
                made.append(Chain(weight_of(operation, self._weights), (step,)))
        return made

    def _chain(self, maker: Operation, done: set[str]) -> Chain | None:
        """Return the session that begins with ``maker``; what it takes in is ``done``."""
        why = self._explorer.barred(maker)
        if why is not None:
            return None  # told by whoever goes through all of them
        roots = tuple(f"{gift.slot}/" for gift in self._given_by(maker))
        below = [one for one in self._reading.operations if f"{nameless(one.path)}/".startswith(roots)]
        below.sort(key=_turn)
        steps: list[Step] = []
        slots: set[str] = set()
        for operation in [maker, *below]:
            if self._explorer.barred(operation) is not None or operation.method == "TRACE":
                continue
            wanted = [nameless(prefix) for prefix in found.prefixes(operation.path)]
            if any(one not in slots for one in wanted):
                continue
            gives = self._given_by(operation)
            step = self._step(operation, wanted, gives)
            if step is None:
                continue
            steps.append(step)
            done.add(operation.name)
            slots |= {gift.slot for gift in gives}
            if operation is not maker:
                self.linked.append(operation.name)
                self._explored.left[:] = [one for one in self._explored.left if one.operation != operation.name]
        if not steps or steps[0].operation != maker.name:
            return None
        return Chain(weight_of(maker, self._weights), tuple(steps))

    def _given_by(self, operation: Operation) -> tuple[Gift, ...]:
        """Return what the answer of a POST names: what the document's links say, else one thing of its collection."""
        if operation.method != "POST":
            return ()
        targets = {one.identity: one for one in self._reading.operations if one.identity}
        gifts = [
            Gift(nameless(prefix), parameter, found.collection_of(prefix)[0], pointer)
            for identity, parameter, pointer in found.promised(operation)
            if identity in targets
            for prefix in found.prefixes(targets[identity].path)
            if found.collection_of(prefix)[1] == parameter
        ]
        known = {gift.slot for gift in gifts}
        things = [one for one in self._things_in(operation.path)[:1] if nameless(one) not in known]
        gifts += [Gift(nameless(one), found.collection_of(one)[1], operation.path) for one in things]
        return tuple(gifts)

    def _things_in(self, path: str) -> list[str]:
        return [
            prefix
            for operation in self._reading.operations
            for prefix in found.prefixes(operation.path)
            if nameless(found.collection_of(prefix)[0]) == nameless(path.rstrip("/") or "/")
        ]

    def _step(self, operation: Operation, slots: Sequence[str], gives: tuple[Gift, ...] = ()) -> Step | None:
        """Prepare the requests of one step, with marks in place of the slots' values."""
        if operation.name not in self._sent and len(self._sent) >= MOST_OPERATIONS:
            self._explored.leave(operation.name, TOO_MANY)
            return None
        names = [found.collection_of(prefix)[1] for prefix in found.prefixes(operation.path)]
        known = {name: f"{_MARK}{number}x" for number, name in enumerate(names)} if slots else {}
        try:
            variants = self._variants.of(operation, (known,))
            requests = [self._head.request(operation.method, one) for one in variants]
        except Cannot as why:
            self._explored.leave(operation.name, str(why))
            return None
        cut = tuple(_cut(request, len(known)) for request in requests)
        self._sent.add(operation.name)
        return Step(operation.name, cut, tuple(slots), gives, operation.method == "HEAD")


def _turn(operation: Operation) -> tuple[int, int, int]:
    """Make, read and change from the outside in; take away from the inside out, at the end."""
    depth = operation.path.count("{")
    if operation.method == "DELETE":
        return (1, -depth, 0)
    return (0, depth, _ORDER.get(operation.method, 5))


def _foreign(operation: Operation) -> str | None:
    """Return why an operation by itself would touch what the run did not make."""
    if operation.method == "DELETE":
        return "it would delete what this run did not make"
    if "{" in operation.path:  # though an example names one: it is somebody's
        return "it would change what this run did not make: nothing that is sent makes one"
    return None


def _cut(request: bytes, slots: int) -> tuple[bytes, ...]:
    """Cut a request at its marks, in their order; a mark stands in the request line once."""
    pieces = []
    rest = request
    for number in range(slots):
        before, _, rest = rest.partition(f"{_MARK}{number}x".encode())
        pieces.append(before)
    return (*pieces, rest)
