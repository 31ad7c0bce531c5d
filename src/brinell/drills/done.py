"""What a service has done of what it was asked for, as a number that it tells: before it ends, and after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from brinell.core import outcomes, racing
from brinell.core.load_records import LoadSlice
from brinell.core.observation import Record
from brinell.core.plan import RequestSpec
from brinell.drills import values
from brinell.drills.scene import Scene
from brinell.drills.wire import OPEN, OwnLimitError

NEEDED = frozenset(("path", "value"))
_ASK_S = 5.0
_EVERY_S = 0.1


def request_of(asked: Mapping[str, Any]) -> RequestSpec:
    """Return the request that asks for the number. ValueError where the table is none."""
    if NEEDED - asked.keys():
        raise ValueError('done needs path and value, as in { path = "/jobs", value = "$.done" }')
    try:
        values.path_of(asked["value"])
        return msgspec.convert({key: value for key, value in asked.items() if key != "value"}, RequestSpec)
    except (msgspec.ValidationError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"done {error}") from None


class Done:
    """``accepted`` requests of the load were answered as they should; ``before`` and ``after`` are the number."""

    def __init__(self, scene: Scene, asked: Mapping[str, Any]) -> None:
        self._scene = scene
        self._request = request_of(asked)
        self._path = values.path_of(asked["value"])
        self.accepted = 0
        self.before: Decimal | None = None
        self.after: Decimal | None = None
        self.why = ""

    def hear(self, record: Record) -> None:
        """Count what was answered."""
        if isinstance(record, LoadSlice) and record.outcome == outcomes.OK:
            self.accepted += record.count

    def look(self, url: str) -> Decimal | None:
        """Ask once; None where no number came, and ``why``."""
        scene = self._scene
        target = scene.target(url)
        (sent,) = scene.encode(target, url, self._request)
        try:
            witness = scene.connect(target)
        except OwnLimitError as error:
            self.why = str(error)
            return None

        def over() -> bool:
            witness.look()
            return witness.answers > 0 or witness.state != OPEN

        try:
            witness.send(sent)
            scene.wait(over, _ASK_S)
        finally:
            witness.abort()
        told = values.value_of(witness.body, self._path) if witness.answers and witness.status < 300 else None
        number = None if told is None else racing.number_of(told.strip('"'))
        if number is None:
            said = f"status {witness.status}" if witness.answers else witness.why or "no answer"
            self.why = f"{self._request.path} told no such number ({said})"
        return number

    def wait(self, url: str, more: int, within_s: float) -> None:
        """Ask until all that were accepted, and ``more``, are done, and for so long at most."""

        def done() -> bool:
            self.after = self.look(url)
            return self.after is not None and self.before is not None and self.after >= self.before + wanted

        wanted = self.accepted + more
        self._scene.wait(done, within_s, every_s=_EVERY_S)
