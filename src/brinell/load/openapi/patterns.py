"""A string that matches a regular expression, made from the expression itself; within a length.

The dialect of JSON Schema is ECMA-262's; what Python's parser reads of it is what is made. The finished string is
checked against the expression again, by the validator's own engine, so a difference between the two shows as "cannot"
and never as a value that does not fit.
"""

from __future__ import annotations

import functools
import random
import re
import re._constants as codes  # type: ignore[import-not-found]  # the parsed form of an expression has no public name
import re._parser as parser  # type: ignore[import-not-found]
import string
import warnings
from typing import Any

import jsonschema_rs

from brinell.load.openapi.flat import Cannot

LONGEST = 4096
MOST_TURNS = 16 * LONGEST
ATTEMPTS = 30
ENGINE = jsonschema_rs.FancyRegexOptions(backtrack_limit=20_000)
_LETTERS = string.ascii_lowercase + string.digits
_CATEGORIES = {
    codes.CATEGORY_DIGIT: string.digits,
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_WORD: _LETTERS + "_",
    codes.CATEGORY_NOT_DIGIT: string.ascii_lowercase,
    codes.CATEGORY_NOT_SPACE: _LETTERS,
    codes.CATEGORY_NOT_WORD: " -.",
}
_ALL = string.ascii_letters + string.digits + " -_.,:;!?/+*()[]{}#@%&=<>|~^$'\"\\\t\n"


def matching(pattern: str, least: int, most: int, source: random.Random) -> str:
    """Return a string of ``least`` to ``most`` characters in which ``pattern`` is found. Cannot where none is made."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(_python(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise Cannot(f"nothing here reads the pattern {pattern[:60]!r}: {error}") from None
    anchored = _anchored(tree)
    for attempt in range(ATTEMPTS):
        made = _Maker(source, 1 + attempt).sequence(tree)
        if len(made) < least and not anchored[1]:
            made += "".join(source.choice(_LETTERS) for _ in range(least - len(made)))
        elif len(made) < least and not anchored[0]:
            made = "".join(source.choice(_LETTERS) for _ in range(least - len(made))) + made
        elif len(made) < least:
            made = _Maker(source, 1 + least).sequence(tree)
        if least <= len(made) <= most and finds(pattern, made):
            return made
    raise Cannot(f"no string of {least} to {most} characters was found for the pattern {pattern[:60]!r}")


def finds(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text: by an engine whose time is bounded, because the pattern is a stranger's."""
    check = _compiled(pattern)
    return check is not None and check.is_valid(text)


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> jsonschema_rs.Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=ENGINE)
    except (jsonschema_rs.ValidationError, ValueError):
        return None


def _python(pattern: str) -> str:
    """Write what ECMA writes otherwise as Python does: names of groups, classes of Unicode, the escaped slash."""
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", pattern)
    pattern = re.sub(r"\\[pP]\{[^}]{1,30}\}", "[a-zA-Z]", pattern)
    return pattern.replace("\\/", "/")


def _anchored(tree: Any) -> tuple[bool, bool]:
    """Whether nothing may stand before, and behind."""
    items = list(tree)
    ends = {codes.AT_END, codes.AT_END_STRING}
    begins = {codes.AT_BEGINNING, codes.AT_BEGINNING_STRING}
    any_at = any(op is codes.AT for op, _ in _walk(items))
    first = bool(items) and items[0][0] is codes.AT and items[0][1] in begins
    last = bool(items) and items[-1][0] is codes.AT and items[-1][1] in ends
    inside = any_at and not (first or last)
    return first or inside, last or inside


def _walk(items: Any) -> Any:
    for op, argument in items:
        yield op, argument
        if op is codes.SUBPATTERN:
            yield from _walk(argument[3])
        elif op is codes.BRANCH:
            for branch in argument[1]:
                yield from _walk(branch)


class _Maker:
    """Walks a parsed expression. ``more``: how many repetitions beyond the least there may be."""

    def __init__(self, source: random.Random, more: int) -> None:
        self._source = source
        self._more = min(more, LONGEST)
        self._groups: dict[int, str] = {}
        self._left = LONGEST
        self._turns = MOST_TURNS

    def sequence(self, items: Any) -> str:
        return "".join(self._one(op, argument) for op, argument in items)

    def _one(self, op: Any, argument: Any) -> str:  # noqa: PLR0911 - one line per kind of node
        if op is codes.LITERAL:
            return self._spend(chr(argument))
        if op is codes.NOT_LITERAL:
            return self._spend(self._source.choice([one for one in _LETTERS if ord(one) != argument]))
        if op is codes.ANY:
            return self._spend(self._source.choice(_LETTERS))
        if op is codes.IN:
            return self._spend(self._source.choice(_choices(argument)))
        if op is codes.BRANCH:
            return self.sequence(self._source.choice(argument[1]))
        if op is codes.SUBPATTERN:
            made = self.sequence(argument[3])
            self._groups[argument[0]] = made
            return made
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            return self._repeated(*argument)
        if op is codes.ATOMIC_GROUP:
            return self.sequence(argument)
        if op is codes.GROUPREF:
            return self._groups.get(argument, "")
        if op in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
            return ""  # looked at when the whole is checked
        raise Cannot(f"the pattern holds {op}, which nothing here makes")

    def _repeated(self, least: int, most: Any, items: Any) -> str:
        highest = min(int(most), least + self._more)
        times = self._source.randint(least, max(least, highest))
        self._turns -= times
        if self._turns < 0:  # of nothing at all, perhaps: no character would ever be spent
            raise Cannot(f"the pattern repeats something more than {MOST_TURNS} times")
        return "".join(self.sequence(items) for _ in range(times))

    def _spend(self, made: str) -> str:
        self._left -= 1
        if self._left < 0:
            raise Cannot(f"the pattern asks for more than {LONGEST} characters")
        return made


def _choices(items: Any) -> str:
    """Return the characters of a set, at most a few hundred of each range."""
    negated = bool(items) and items[0][0] is codes.NEGATE
    found: list[str] = []
    for op, argument in items:
        if op is codes.LITERAL:
            found.append(chr(argument))
        elif op is codes.RANGE:
            low, high = argument
            found += [chr(code) for code in range(low, min(high, low + 255) + 1) if not 0xD800 <= code < 0xE000]
        elif op is codes.CATEGORY:
            found += _CATEGORIES.get(argument, "")
    if negated:
        refused = set(found)
        found = [one for one in _ALL if one not in refused]
    printable = [one for one in found if one.isprintable()]
    if not found:
        raise Cannot("the pattern holds a set of characters that is empty")
    return "".join(printable or found)
