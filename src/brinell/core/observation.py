"""What is written down while a run happens: small frozen records, few variants, one tagged union.

A record says what was seen, never what it means. Times inside a record are monotonic nanoseconds (``_ns``) or
durations (``_s``). Every record travels in an ``Envelope``; its ``source`` is the id of the step that wrote it, or
``run``. Adding a field with a default is compatible; anything else raises ``VERSION``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from brinell.core.against_records import AgainstNames, AgainstStarted, SideRun
from brinell.core.cache_records import (
    CacheBlocking,
    CacheHeld,
    CacheHolder,
    CacheLifetime,
    CachePrepared,
    CacheSecond,
    CacheSpace,
    CacheTried,
    StaleProbe,
    Stampede,
)
from brinell.core.call_records import CallSecond, LoopStall
from brinell.core.capacity_records import CapacityEnded, CapacityStarted, CapacityStep
from brinell.core.drill_records import DrillEnded, DrillMark, DrillStarted, Race, ServiceLife, SlowClients, StartTried
from brinell.core.entry import Entry
from brinell.core.error_records import ErrorTexts
from brinell.core.examination import Confirmation, Exam, ExamStarted, FixTried, Left, ParallelOnly
from brinell.core.generator_records import Bystanders, Calibrated, GeneratorMeans, MachineSecond
from brinell.core.import_records import ImportExam, ImportLeft
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.property_records import PropertyEnded, PropertyObserved, PropertyRun, PropertyStarted
from brinell.core.quality_records import CoverageTarget, ModuleCoverage, QualityRead, Weakness
from brinell.core.redact import one_line
from brinell.core.socket_records import (
    Deliveries,
    Disorder,
    HostileTried,
    LimitFreed,
    LimitStock,
    LimitTried,
    Membership,
    SocketSecond,
)
from brinell.core.time_records import FixtureTime, ImportTime, SessionTime
from brinell.core.touch_records import BesideEachOther, Clash, Touched
from brinell.core.traffic_records import AnswersJudged, TrafficRead
from brinell.core.verdicts import Exit
from brinell.core.vitals_records import ProbeLook, ProbeSilent, StacksSeen, VitalsDetail

VERSION = 1
RUN = "run"


# --- the run -------------------------------------------------------------------------------------------------------


class Epoch(Entry, frozen=True):
    """A writer took the journal: pairs the wall clock with the monotonic one. A resume opens a new epoch."""

    wall: str
    mono_ns: int
    boot_id: str
    pid: int
    brinell: str


class RunStarted(Entry, frozen=True):
    """What was planned, and on what machine."""

    plan_digest: str
    fingerprint: dict[str, str]
    argv: tuple[str, ...] = ()
    run_id: str = ""  # the folder's name then: a copy elsewhere is still this run


class BaselineRead(Entry, frozen=True):
    """The blessed baseline as it was when the run began, so that judging a year later reads no other file."""

    path: str
    content: dict[str, Any]


class StepStarted(Entry, frozen=True):
    """A step began; what an earlier, unfinished attempt at it wrote no longer counts."""

    step: str


class StepFinished(Entry, frozen=True):
    """A step ended: ``done``, ``interrupted`` or ``failed`` (the subject stopped it; ``detail`` says how)."""

    step: str
    state: str = "done"
    detail: str = ""


class Choice(Entry, frozen=True):
    """An adaptive choice made inside the plan's bounds, with its reason."""

    what: str
    reason: str


class RunEnded(Entry, frozen=True):
    """The run's end: ``complete``, ``interrupted`` or ``failed``. Without it, the tool was killed.

    Of a failed run ``detail`` says why, and ``exit_code`` is what the command ended with (2 the user's, 70 ours).
    """

    state: str
    detail: str = ""
    exit_code: Exit = Exit.PASS


# --- the service under test ----------------------------------------------------------------------------------------


class ServiceStarted(Entry, frozen=True):
    """The service answered its ready check. The command is redacted."""

    command: tuple[str, ...]
    pid: int
    url: str
    ready_s: float


_UNASKED = {
    "lease": "because Brinell itself did not run for some seconds",
    "sigterm": "because somebody sent SIGTERM to its guard",
    "guard": "because somebody killed its guard",
}


