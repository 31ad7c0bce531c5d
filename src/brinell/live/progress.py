"""What is happening and how long it will still take: a few redrawn lines on a terminal, plain lines elsewhere.

Every frame is one write and ends with the cursor at the start of the first line, so a crash in between leaves nothing
half drawn; ``close`` wipes it. A standard error that cannot be written to silences the display, never the run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

from brinell.core.capacity_records import CapacityStarted
from brinell.core.clock import Clock, SystemClock
from brinell.core.drill_records import DrillStarted
from brinell.core.load_records import LoadStarted
from brinell.core.observation import Choice, Envelope
from brinell.core.redact import one_line
from brinell.core.socket_manners import HOSTILE
from brinell.core.socket_view import LIMIT
from brinell.live import console
from brinell.live.estimate import Estimate
from brinell.live.events import told
from brinell.live.load_now import LoadNow
from brinell.reports.figures import seconds, whole_seconds
from brinell.reports.layout import NARROWEST, cells, cut

_FRAME_S = 0.1
_LINE_S = 5.0
_STALL_S = 2.0  # a trial that moves says so at least once a second
_BAR = 24


class _Step:
    """The step in progress."""

    def __init__(self, name: str, now_s: float) -> None:
        self.name = name
        self.started_s = now_s
        self.done = 0.0
        self.total: float | None = None
        self.text = ""
        self.heard_s = now_s
        self.estimate = Estimate(now_s)
        self.load: LoadNow | None = None  # where it presses on something
        self.searches = False  # by pressing again and again: its own words say more than each press'
        self.open_ended = False  # a drill: what runs beside it would go on for much longer

    @property
    def share(self) -> float | None:
        """How much is done, 0..1; None where it cannot be known."""
        if not self.total or self.open_ended:
            return None
        return min(1.0, max(0.0, self.done / self.total))


class Display:
    """Shows a run as it happens. ``watch``, ``show`` and ``tick`` (at any rate) go to ``run.execute``.

    ``steps`` are the plan's step ids in order. ``expected_s`` gives the seconds a step takes where the plan or a
    baseline knows them; they fill in until the step's own progress says better.
    """

    def __init__(
        self,
        steps: tuple[str, ...] = (),
        *,
        expected_s: Mapping[str, float] | None = None,
        quiet: bool = False,
        stream: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._environ = os.environ if environ is None else environ
        self._clock = clock or SystemClock()
        self._console = console.look_at(self._stream, self._environ)
        self._steps = steps
        self._expected_s = dict(expected_s or {})
        self._quiet = quiet
        self._step: _Step | None = None
        self._drawn = False
        self._next_s = self._now()
        self._failures = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def watch(self, envelope: Envelope) -> None:
        """Take a record: steps begin and end, failures and choices are told as they happen."""
        if self._quiet:
            return
        told_now = told(envelope, self._failures)
        self._press(envelope)
        self._failures += told_now.failed
        if told_now.begins:
            self._step = _Step(told_now.begins, self._now())
            self._next_s = self._now() + (0 if self._console.redraw else _LINE_S)
        if told_now.ends:
            took = f" ({seconds(self._now() - self._step.started_s)})" if self._step else ""
            self._line(told_now.line + took)
            self._step = None
            return
        if told_now.line and not (told_now.begins and self._console.redraw) and not self._is_one_press(envelope):
            self._line(told_now.line)
        self.tick()

    def show(self, step: str, done: float, total: float | None, text: str) -> None:
        """Take a step's progress (``core.roles.Progress``); redraws at most ten times a second."""
        if self._quiet:
            return
        now_s = self._now()
        if self._step is None or self._step.name != step:
            self._step = _Step(step, now_s)
        current = self._step
        current.done, current.total, current.text = done, total, one_line(text, 400)
        current.heard_s = now_s
        current.estimate.update(done, now_s)
        self.tick()

    def tick(self) -> None:
        """Redraw, or write a line, if it is time to."""
        now_s = self._now()
        if self._quiet or self._step is None or now_s < self._next_s:
            return
        self._next_s = now_s + (_FRAME_S if self._console.redraw else _LINE_S)
        if now_s - self._step.heard_s > _STALL_S:
            self._step.estimate.update(self._step.done, now_s)
        if self._console.redraw:
            self._draw(self._frame(self._step, now_s))
        else:
            text = self._step.load.line() if self._step.load and not self._step.searches else self._step.text
            self._write(": ".join(filter(None, (self._plain(self._step, now_s), text))) + "\n")

    def close(self) -> None:
        """Wipe what is drawn. Safe to call twice, and while an exception passes."""
        if self._drawn:
            self._write(self._wipe())
            self._drawn = False
        self._step = None

    def _press(self, envelope: Envelope) -> None:
        """Hand a load scenario's records to what shows them."""
        if self._step is None:
            return
        if isinstance(envelope.data, CapacityStarted):
            self._step.searches = True
        elif isinstance(envelope.data, DrillStarted):
            self._step.open_ended = True
        elif isinstance(envelope.data, LoadStarted):
            # Where connections are tried one by one, the trial's own words say more.
            is_tried = envelope.data.socket in {LIMIT, HOSTILE}
            self._step.load = None if is_tried else LoadNow(envelope.data)
        elif self._step.load is not None:
            self._step.load.add(envelope.data)

    def _is_one_press(self, envelope: Envelope) -> bool:
        """Whether a record begins one press of a step that says itself what it does."""
        return self._step is not None and self._step.searches and isinstance(envelope.data, LoadStarted | Choice)

    def _now(self) -> float:
        return self._clock.now_ns() / 1e9

    def _line(self, text: str) -> None:
        """Write a lasting line above what is drawn."""
        wipe = self._wipe()
        self._drawn = False
        self._write(f"{wipe}{text}\n")

    def _frame(self, step: _Step, now_s: float) -> list[str]:
        """Return the lines to draw, each shorter than the terminal is wide."""
        width = max(NARROWEST, console.width(self._stream, self._environ)) - 1
        ascii_only = "utf" not in self._console.encoding.lower()
        status = self._status(step, now_s, width, ascii_only=ascii_only)
        texts = [step.text] if step.text and (step.searches or not step.load) else []
        texts += step.load.rows(width - 2) if step.load else []
        rows = [cut(status, width), *(cut(f"  {text}", width) for text in texts)]
        return rows[: max(1, console.height(self._stream, self._environ) - 1)]

    def _plain(self, step: _Step, now_s: float) -> str:
        """Say in one line without a bar where the run stands."""
        told_share = f" {int(step.share * 100)} %" if step.share is not None else ""
        times = ", ".join(filter(None, (f"{whole_seconds(now_s - step.started_s)} so far", self._left(step, now_s))))
        return f"{self._place(step)}{told_share}, {times}"

    def _status(self, step: _Step, now_s: float, width: int, *, ascii_only: bool) -> str:
        """Say the same with a bar, leaving out what does not fit."""
        place = self._place(step)
        spent, left = whole_seconds(now_s - step.started_s), self._left(step, now_s)
        for tail in (", ".join(filter(None, (f"{spent} so far", left))), left, spent):
            room = width - cells(place) - cells(tail) - 2
            if tail and step.share is not None and room >= 8:
                return f"{place} {_bar(step.share, min(_BAR, room), ascii_only=ascii_only)} {tail}"
            if tail and (step.share is None or tail == left) and room >= 0:  # what is left says more than a bar
                return f"{place} {tail}"
        return f"{cut(place, max(4, width - cells(spent) - 1))} {spent}"

    def _place(self, step: _Step) -> str:
        name = one_line(step.name, 60)
        return f"[{self._steps.index(step.name) + 1}/{len(self._steps)}] {name}" if step.name in self._steps else name

    def _left(self, step: _Step, now_s: float) -> str:
        """Say what remains: of the whole run where every later step is known, else of this step; empty if unknown."""
        if step.open_ended:
            return ""
        own_s = step.estimate.remaining_s(step.total)
        if step.name in self._expected_s and (own_s is None or step.searches):
            bound_s = self._expected_s[step.name] - (now_s - step.started_s)
            own_s = bound_s if own_s is None else min(own_s, bound_s)  # a search ends with its budget
        if own_s is None or own_s < 0:  # below 0: it took longer than expected already, so the expectation says nothing
            return ""
        later = self._steps[self._steps.index(step.name) + 1 :] if step.name in self._steps else ()
        whole = all(name in self._expected_s for name in later)
        total_s = own_s + sum(self._expected_s[name] for name in later) if whole else own_s
        if total_s < 1:
            return "ending"
        return f"about {whole_seconds(total_s)} left{'' if whole else ' in this step'}"

    def _draw(self, rows: list[str]) -> None:
        """Replace what is drawn in one write; the cursor ends where it began, at the start of the first line."""
        up = f"\x1b[{len(rows) - 1}A" if len(rows) > 1 else ""
        self._write("\r" + "\x1b[K\n".join(rows) + f"\x1b[J\r{up}")
        self._drawn = True

    def _wipe(self) -> str:
        """Return what clears the drawn lines: all from the cursor down. The cursor waits where the first line begins,
        so this holds however a resize has folded the lines.
        """
        return "\r\x1b[J" if self._drawn else ""

    def _write(self, text: str) -> None:
        encoding = self._console.encoding
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):
            self._quiet = True


def _bar(share: float, width: int, *, ascii_only: bool) -> str:
    full = int(share * width)
    return "=" * full + "." * (width - full) if ascii_only else "━" * full + "┄" * (width - full)
