"""Lines of a slot (``brinell_inside/serve``), decoded and put together to results. The subject can forge them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from brinell.core.redact import plain
from brinell.core.touch_records import Resource
from brinell.suite.lab.job import Change, Job, Ran, Result
from brinell.suite.untrusted import clean

_OUTCOMES = frozenset({"passed", "failed", "error", "skipped", "xfailed", "xpassed"})
_MOST_TROUBLE = 20


class _Line(msgspec.Struct, frozen=True, tag_field="kind", tag=str.lower):
    """Base of a slot's lines."""


class Begin(_Line, frozen=True):
    """A test begins."""

    i: int


class RanLine(_Line, frozen=True, tag="ran"):
    """It is over."""

    i: int
    o: str
    s: float = 0.0
    p: str = ""
    t: str = ""
    m: str = ""


class Kills(_Line, frozen=True):
    """The running test sends a signal to the process that started its own."""


class ChangedLine(_Line, frozen=True, tag="changed"):
    """What is different from the mark."""

    changes: tuple[dict[str, Any], ...] = ()
    i: int | None = None


class TouchedLine(_Line, frozen=True, tag="touched"):
    """What a test shares with other processes: kind, name, how."""

    i: int
    what: tuple[tuple[str, str, str], ...] = ()


class Restored(_Line, frozen=True):
    """State was put back."""

    refused: tuple[str, ...] = ()


class Fixture(_Line, frozen=True):
    """Source of a fixture that guards state, None where there is no sound one."""

    source: str | None = None


class Factors(_Line, frozen=True):
    """Factors that could not be changed here."""

    unsupported: dict[str, str] = {}


class Files(_Line, frozen=True):
    """Files of the project that the job changed."""

    changed: tuple[tuple[str, str], ...] = ()


class Stopped(_Line, frozen=True):
    """The session asked to stop."""

    why: str = ""


class Error(_Line, frozen=True):
    """Our own error in the child."""

    where: str = ""
    text: str = ""


class Finished(_Line, frozen=True):
    """The child's last word."""

    job: int


class End(_Line, frozen=True):
    """The server's: the child is gone."""

    job: int
    how: str = "exit"
    status: int | None = None
    seconds: float = 0.0


class JobLine(_Line, frozen=True, tag="job"):
    """A job begins."""

    job: int


class GroupLine(_Line, frozen=True, tag="group"):
    """A child that was forked before collection begins: its number."""

    job: int


class Collected(_Line, frozen=True):
    """Files and conftests that were collected."""

    paths: tuple[str, ...] = ()


class Uncollected(_Line, frozen=True):
    """A file or folder that could not be."""

    nodeid: str = ""
    text: str = ""


class _Raised(msgspec.Struct, frozen=True):
    type: str | None = None
    message: str = ""


class CollectErrorLine(_Line, frozen=True, tag="collect_error"):
    """The same, as the recorder of a fresh process says it."""

    nodeid: str
    exc: tuple[_Raised, ...] | None = None


Line = (
    Begin
    | RanLine
    | Kills
    | ChangedLine
    | TouchedLine
    | Restored
    | Fixture
    | Factors
    | Files
    | Stopped
    | Error
    | Finished
    | End
    | JobLine
    | GroupLine
    | Collected
    | Uncollected
    | CollectErrorLine
)
_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def decode(raw: bytes) -> Line | None:
    """Return the line; None for a torn one, a forged one, or a kind that is not known here."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class Assembly:
    """Collects the lines of one job until its end."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._tests = frozenset(job.tests)
        self._ran: list[Ran] = []
        self.running: int | None = None  # the test that has begun and not ended
        self.killer: int | None = None  # the first test that sent a signal to the process that started this one
        self._before_killer = 0  # tests that had run then
        self._changes: list[tuple[int | None, tuple[Change, ...]]] = []
        self._refused: list[str] = []
        self._fixture = ""
        self._unsupported: dict[str, str] = {}
        self._files: list[tuple[str, str]] = []
        self._trouble: list[str] = []
        self._finished = False
        self._touched: dict[int, tuple[Resource, ...]] = {}
        self._uncollected: list[tuple[str, str]] = []

    def take(self, line: Line) -> None:  # noqa: C901 - one case for each kind of line
        """Add a line other than ``end``; what it says of tests that are not the job's is forged."""
        match line:
            case Begin() if line.i in self._tests:
                self.running = line.i
            case RanLine() if line.o in _OUTCOMES and line.i in self._tests:
                self.running = None
                kind, message = clean(line.t, 200), clean(line.m, 600)
                self._ran.append(Ran(line.i, line.o, line.s, clean(line.p, 40), kind, message))
            case Kills() if self.killer is None:
                self.killer, self._before_killer = self.running, len(self._ran)
            case ChangedLine() if line.i is None or line.i in self._tests:
                self._changes.append((line.i, tuple(map(_change, line.changes))))
            case TouchedLine() if line.i in self._tests:
                found = (Resource(clean(kind, 20), clean(name, 500), clean(how, 20)) for kind, name, how in line.what)
                self._touched[line.i] = (*self._touched.get(line.i, ()), *found)
            case Restored():
                self._refused += [clean(root, 500) for root in line.refused]
            case Fixture():
                self._fixture = plain(line.source or "", 16_000)
            case Factors():
                self._unsupported.update({clean(k, 50): clean(v, 500) for k, v in line.unsupported.items()})
            case Files():
                self._files += [(clean(path, 1000), clean(how, 20)) for path, how in line.changed]
            case Finished():
                self._finished = True
            case CollectErrorLine() if not self._ran and self.running is None:
                raised = line.exc[-1] if line.exc else _Raised()
                said = ": ".join(filter(None, (raised.type or "", raised.message)))
                self._uncollected.append((clean(line.nodeid, 1000), clean(said, 300)))
            case Stopped() | Error() if len(self._trouble) < _MOST_TROUBLE:
                self._trouble.append(clean(line.why if isinstance(line, Stopped) else line.text, 4000))

    def end(self, how: str, status: int | None, seconds: float) -> Result:
        """Return the result; a test that had begun and never ended died, whatever the exit status says."""
        how = "finished" if self._finished and how == "exit" else "left" if how == "exit" else how
        if self.killer is not None and how == "signal":  # what it hit took a moment to end this process as well
            del self._ran[self._before_killer :]
            self.running = self.killer
        if self.running is not None and how not in ("fork", "lost"):
            outcome = "passed" if how == "killed" else "failed"
            self._ran.append(Ran(self.running, outcome, seconds, "call", _DIED.get(how, how), "", died=True))
        return Result(
            self.job, how, status, seconds, tuple(self._ran), tuple(self._changes), tuple(self._refused),
            self._unsupported, tuple(self._files), tuple(self._trouble), self._fixture,
            uncollected=tuple(self._uncollected), touched=self._touched,
        )  # fmt: skip


_DIED = {"left": "left the process", "signal": "killed by a signal", "deadline": "ran into its deadline"}


def _change(raw: Mapping[str, Any]) -> Change:
    def text(key: str, most: int) -> str:
        return clean(str(raw.get(key) or ""), most)

    return Change(
        name=text("name", 300),
        root=text("root", 300),
        kind=text("kind", 40),
        before=text("before", 200),
        after=text("after", 200),
        how=text("how", 20),
        restorable=raw.get("restorable") is True,
        weak=raw.get("weak") is True,
    )
