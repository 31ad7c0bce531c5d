"""What a template can make up: ``{{uuid}}``, ``{{int(1, 100)}}`` and so on. Each use draws anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from brinell.load.scenario.scope import Scope

Getter = Callable[[Scope], Any]
"""A value, each time it is asked for one."""

WORDS = (  # noqa: SIM905 - two hundred words in quotes are harder to read
    "amber anvil apple arrow autumn badge bamboo basket beacon birch blanket bottle branch breeze bridge bronze "
    "bucket butter button candle canyon carbon castle cedar chalk cherry circle cloud clover cobalt coffee copper "
    "coral cotton crystal curtain dawn desert diamond dolphin dragon eagle ember engine falcon feather fern field "
    "flame forest fossil fountain garden garnet ginger glacier granite grape gravel hammer harbor harvest hazel "
    "helmet hollow honey horizon indigo island ivory jacket jasmine jungle juniper kettle kitchen lagoon lantern "
    "laurel lemon linen lotus magnet maple marble meadow mirror mosaic mountain nectar needle nickel nutmeg oak "
    "ocean olive onyx orange orchard otter paper pebble pepper petal pillow pine planet plum pocket poplar prairie "
    "quartz quill rabbit raven ribbon river robin rocket saddle saffron salmon sand sapphire shadow shell silver "
    "slate spruce stone storm summer sunset thistle thunder timber topaz tulip tunnel valley velvet violet walnut "
    "water willow window winter yarrow zephyr"
).split()


class Wrong(Exception):  # noqa: N818 - the reason a template will not do, worded by whoever knows its place
    """``why`` it will not do; ``choices`` and ``word`` for the nearest of them; ``key`` where it stands, if known."""

    def __init__(self, why: str, choices: Sequence[str] = (), word: str = "", key: str = "") -> None:
        super().__init__(why)
        self.key = key
        self.why = why
        self.choices = tuple(choices)
        self.word = word


class Generator(NamedTuple):
    """``make`` takes the arguments as they are written and returns the getter; it raises ``Wrong``."""

    usage: str
    make: Callable[[Sequence[str]], Getter]


def _plain(name: str, getter: Getter) -> Generator:
    def make(arguments: Sequence[str]) -> Getter:
        if arguments:
            raise Wrong(f"{name} takes nothing in brackets")
        return getter

    return Generator(name, make)


def uuid(scope: Scope) -> str:
    """A random UUID (RFC 9562, version 4), which no other start of the scenario has."""
    digits = f"{scope.draws.identity():032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _word(scope: Scope) -> str:
    return scope.draws.one_of(WORDS)


def _sequence(scope: Scope) -> int:
    return next(scope.sequence)


def _time(scope: Scope) -> str:  # noqa: ARG001 - every getter is given the scope
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _whole(arguments: Sequence[str]) -> Getter:
    low, high = _two(arguments, int, r"-?\d{1,18}", "int(1, 100)", "whole numbers")
    count = high - low + 1
    return lambda scope: low + scope.draws.below(count)


def _number(arguments: Sequence[str]) -> Getter:
    low, high = _two(arguments, float, r"-?\d{1,18}(\.\d{1,18})?", "float(0.5, 2)", "numbers")
    return lambda scope: scope.draws.between(low, high)


def _two(arguments: Sequence[str], kind: Any, form: str, usage: str, what: str) -> tuple[Any, Any]:
    if len(arguments) != 2 or not all(re.fullmatch(form, one) for one in arguments):
        raise Wrong(f"two {what} are needed: {{{{{usage}}}}}")
    low, high = (kind(one) for one in arguments)
    if low > high:
        raise Wrong(f"the lower number comes first: {{{{{usage}}}}}")
    return low, high


def _choice(arguments: Sequence[str]) -> Getter:
    if not arguments or not all(arguments):
        raise Wrong("what to choose from is needed: {{choice(red, green, blue)}}")
    options = tuple(arguments)
    return lambda scope: scope.draws.one_of(options)


GENERATORS: dict[str, Generator] = {
    "uuid": _plain("uuid", uuid),
    "seq": _plain("seq", _sequence),
    "word": _plain("word", _word),
    "now": _plain("now", _time),
    "int": Generator("int(1, 100)", _whole),
    "float": Generator("float(0.5, 2)", _number),
    "choice": Generator("choice(a, b)", _choice),
}
