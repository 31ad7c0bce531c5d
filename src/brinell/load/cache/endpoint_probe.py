"""What an endpoint does when many ask for a key that nobody has asked for, and when what it gives has changed.

How often it loads is told by a counter of the service's own (exactly), else bounded: by the answers that say they were
no hits (at most so many), and by bodies that differ (at least so many). Bodies count only where the same key, asked
again afterwards, gives one of them twice: what differs with every answer tells nothing.
"""

from __future__ import annotations

import http.client
import random
import re
import time
from collections.abc import Callable, Iterator

from brinell.core.cache_records import CacheTried, StaleProbe, Stampede
from brinell.core.entry import Entry
from brinell.core.redact import one_line, redact
from brinell.load.cache.changing import Marks
from brinell.load.cache.counter import value_in
from brinell.load.cache.door import Door, Got
from brinell.load.cache.variants import MOST_KEYS
from brinell.load.cache.verdicts import Verdict, is_collapsed

CONTROLS = 3  # keys of which each is asked for once, to see what a counter counts
CHANGED = 10
DELETED = 5
PRIVATE = 3  # answers to who had credentials, and one key more
_UNASKED = range(10**9, 2 * 10**9)  # numbers of which nobody can have asked for one that was drawn just now
_STRANGE = 3
_FAILED = 500
_REFUSED = (401, 403)
_NOT_MODIFIED = 304
_END = b"\r\n\r\n"
_CREDENTIALS = re.compile(rb"(?<=\r\n)(?:authorization|cookie|x-api-key):[^\r\n]*\r\n", re.IGNORECASE)
_READERS = 8
_PATIENCE_S = 5.0
_BUDGET_S = 10.0  # of all crowds, of all changes, and of all deletes; workers have to be ready in a minute
_STILL_S = 0.05  # in which a counter does not move of itself
_TOO_FEW = "there are too few keys for all that is to be tried (keys, cold_keys)"
_CANNOT = (OSError, ValueError, http.client.HTTPException)


def keys_needed(cold_keys: int) -> int:
    """Return how many keys are asked for, the last ones of the range."""
    return DELETED + CONTROLS + cold_keys + CHANGED + 1 + PRIVATE + 1 + MOST_KEYS


class Counter:
    """The service's own number. ``each``: by how much one load raises it; None: it is not to be used, ``why``."""

    def __init__(self, door: Door, request: bytes, name: str) -> None:
        self._door, self._request, self._name = door, request, name
        self.each: float | None = None
        self.why = ""

    def read(self) -> float:
        """Return it. OSError or ValueError where it cannot be had."""
        got = self._door.ask(self._request, _PATIENCE_S)
        if not got.is_good:
            raise ValueError(f"its page was answered with {got.status}")
        return value_in(got.body, self._name)

    def learn(self, lone: Callable[[], bool | None], times: int) -> None:
        """Let single keys be asked for (which says whether it was a hit) and see what that does to the number."""
        try:
            first = self.read()
            time.sleep(_STILL_S)
            if self.read() != first:
                self.why = "it moves while nothing is asked for"
                return
            raised = set()
            for _ in range(times):
                before = self.read()
                is_hit = lone()
                if not is_hit:
                    raised.add(self.read() - before)
        except _CANNOT as error:
            self.why = f"it cannot be read: {error}"
            return
        if len(raised) != 1 or min(raised) <= 0:
            steps = ", ".join(f"{one:g}" for one in sorted(raised)) or "nothing"
            self.why = f"single keys that nobody had asked for raised it by {steps}"
            return
        self.each = raised.pop()


