"""The static path with a look at the answers: prepared requests whose answers are compared with the document.

An answer that is byte for byte the last one again is not looked at again, so the hot path stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import httptools
import msgspec

from brinell.core import outcomes
from brinell.core.traffic_records import AnswersJudged
from brinell.load.drivers.http_answer import CHUNKED, END, LONGEST_REMEMBERED, Head
from brinell.load.drivers.http_connection import HttpConnection, HttpOperation
from brinell.load.drivers.http_once import OnceConnection
from brinell.load.openapi.contract import Contract, Judge, Purse, judges
from brinell.load.openapi.kept import Kept

if TYPE_CHECKING:
    from brinell.load.engine.connection import Host
    from brinell.load.engine.recorder import Recorder
    from brinell.load.engine.work import Operation
    from brinell.load.wire import WireOperation


_ANNOUNCED = re.compile(rb"HTTP/1\.\d 1\d\d")


class JudgedOperation(HttpOperation):
    """``judge`` None: nothing is known of its answers. ``siblings`` are all prepared requests of its name, which share
    what is known of heads.
    """

    __slots__ = ("_fields", "_head", "judge", "seen_wrong", "siblings")

    def __init__(
        self, wire: WireOperation, recorder: Recorder, judge: Judge | None, siblings: list[JudgedOperation]
    ) -> None:
        super().__init__(wire, recorder)
        if siblings:
            self.heads, self.known = siblings[0].heads, siblings[0].known
        self.judge = judge
        self.siblings = siblings
        self.seen_wrong: str | None = None
        self._head = b""
        self._fields = "", ""
        siblings.append(self)

    def see(self, answer: bytes, outcome: str) -> None:
        """As all operations; siblings share their cells, so that their bytes are those of the answers on average."""
        super().see(answer, outcome)
        sizes = [len(one.seen) for one in self.siblings if one.seen is not None and one.seen_outcome == outcome]
        self.cell(outcome).repeat_bytes = round(sum(sizes) / len(sizes))

    def fields(self, head: bytes) -> tuple[str, str]:
        """Return an answer's content type and encoding, in lower case. Heads change with their Date, once a second."""
        if head == self._head:
            return self._fields
        found = _field(head, b"content-type"), _field(head, b"content-encoding")
        if len(head) <= LONGEST_REMEMBERED:
            self._head, self._fields = head, found
        return found


class JudgedConnection(HttpConnection):
    """``body`` is what is kept of an answer that did not come in one piece, ``head_bytes`` its head; ``wrong`` is what
    is wrong with it.
    """

    __slots__ = ("body", "head_bytes", "wrong")

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.body = Kept()
        self.head_bytes = b""
        self.wrong: str | None = None

    def told(self) -> str:
        """The last status, and what is wrong with the answer."""
        return f"{super().told()}: {self.wrong}" if self.wrong else super().told()

    def recall(self, operation: Operation) -> None:
        """What was wrong with the seen answer is wrong again."""
        super().recall(operation)
        self.wrong = operation.seen_wrong if isinstance(operation, JudgedOperation) else None

    def _whole(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        self.wrong = None
        if isinstance(operation, JudgedOperation) and operation.judge and head.outcome == outcomes.OK:
            end = data.find(END) + len(END)
            head = self._judged(operation, operation.judge, head, data[:end], data[end:])
        if isinstance(operation, JudgedOperation):
            operation.seen_wrong = self.wrong if data == operation.before else operation.seen_wrong
        super()._whole(operation, head, data, ended)

    def _begun(self, operation: HttpOperation, data: bytes, ended: int) -> None:
        self.wrong = None
        self.body.begin(wanted=isinstance(operation, JudgedOperation) and operation.judge is not None)
        # Only where the head ends here: one that comes byte by byte must cost what it is long, not its square.
        self.head_bytes = bytes(self.held) + data if END in bytes(self.held[-3:]) + data else b""
        super()._begun(operation, data, ended)

    def _body(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        self.body.add(data)
        super()._body(operation, head, data, ended)

    def close(self) -> None:
        """Close the socket and drop what was kept of an answer."""
        super().close()
        self.body.drop()

    def _complete(self, head: Head, ended: int, *, keep: bool) -> None:
        operation = self.operation
        if isinstance(operation, JudgedOperation) and operation.judge and head.outcome == outcomes.OK:
            if self.body.is_whole:
                seen = self._judged(operation, operation.judge, head, *_split(self.head_bytes, self.body.take(), head))
                if seen.outcome != head.outcome:
                    operation.move_bytes(head.outcome, seen.outcome, self.came)
                head = seen
            else:
                operation.judge.unseen += 1
        self.body.drop()
        self.head_bytes = b""
        super()._complete(head, ended, keep=keep)

    def _judged(self, operation: JudgedOperation, judge: Judge, head: Head, head_bytes: bytes, body: bytes) -> Head:
        kind, encoding = operation.fields(head_bytes)
        self.wrong = judge.judge(head.status, kind, body, encoding)
        return head if self.wrong is None else head._replace(outcome=outcomes.CHECK)


class JudgedOnce(JudgedConnection, OnceConnection):
    """A new connection for every request, whose answer is looked at all the same."""

    __slots__ = ()


class Tally:
    """Tells once a second how many answers were looked at."""

    def __init__(self, worker: int, of: dict[str, Judge]) -> None:
        self._worker = worker
        self._of = of

    def take(self, second: int) -> list[AnswersJudged]:
        """Return the second's counts, nothing where there were none."""
        counts = {name: judge.take() for name, judge in self._of.items()}
        told = {name: count for name, count in counts.items() if any(count)}
        return [AnswersJudged(self._worker, second, told)] if told else []


def judges_of(operations: Sequence[WireOperation], recorder: Recorder) -> dict[str, Judge]:
    """Return the judges of prepared operations by name, told of once a second. The first one carries the contract."""
    described = next((one.described for one in operations if one.described is not None), None)
    if described is None:
        return {}
    known = judges(msgspec.convert(described, Contract), Purse())
    recorder.also(Tally(recorder.worker, known).take)
    return known


def decode(operations: Sequence[WireOperation], recorder: Recorder) -> tuple[JudgedOperation, ...]:
    """Return the operations, each with the judge of its name."""
    known = judges_of(operations, recorder)
    siblings: dict[str, list[JudgedOperation]] = {}
    return tuple(
        JudgedOperation(one, recorder, known.get(one.name), siblings.setdefault(one.name, [])) for one in operations
    )


def _split(head_bytes: bytes, body: bytes, head: Head) -> tuple[bytes, bytes]:
    """Return the head and the decoded body of an answer that came in parts. Chunks come with their head before them,
    other bodies alone, and their head perhaps with announcements (1xx) before it.
    """
    if head.length != CHUNKED:
        begin = 0
        while _ANNOUNCED.match(head_bytes, begin):
            begin = head_bytes.find(END, begin) + len(END)
        return head_bytes[begin : head_bytes.find(END, begin) + len(END)], body
    collected = _Body()
    parser = httptools.HttpResponseParser(collected)
    parser.feed_data(body)
    return body[: body.find(END) + len(END)], b"".join(collected.parts)


class _Body:
    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def on_body(self, data: bytes) -> None:
        self.parts.append(data)


def _field(head: bytes, name: bytes) -> str:
    """Return a header's value in lower case, "" without it."""
    lowered = head.lower()
    at = lowered.find(b"\r\n" + name + b":")
    if at < 0:
        return ""
    begin = at + len(name) + 3
    return lowered[begin : lowered.find(b"\r\n", begin)].strip().decode("latin-1")