class ServiceEnded(Entry, frozen=True):
    """The service is gone: asked to (``asked``) or by itself; the last log lines, redacted, where it was not asked.

    ``ending`` says that its guard ended it unasked, which is no fault of its own: ``lease`` (the tool stood still),
    ``sigterm`` (sent to the guard) or ``guard`` (the guard was killed, and the service with it).
    """

    asked: bool
    exit_status: int | None
    log_tail: tuple[str, ...] = ()
    ending: str = ""

    @property
    def unasked(self) -> str:
        """What happened, in words, where the guard ended it unasked; empty otherwise. ``ending`` is untrusted text."""
        if not self.ending:
            return ""
        return f"the service was ended {_UNASKED.get(self.ending, 'by its guard: ' + one_line(self.ending, 40))}"


class Vitals(Entry, frozen=True):
    """One sample of the subject from outside: the process and its descendants, summed. None: not readable here."""

    at_ns: int
    processes: int
    cpu_s: float  # cumulated user + system seconds of the processes alive now
    rss_bytes: int | None
    fds: int | None
    threads: int | None


# --- the suite -----------------------------------------------------------------------------------------------------


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """One frame of a traceback, outermost first in its list; ``file`` as the interpreter gave it, absolute."""

    file: str
    function: str
    line: int
    text: str = ""


class Raised(msgspec.Struct, frozen=True, omit_defaults=True):
    """One exception of a chain. In a chain the first is the one that was reported, its causes follow.

    ``link`` says how it led to the one before it: ``cause`` (``raise … from``), ``context`` (while handling it) or
    ``member`` (the first of an exception group); empty on the first, and where it is not known.
    """

    type: str
    message: str
    module: str = ""
    frames: tuple[Frame, ...] = ()
    missing_module: str | None = None
    link: str = ""


class Further(msgspec.Struct, frozen=True, omit_defaults=True):
    """What failed beside the failure that speaks for a test: a chain as ``Raised`` has it, empty if it is not known.

    ``where`` says what it is: ``member 2 of 3`` (of an exception group), ``teardown``, ``subtest (n=1)``.
    """

    where: str
    chain: tuple[Raised, ...] = ()


class Phase(msgspec.Struct, frozen=True, omit_defaults=True):
    """Outcome (``passed``, ``failed``, ``skipped``) and wall seconds of setup, call or teardown."""

    outcome: str
    seconds: float


class SuiteStarted(Entry, frozen=True):
    """pytest said hello: which interpreter, which pytest, and what counts as whose code there."""

    argv: tuple[str, ...]
    interpreter: str
    chosen_because: str
    python: str = ""
    pytest: str = ""
    rootdir: str = ""
    cwd: str = ""
    prefix: str = ""
    stdlib: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    plugins: dict[str, str] = {}
    repeat: int = 0
    xdist_workers: int = 0
    workers: int = 0  # forked from one collection by Brinell


class Collected(Entry, frozen=True):
    """Collection ended: number of tests selected and deselected, seconds."""

    count: int
    deselected: int
    seconds: float
    repeat: int = 0


class CollectError(Entry, frozen=True):
    """A module or package could not be collected."""

    nodeid: str
    chain: tuple[Raised, ...] = ()
    longrepr: str = ""
    repeat: int = 0


class SeenTest(Entry, frozen=True):
    """One execution of one test, as pytest counted it: one record per attempt, the last of them ``final``.

    ``outcome`` is passed, failed, skipped, error, xfailed or xpassed; a test whose call passed and whose teardown
    failed is ``passed`` with ``teardown_error``, for pytest counts it twice. ``counted`` is what pytest's summary
    counted for it where that is anything else (subtests, plugins' own categories). A module that skipped itself is one,
    too: its id is the module's and it has no phases. ``instead``: it takes the place of the record of the same test
    that came before (a worker's, where the serial outcome is another one).
    """

    id: str
    outcome: str
    phases: dict[str, Phase]
    path: str = ""
    line: int | None = None
    markers: tuple[str, ...] = ()
    reason: str = ""
    attempt: int = 0
    final: bool = True
    teardown_error: bool = False
    failed_phase: str | None = None
    chain: tuple[Raised, ...] = ()
    fixture: str | None = None
    longrepr: str = ""
    sections: dict[str, str] = {}
    further: tuple[Further, ...] = ()  # at most 10
    further_left_out: int = 0
    subtests_failed: int = 0
    worker: str = ""
    start_ns: int = 0
    repeat: int = 0
    counted: tuple[str, ...] = ()
    instead: bool = False
    cpu_s: float | None = None  # of this process, in all phases; None: not measured
    fixtures_s: float | None = None  # part of the phases that set-ups and teardowns of fixtures took
    fixtures_cpu_s: float | None = None
    starved_s: float | None = None  # ready to run, in all phases, and others had the processor; None: not known
    fixtures_starved_s: float | None = None


