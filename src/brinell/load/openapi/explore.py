"""What of a document can be sent: each operation that only reads is made, tried, and kept or named with its reason.

Trying first costs a few requests and tells what a document cannot: which values exist, who is let in, what is refused.
What a collection answers gives the identifiers for what is read one by one, so that these are prepared requests too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brinell.core.redact import one_line, redact
from brinell.core.traffic_records import LeftOut
from brinell.load.openapi import found
from brinell.load.openapi.access import lacking
from brinell.load.openapi.ask import Asker, NoAnswer, Reply
from brinell.load.openapi.assembly import Head
from brinell.load.openapi.contract import Judge, NotJson, plain
from brinell.load.openapi.flat import Cannot
from brinell.load.openapi.operations import Operation, Reading
from brinell.load.openapi.variants import Values, Variant, Variants

MOST_TRIED = 600  # requests before the run
MOST_TRIED_S = 20.0
MOST_OPERATIONS = 300  # in one scenario: each has histograms of its own in every worker
TOO_MANY = f"there are more than {MOST_OPERATIONS} operations: leave some out with openapi_weights"
_LET_IN = {401: "nobody known is asking", 403: "whoever asks may not", 407: "a proxy wants to know who asks"}


@dataclass
class Explored:
    """``chosen``: operations with their requests. ``known``: identifiers by path, parameters without their names."""

    chosen: list[tuple[Operation, list[tuple[Variant, bytes]]]] = field(default_factory=list)
    left: list[LeftOut] = field(default_factory=list)
    refused: list[LeftOut] = field(default_factory=list)
    broken: list[LeftOut] = field(default_factory=list)
    known: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def leave(self, operation: str, why: str) -> None:
        """Name what is not sent."""
        self.left.append(LeftOut(operation, one_line(redact(why), 300)))


class Explorer:
    """Goes through one document's operations. ``weights``: by name or operationId, 0 leaves one out."""

    def __init__(
        self,
        reading: Reading,
        variants: Variants,
        head: Head,
        asker: Asker,
        *,
        judges: Mapping[str, Judge],
        weights: Mapping[str, float],
        progress: Callable[[int, int], None],
        most_tried: int | None = None,
    ) -> None:
        self._reading = reading
        self._variants = variants
        self._head = head
        self._asker = asker
        self._judges = judges
        self._weights = weights
        self._progress = progress
        self._most_tried = MOST_TRIED if most_tried is None else min(MOST_TRIED, most_tried)
        self._by_link: dict[str, list[dict[str, Any]]] = {}
        self._until = 0.0
        self.result = Explored()

    def run(self) -> Explored:
        """Try everything that only reads, collections before what is in them."""
        self._until = time.monotonic() + MOST_TRIED_S
        for name, reason in self._reading.left.items():
            self.result.leave(name, reason)
        safe = sorted((one for one in self._reading.operations if one.safe), key=lambda one: one.path.count("{"))
        for number, operation in enumerate(safe):
            self._progress(number, len(safe))
            why = self.barred(operation)
            if why is None:
                self._try(operation)
            else:
                self.result.leave(operation.name, why)
        return self.result

    def barred(self, operation: Operation) -> str | None:
        """Return why an operation is not even made."""
        if weight_of(operation, self._weights) == 0:
            return "left out by openapi_weights"
        if len(self.result.chosen) >= MOST_OPERATIONS:
            return TOO_MANY
        if operation.method == "TRACE":
            return "TRACE is not sent"
        return lacking(operation, self._reading.schemes, self._head.names)

    def _try(self, operation: Operation) -> None:
        try:
            variants = self._variants.of(operation, self._values_for(operation))
            made = [(one, self._head.request(operation.method, one)) for one in variants]
        except Cannot as why:
            self.result.leave(operation.name, str(why))
            return
        kept, refusals = [], []
        for variant, request in made:
            if self._asker.asked >= self._most_tried or time.monotonic() > self._until:
                kept.append((variant, request))
                continue
            try:
                reply = self._asker.ask(request, method=operation.method)
            except NoAnswer:
                kept.append((variant, request))  # that is what the run is for
                continue
            if 400 <= reply.status < 500 and reply.status != 429:
                refusals.append((variant, reply))
                continue
            kept.append((variant, request))
            self._learn(operation, variant, reply)
        if refusals:
            self._refusal(operation, refusals, kept=bool(kept))
        if kept:
            self.result.chosen.append((operation, kept))

    def _refusal(self, operation: Operation, refusals: list[tuple[Variant, Reply]], *, kept: bool) -> None:
        """Word what was refused: all of it leaves the operation out, a part of it is only told."""
        variant, reply = refusals[0]
        said = f"{reply.status} to {operation.method} {one_line(variant.target, 120)}"
        if kept:
            if reply.status not in {404, 410}:
                self.result.refused.append(
                    LeftOut(operation.name, redact(f"it says {said}, which the document allows"))
                )
            return
        if reply.status in _LET_IN:
            why = f"it says {reply.status}: {_LET_IN[reply.status]}; give what it wants as a header"
        elif variant.invented and reply.status in {404, 410}:
            names = ", ".join(variant.invented)
            why = f"it says {said}: there is nothing of that {names}, and no answer says what there is"
            why += self._maker(operation)
        else:
            why = f"it says {said}, which the document allows"
            self.result.refused.append(LeftOut(operation.name, redact(why)))
        self.result.leave(operation.name, why)

    def _maker(self, operation: Operation) -> str:
        """Name who would make what this operation reads."""
        parents = {found.collection_of(prefix)[0] for prefix in found.prefixes(operation.path)}
        maker = next((one for one in self._reading.operations if one.method == "POST" and one.path in parents), None)
        return f"; {maker.name} would make one, with openapi_unsafe = true (--unsafe)" if maker else ""

    def _learn(self, operation: Operation, variant: Variant, reply: Reply) -> None:
        """Judge the answer and keep the identifiers in it."""
        if reply.status >= 300:
            return
        judge = self._judges.get(operation.name)
        wrong = None
        if judge is not None and reply.whole:
            wrong = judge.judge(reply.status, reply.headers.get("content-type", ""), reply.body)
        if wrong and all(one.operation != operation.name for one in self.result.broken):
            self.result.broken.append(LeftOut(operation.name, wrong))
        try:
            answer = plain(reply.body)
        except NotJson:
            return
        for identity, values in found.linked(operation, str(reply.status), answer):
            self._by_link.setdefault(identity, []).append(values)
        here = tuple(variant.bound[name] for name in _names(operation.path) if name in variant.bound)
        for prefix, parameter in self._items_of(operation.path):
            several = self.result.known.setdefault(nameless(prefix), [])
            for value in found.in_collection(answer, parameter, operation.path):
                if len(several) < found.MOST and (*here, value) not in several and self._fits(prefix, parameter, value):
                    several.append((*here, value))

    def _items_of(self, path: str) -> list[tuple[str, str]]:
        """Return the paths of single things in the collection at ``path``, each with its parameter."""
        items: dict[str, tuple[str, str]] = {}
        for operation in self._reading.operations:
            for prefix in found.prefixes(operation.path):
                parent, parameter = found.collection_of(prefix)
                if nameless(parent) == nameless(path):
                    items.setdefault(nameless(prefix), (prefix, parameter))
        return list(items.values())

    def _fits(self, prefix: str, parameter: str, value: Any) -> bool:
        """Whether a value is one for the parameter, as the operations below ``prefix`` describe it."""
        for operation in self._reading.operations:
            if operation.path.startswith(prefix):
                for one in operation.parameters:
                    if one.place == "path" and one.name == parameter:
                        return self._variants.fits(one, value)
        return False

    def _values_for(self, operation: Operation) -> Sequence[Values]:
        """Return what is known for the path's parameters: as many of them as anything is known of."""
        if operation.identity in self._by_link:
            return self._by_link[operation.identity][: found.MOST]
        for prefix in reversed(found.prefixes(operation.path)):
            several = self.result.known.get(nameless(prefix))
            if several:
                names = _names(prefix)
                return [dict(zip(names, values, strict=False)) for values in several]
        return ({},)


def weight_of(operation: Operation, weights: Mapping[str, float]) -> float:
    """Return the weight that was given for an operation, by its name or its id; 1 without."""
    return weights.get(operation.name, weights.get(operation.identity, 1.0) if operation.identity else 1.0)


def nameless(path: str) -> str:
    """Return a path whose parameters have no names: ``/notes/{id}`` and ``/notes/{note_id}`` are one."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def _names(path: str) -> list[str]:
    return re.findall(r"\{([^{}]*)\}", path)
