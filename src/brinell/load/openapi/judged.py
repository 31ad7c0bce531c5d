"""The static path with a look at the answers: prepared requests whose answers are compared with the document.

An answer that is byte for byte the last one again is not looked at again, so the hot path stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import httptools
import msgspec

from brinell.core import outcomes
from brinell.core.traffic_records import AnswersJudged
from brinell.load.drivers.http_answer import CHUNKED, END, Head
from brinell.load.drivers.http_connection import HttpConnection, HttpOperation
from brinell.load.openapi.contract import Contract, Judge, Purse, judges

if TYPE_CHECKING:
    from brinell.load.engine.connection import Host
    from brinell.load.engine.recorder import Recorder
    from brinell.load.engine.work import Operation
    from brinell.load.wire import WireOperation

MOST_BYTES = 4 << 20  # of an answer that comes in parts; a longer one is not looked at
TOGETHER_BYTES = 64 << 20  # of all such answers under way in a process; beyond, those that go on growing are not either


class JudgedOperation(HttpOperation):
    """``judge`` None: nothing is known of its answers. ``siblings`` are all prepared requests of its name."""

    __slots__ = ("fields", "head_bytes", "judge", "seen_wrong", "siblings")

    def __init__(
        self, wire: WireOperation, recorder: Recorder, judge: Judge | None, siblings: list[JudgedOperation]
    ) -> None:
        super().__init__(wire, recorder)
        self.judge = judge
        self.siblings = siblings
        self.seen_wrong: str | None = None
        self.head_bytes = b""
        self.fields = "", ""
        siblings.append(self)

    def see(self, answer: bytes, outcome: str) -> None:
        """As all operations; siblings share their cells, so that their bytes are those of the answers on average."""
        super().see(answer, outcome)
        sizes = [len(one.seen) for one in self.siblings if one.seen is not None and one.seen_outcome == outcome]
        self.cell(outcome).repeat_bytes = round(sum(sizes) / len(sizes))


class _Parts:
    """Bytes of answers under way that are kept in this process."""

    total = 0


class JudgedConnection(HttpConnection):
    """``parts`` of an answer that did not come in one piece, ``part_bytes`` of them; ``too_long``: none are kept, and
    nobody will look. ``wrong`` is what is wrong.
    """

    __slots__ = ("head_bytes", "part_bytes", "parts", "too_long", "wrong")

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.parts: list[bytes] = []
        self.part_bytes = 0
        self.too_long = False
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
        self._drop_parts()
        self.too_long = False
        # Only where the head ends here: one that comes byte by byte must cost what it is long, not its square.
        self.head_bytes = bytes(self.held) + data if END in bytes(self.held[-3:]) + data else b""
        super()._begun(operation, data, ended)

    def _body(self, operation: HttpOperation, head: Head, data: bytes, ended: int) -> None:
        if not self.too_long:
            self.parts.append(data)
            self.part_bytes += len(data)
            _Parts.total += len(data)
            if self.part_bytes > MOST_BYTES or _Parts.total > TOGETHER_BYTES:
                self.too_long = True
                self._drop_parts()
        super()._body(operation, head, data, ended)

    def close(self) -> None:
        """Close the socket and drop what was kept of an answer."""
        super().close()
        self._drop_parts()

    def _drop_parts(self) -> None:
        _Parts.total -= self.part_bytes
        self.parts, self.part_bytes = [], 0

    def _complete(self, head: Head, ended: int, *, keep: bool) -> None:
        operation = self.operation
        if isinstance(operation, JudgedOperation) and operation.judge and head.outcome == outcomes.OK:
            if self.too_long:
                operation.judge.unseen += 1
            else:
                body = b"".join(self.parts)
                before = head.outcome
                seen = self._judged(operation, operation.judge, head, *_split(self.head_bytes, body, head))
                if seen.outcome != before:
                    operation.move_bytes(before, seen.outcome, len(body))
                head = seen
        self._drop_parts()
        super()._complete(head, ended, keep=keep)

    def _judged(self, operation: JudgedOperation, judge: Judge, head: Head, head_bytes: bytes, body: bytes) -> Head:
        if head_bytes != operation.head_bytes:  # heads change with their Date, once a second
            operation.head_bytes = head_bytes
            operation.fields = _field(head_bytes, b"content-type"), _field(head_bytes, b"content-encoding")
        kind, encoding = operation.fields
        if encoding not in {"", "identity"}:
            judge.unseen += 1
            return head
        self.wrong = judge.judge(head.status, kind, body)
        return head if self.wrong is None else head._replace(outcome=outcomes.CHECK)


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


def decode(operations: Sequence[WireOperation], recorder: Recorder) -> tuple[JudgedOperation, ...]:
    """Return the operations, each with the judge of its name. The first one carries the contract of all."""
    described = next((one.described for one in operations if one.described is not None), None)
    known: dict[str, Judge] = {}
    if described is not None:
        known = judges(msgspec.convert(described, Contract), Purse())
        recorder.also(Tally(recorder.worker, known).take)
    siblings: dict[str, list[JudgedOperation]] = {}
    return tuple(
        JudgedOperation(one, recorder, known.get(one.name), siblings.setdefault(one.name, [])) for one in operations
    )


def _split(head_bytes: bytes, body: bytes, head: Head) -> tuple[bytes, bytes]:
    """Return the head and the decoded body of an answer that came in parts; chunks come with their head before them."""
    if head.length != CHUNKED:
        return head_bytes, body
    collected = _Body()
    parser = httptools.HttpResponseParser(collected)
    parser.feed_data(body)
    return body, b"".join(collected.parts)


class _Body:
    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def on_body(self, data: bytes) -> None:
        self.parts.append(data)


def _field(head_bytes: bytes, name: bytes) -> str:
    """Return a header's value in lower case, "" without it."""
    end = head_bytes.find(END)
    lowered = head_bytes[: end if end >= 0 else None].lower()
    at = lowered.find(b"\r\n" + name + b":")
    if at < 0:
        return ""
    begin = at + len(name) + 3
    stop = lowered.find(b"\r\n", begin)
    return lowered[begin : stop if stop >= 0 else None].strip().decode("latin-1")
