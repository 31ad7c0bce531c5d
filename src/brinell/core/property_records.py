"""What the examination of property tests writes down; see ``brinell.core.observation`` for the rules of a record."""

from __future__ import annotations

from brinell.core.entry import Entry

LOOK = "look"
FITTED = (LOOK, "measure")
"""Purposes of the ordinary runs that the cost model is fitted to; with ``ci`` and ``local`` its predictions are tried,
``observe`` and ``cover`` run with Hypothesis's observability.
"""


class PropertyStarted(Entry, frozen=True):
    """One session over the property tests began. ``profile``, ``derandomize``, ``database``, ``examples`` and
    ``deadline_ms`` are the project's own profile's, whatever the session changed.

    ``hypothesis`` is its version, empty where it is not installed. ``observability`` names its interface, empty where
    that version has none. ``own_ci``: this version has a profile ``ci`` of its own. ``unusable_database``: the folder
    of examples that cannot be written to. ``tests`` and ``others`` count items of either kind.
    """

    purpose: str  # look | measure | observe | cover | ci | local
    hypothesis: str = ""
    observability: str = ""
    profile: str = ""
    profiles_loaded: tuple[str, ...] = ()
    derandomize: bool = False
    database: str | None = None
    examples: int = 100
    deadline_ms: float | None = None
    own_ci: bool = False
    unusable_database: str = ""
    tests: int = 0
    others: int = 0
    rootdir: str = ""
    interpreter: str = ""
    python: str = ""
    pytest: str = ""


class PropertyRun(Entry, frozen=True):
    """One property test ran with ``ran`` examples asked for. Seconds are of its call, but ``setup_s`` (fixtures).

    ``profile_examples`` is what the session's profile said, ``declared`` what the test then had: a test for which the
    two never differ in step has its own ``@settings(max_examples=...)``. ``starved_s``: ready to run without a core.
    ``statuses`` has a letter for each example of the generate phase (v valid, i invalid, o overrun, f failed, ?), in
    order, ``cost_us`` and ``draw_us`` its microseconds, and those of drawing among them; ``left_out`` counts the rest.
    """

    purpose: str
    test: str
    outcome: str  # passed | failed | xfailed | skipped | limit | died
    ran: int = 0
    declared: int = 0
    profile_examples: int = 0
    file: str = ""  # relative to the project's root where it lies below it
    line: int = 0
    call_s: float = 0.0
    setup_s: float = 0.0
    cpu_s: float = 0.0
    starved_s: float | None = None
    gc_s: float = 0.0
    phases_s: dict[str, float] = {}
    stopped: str = ""
    reused: int = 0
    statuses: str = ""
    cost_us: tuple[int, ...] = ()
    draw_us: tuple[int, ...] = ()
    left_out: int = 0
    stateful_steps: int | None = None
    explicit: int = 0
    reproduce: bool = False
    derandomize: bool = False
    deadline_ms: float | None = None
    phases: tuple[str, ...] = ()
    database: str | None = None
    fixtures: tuple[str, ...] = ()
    message: str = ""
    shrunk: int = 0  # examples tried while a smaller failure was looked for
    pace_s: float = 0.0  # what the same piece of work took before and after it; 0: it was not measured


class PropertyObserved(Entry, frozen=True):
    """What observability said of one test. ``timing`` has the seconds of ``run``, ``generate`` and ``gc`` outside of
    shrinking; ``draws`` the costliest of the generated arguments. ``new_lines``: (number of the example, lines of the
    project that no earlier example had run), ``lines`` all of them, in ``files``; only where coverage was collected.
    """

    purpose: str  # observe | cover
    test: str
    statuses: dict[str, int]
    how: dict[str, int] = {}
    timing: dict[str, float] = {}
    shrink_examples: int = 0
    shrink_s: float = 0.0
    draws: dict[str, float] = {}
    new_lines: tuple[tuple[int, int], ...] = ()
    lines: int = 0
    files: int = 0


class PropertyEnded(Entry, frozen=True):
    """A session over the property tests ended. ``running`` names the test in which the process was ended.

    ``left_out`` are the tests that the session was not asked to run, each with the reason.
    """

    purpose: str
    exit_status: int | None
    seconds: float
    timed_out: bool = False
    running: str = ""
    collect_errors: int = 0
    stderr_tail: tuple[str, ...] = ()
    left_out: dict[str, str] = {}