class WarningSeen(Entry, frozen=True):
    """A warning pytest captured; repeats are folded into ``count``.

    ``nodeid`` is the test that it came up in first. Where it touches several, ``tests`` names them, as far as the
    recorder had room, and ``touched`` is how many they are.
    """

    message: str
    category: str
    file: str = ""
    line: int = 0
    nodeid: str = ""
    count: int = 1
    repeat: int = 0
    tests: tuple[str, ...] = ()
    touched: int = 0


class SuiteEnded(Entry, frozen=True):
    """The pytest process is gone. ``summary`` is what pytest itself counted, None if it never said.

    ``running`` names the tests that had begun and never ended: with a signal or an exit outside pytest's own codes,
    they are where it died. ``stopped_by`` is the exception that ended the session early, ``internal_error`` pytest's
    own traceback (exit 3). ``malformed`` lines and ``recorder_errors`` say that the record itself may be incomplete.
    """

    exit_status: int | None
    seconds: float
    cpu_s: float | None
    summary: dict[str, int] | None = None
    signal: str | None = None
    timed_out: bool = False
    running: tuple[str, ...] = ()
    stderr_tail: tuple[str, ...] = ()
    repeat: int = 0
    stopped_by: str = ""
    internal_error: str = ""
    malformed: int = 0
    recorder_errors: tuple[str, ...] = ()
    checked_s: float = 0.0  # part of ``seconds``: in which failures were run again one after the other


class Reproduced(Entry, frozen=True):
    """One failing test of a bug was run alone in a fresh process."""

    signature: str
    test: str
    command: tuple[str, ...]
    outcome: str  # "reproduced" | "passed alone" | "failed differently" | "timed out" | "not run"
    seconds: float
    detail: str = ""
    cwd: str = "."  # where the command was run, relative to the project's root


class KnownBugs(Entry, frozen=True):
    """What the project's list of known bugs said when the run was made: bug id or test id -> ``open`` or ``fixed``."""

    entries: dict[str, str]
    files: tuple[str, ...] = ()


Record = (
    Epoch
    | RunStarted
    | BaselineRead
    | StepStarted
    | StepFinished
    | Choice
    | RunEnded
    | ServiceStarted
    | ServiceEnded
    | Vitals
    | VitalsDetail
    | ProbeLook
    | StacksSeen
    | ProbeSilent
    | SuiteStarted
    | Collected
    | CollectError
    | SeenTest
    | WarningSeen
    | SuiteEnded
    | FixtureTime
    | ImportTime
    | SessionTime
    | AgainstStarted
    | AgainstNames
    | SideRun
    | ParallelOnly
    | ExamStarted
    | Exam
    | Left
    | ImportExam
    | ImportLeft
    | Confirmation
    | FixTried
    | Touched
    | Clash
    | BesideEachOther
    | PropertyStarted
    | PropertyRun
    | PropertyObserved
    | PropertyEnded
    | Weakness
    | QualityRead
    | ModuleCoverage
    | CoverageTarget
    | Reproduced
    | KnownBugs
    | LoadStarted
    | LoadSlice
    | Exemplar
    | GeneratorSecond
    | CallSecond
    | LoopStall
    | CachePrepared
    | CacheSecond
    | CacheSpace
    | Stampede
    | StaleProbe
    | CacheLifetime
    | CacheBlocking
    | CacheHeld
    | CacheTried
    | CacheHolder
    | TrafficRead
    | AnswersJudged
    | ErrorTexts
    | CapacityStarted
    | CapacityStep
    | CapacityEnded
    | DrillStarted
    | DrillMark
    | DrillEnded
    | Race
    | ServiceLife
    | StartTried
    | SlowClients
    | Calibrated
    | GeneratorMeans
    | MachineSecond
    | Bystanders
    | LoadEnded
    | SocketSecond
    | Deliveries
    | Disorder
    | Membership
    | HostileTried
    | LimitTried
    | LimitFreed
    | LimitStock
)


class Envelope(msgspec.Struct, frozen=True):
    """One line of the journal."""

    v: int
    seq: int
    source: str
    epoch: int
    t_ns: int
    data: Record