class EndpointProbe:
    """``request_of`` gives the request for a key; ``numbers`` are the keys, each asked for once in here."""

    def __init__(
        self, door: Door, request_of: Callable[[int], bytes], verdict: Verdict, numbers: Iterator[int]
    ) -> None:
        self._door, self._request_of, self._verdict, self._numbers = door, request_of, verdict, numbers
        self._errors = [0, 0]  # keys that were answered with an error, and those of them that then came from the cache
        self._error = ""

    def crowds(self, counter: Counter | None, callers: int, cold_keys: int) -> list[Entry]:
        """Let ``callers`` ask for each of ``cold_keys`` keys at the same moment."""
        if counter is not None:
            counter.learn(self._lone, CONTROLS)
        until = time.monotonic() + _BUDGET_S
        told: list[Entry] = []
        for _, number in zip(range(cold_keys), self._numbers, strict=False):
            try:
                told.append(self._crowd(number, counter, callers))
            except _CANNOT as error:
                told.append(Stampede(0, callers, None, callers, 0, _words(error)))
                break
            if time.monotonic() > until:
                break
        if self._errors[0]:
            told.append(CacheTried(0, "error", self._errors[0], self._errors[1], example=self._error))
        return told

    def unasked(self) -> CacheTried:
        """Ask for keys that were drawn just now: nobody's answer can be a hit."""
        tried = wrong = 0
        example = ""
        try:
            for number in random.sample(_UNASKED, _STRANGE):
                got = self._door.ask(self._request_of(number), _PATIENCE_S)
                is_hit = self._verdict(got.headers)
                if not got.is_good or is_hit is None:
                    continue
                tried += 1
                wrong += is_hit
                example = example or (f"key {number}" if is_hit else "")
        except _CANNOT as error:
            return CacheTried(0, "unasked", 0, 0, _words(error))
        why = "" if tried else "their answers do not say whether they were hits, or there are no such keys"
        return CacheTried(0, "unasked", tried, wrong, why, example)

    def private(self) -> CacheTried | None:
        """Let who has no credentials ask for what is cached for who has; None where no request has any."""
        tried = wrong = 0
        example = ""
        try:
            number = next(self._numbers)
            bare = _CREDENTIALS.sub(b"", self._request_of(number))
            if bare == self._request_of(number):
                return None
            status = self._door.ask(bare, _PATIENCE_S).status
            if status not in _REFUSED:
                return CacheTried(0, "private", 0, 0, f"without credentials it is answered with {status}")
            for _, number in zip(range(PRIVATE), self._numbers, strict=False):
                request = self._request_of(number)
                mine = [self._door.ask(request, _PATIENCE_S) for _ in range(2)][1]
                others = self._door.ask(_CREDENTIALS.sub(b"", request), _PATIENCE_S)
                if not mine.is_good:
                    continue
                tried += 1
                if others.is_good and others.body == mine.body:
                    wrong += 1
                    example = example or f"key {number}"
        except (*_CANNOT, StopIteration) as error:
            return CacheTried(0, "private", 0, 0, _words(error))
        why = "" if tried else "with credentials it is not answered either"
        return CacheTried(0, "private", tried, wrong, why, example)

    def _again(self, number: int, came: list[Got | Exception]) -> None:
        """Ask once more for a key that was answered with an error, when nobody else does."""
        if not any(isinstance(one, Got) and one.status >= _FAILED for one in came):
            return
        got = self._door.ask(self._request_of(number), _PATIENCE_S)
        is_kept = got.status >= _FAILED and self._verdict(got.headers) is True
        self._errors[0] += 1
        self._errors[1] += is_kept
        self._error = self._error or (f"key {number} with {got.status}" if is_kept else "")

    def _lone(self) -> bool | None:
        number = next(self._numbers, None)
        if number is None:
            raise ValueError(_TOO_FEW)
        got = self._door.ask(self._request_of(number), _PATIENCE_S)
        if not got.is_good:
            raise ValueError(f"a key was answered with {got.status}")
        return self._verdict(got.headers)

    def _crowd(self, number: int, counter: Counter | None, callers: int) -> Stampede:
        request = self._request_of(number)
        is_counted = counter is not None and counter.each is not None
        before = counter.read() if counter is not None and is_counted else 0.0
        came, longest_ns = self._door.together([request] * callers, _PATIENCE_S)
        after = counter.read() if counter is not None and is_counted else 0.0
        self._again(number, came)
        good = [one for one in came if isinstance(one, Got) and one.is_good]
        failed = callers - len(good)
        if not good:
            return Stampede(0, callers, None, failed, longest_ns, _words(_first(came)))
        if counter is not None and counter.each is not None:
            loads = round((after - before) / counter.each)
            return Stampede(0, callers, loads, failed, longest_ns, by="counter")
        least, most, by = self._bounds(request, good)
        why = "" if counter is None else f"the counter is not used: {counter.why}"
        if least == 0 and most == 0:
            return Stampede(0, callers, 0, failed, longest_ns, why)
        if not least and not why:
            why = "its answers do not say whether they were hits, and their bodies are alike"
        return Stampede(0, callers, None, failed, longest_ns, one_line(redact(why), 200), least, most, by)

    def _bounds(self, request: bytes, good: list[Got]) -> tuple[int, int | None, str]:
        """Return the fewest and the most loads (None: nobody knows), and what tells them."""
        said = [self._verdict(one.headers) for one in good]
        misses = sum(is_hit is False and not is_collapsed(one.headers) for is_hit, one in zip(said, good, strict=True))
        most = misses if None not in said else None
        if most == 0:
            return 0, 0, "headers"  # it was there already
        again = [self._door.ask(request, _PATIENCE_S) for _ in range(2)]
        bodies = {one.body for one in good}
        is_stable = again[0].is_good and again[0].body == again[1].body and again[0].body in bodies
        differing = len(bodies) if is_stable else 0
        least = max(differing if differing > 1 else 0, 1 if misses else 0)
        by = [name for name, tells in (("bodies", differing > 1), ("headers", misses > 0)) if tells]
        return least, most if most is None else max(most, least), " and ".join(by)

    def changes(self, change_of: Callable[[int, str], bytes], marks: Marks) -> StaleProbe:
        """Change what the endpoint gives for keys that are cached, and read it after the change was answered."""
        reads = stale = 0
        example = ""
        until = time.monotonic() + _BUDGET_S
        try:
            self._change(next(self._numbers), change_of, marks)
            if not marks.shows:
                return StaleProbe(0, "updated", 0, 0, 0, "what update wrote is not in the endpoint's answer ({stamp})")
            keys = 0
            for _, number in zip(range(CHANGED), self._numbers, strict=False):
                keys += 1
                before = [self._door.ask(self._request_of(number), _PATIENCE_S) for _ in range(2)][1]
                marks.met(number, before.body)
                for wrong in [*self._change(number, change_of, marks), *self._unchanged(number, before)]:
                    reads += 1
                    stale += wrong is not None
                    example = example or wrong or ""
                if time.monotonic() > until:
                    break
        except (*_CANNOT, StopIteration) as error:
            return StaleProbe(0, "updated", 0, 0, 0, _words(error))
        return StaleProbe(0, "updated", keys, reads, stale, "", one_line(redact(example), 200))

    def deletes(self, delete_of: Callable[[int], bytes]) -> StaleProbe:
        """Delete what the endpoint gives for keys that are cached, and ask for it after the delete was answered."""
        keys = reads = stale = 0
        example = ""
        until = time.monotonic() + _BUDGET_S
        try:
            for _, number in zip(range(DELETED), self._numbers, strict=False):
                request, keys = self._request_of(number), keys + 1
                before = [self._door.ask(request, _PATIENCE_S) for _ in range(2)][1]
                got = self._door.ask(delete_of(number), _PATIENCE_S)
                if not (before.is_good and got.is_good):
                    first = before if not before.is_good else got
                    raise ValueError(f"key {number}, or its delete, was answered with {first.status}")
                came, _ = self._door.together([request] * _READERS, _PATIENCE_S)
                # What says that it was made anew is no stale answer, even if it is the same.
                old = [
                    one.is_good and one.body == before.body and self._verdict(one.headers) is not False
                    for one in came
                    if isinstance(one, Got)
                ]
                reads, stale = reads + len(old), stale + sum(old)
                example = example or (f"what key {number} had before it was deleted" if any(old) else "")
                if time.monotonic() > until:
                    break
        except _CANNOT as error:
            return StaleProbe(0, "deleted", 0, 0, 0, _words(error))
        why = "" if keys else _words(StopIteration())
        return StaleProbe(0, "deleted", keys, reads, stale, why, example)

    def _change(self, number: int, change_of: Callable[[int, str], bytes], marks: Marks) -> list[str | None]:
        """Change one key; return what is wrong with each of several reads that began afterwards."""
        got = self._door.ask(change_of(number, marks.begin(number)), _PATIENCE_S)
        if not got.is_good:
            raise ValueError(f"the update of key {number} was answered with {got.status}")
        marks.acknowledged(number)
        floor = marks.floor(number)
        came, _ = self._door.together([self._request_of(number)] * _READERS, _PATIENCE_S)
        return [marks.wrong(number, one.body, floor) for one in came if isinstance(one, Got) and one.is_good]

    def _unchanged(self, number: int, before: Got) -> list[str | None]:
        """Ask whether what a key had before its change is still right; return what is wrong with the answer."""
        tag = next((value for name, value in before.headers if name.lower() == b"etag"), b"")
        request = self._request_of(number)
        if not (before.is_good and tag and request.endswith(_END)):
            return []
        got = self._door.ask(request[: -len(_END)] + b"\r\nIf-None-Match: " + tag + _END, _PATIENCE_S)
        said = f"304 for If-None-Match with the ETag that key {number} had before it was changed"
        return [said if got.status == _NOT_MODIFIED else None]


def _first(came: list[Got | Exception]) -> Exception:
    one = came[0]
    return ValueError(f"it was answered with {one.status}") if isinstance(one, Got) else one


def _words(error: BaseException) -> str:
    if isinstance(error, StopIteration):
        return _TOO_FEW
    return one_line(redact(str(error) or type(error).__name__), 200)
