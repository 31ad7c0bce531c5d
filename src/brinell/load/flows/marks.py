"""``@flow``: marks a coroutine function as something users do."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar, overload

MARK = "__brinell_flow__"

Body = Callable[[Any], Awaitable[Any]]
F = TypeVar("F", bound=Body)


class Flow(NamedTuple):
    """One kind of user: ``body`` is the coroutine function, ``weight`` its share among the flows of a file."""

    name: str
    weight: float
    body: Body


@overload
def flow(body: F, /) -> F: ...
@overload
def flow(*, weight: float = 1.0, name: str | None = None) -> Callable[[F], F]: ...


def flow(body: F | None = None, /, *, weight: float = 1.0, name: str | None = None) -> F | Callable[[F], F]:
    """Mark an ``async def`` function that takes the user: ``@flow`` or ``@flow(weight=3)``.

    TypeError if it is no coroutine function of one argument, ValueError if the weight is not above 0.
    """

    def mark(function: F) -> F:
        shown = getattr(function, "__name__", repr(function))
        body: object = function
        if not inspect.iscoroutinefunction(body):
            raise TypeError(f"@flow: {shown} is not async: write async def {shown}(user)")
        try:
            inspect.signature(function).bind(None)
        except TypeError as error:
            raise TypeError(f"@flow: {shown} is called with the user and nothing else: {error}") from None
        setattr(function, MARK, Flow(name or shown, float(weight), function))
        return function

    if not (isinstance(weight, int | float) and math.isfinite(weight) and weight > 0):
        raise ValueError(f"@flow: weight = {weight!r}: a weight is a number above 0")
    return mark if body is None else mark(body)


def flows_in(namespace: dict[str, Any]) -> list[Flow]:
    """Return the flows that a module's namespace holds, each once, in their order."""
    found: dict[int, Flow] = {}
    for value in namespace.values():
        marked = getattr(value, MARK, None) if callable(value) else None
        if isinstance(marked, Flow):
            found.setdefault(id(marked.body), marked)
    return list(found.values())
