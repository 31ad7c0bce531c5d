"""Where a suite's time went, as its own process saw it; see ``brinell.core.observation`` for the rules of a record.

Written for sessions of one process only: what forked or remote workers spend side by side adds up to no wall time.
"""

from __future__ import annotations

from brinell.core.entry import Entry


class FixtureTime(Entry, frozen=True):
    """One fixture in one session; a name that is defined twice is two fixtures.

    ``seconds`` are wall seconds of all its set-ups and teardowns, without those of fixtures that were set up meanwhile
    because it asked for them; ``setup_s`` and ``teardown_s`` are its parts. ``uses``: how often it was set up, which
    for a fixture of scope ``function`` is once for each test. ``file`` is relative to pytest's root where below it.
    """

    name: str
    scope: str
    file: str
    line: int
    seconds: float
    uses: int
    repeat: int = 0
    setup_s: float = 0.0
    teardown_s: float = 0.0
    cpu_s: float = 0.0  # of this process; what it waited for is in ``seconds`` only
    starved_s: float = 0.0  # of ``seconds``: ready to run, and others had the processor


class ImportTime(Entry, frozen=True):
    """One import, until the end of collection: a module of the project, or a whole distribution's top-level package.

    ``seconds`` is the first import of ``module`` with all that it imported in turn, ``exclusive_s`` what its own
    modules took of that and of later imports. ``by`` is the module that imported it first ("" if pytest did).
    """

    module: str
    file: str
    seconds: float
    exclusive_s: float
    repeat: int = 0
    project: bool = False
    modules: int = 1  # of the package that were loaded
    by: str = ""
    cpu_s: float = 0.0  # of ``exclusive_s``
    at_start: bool = False  # while pytest loaded itself and its plug-ins, before any code of the project
    starved_s: float = 0.0  # of ``exclusive_s``


class SessionTime(Entry, frozen=True):
    """Where the wall and processor seconds of one session went; the parts do not overlap.

    Wall: ``start_s`` until pytest has loaded itself and its plug-ins, ``import_s`` inside imports from then to the end
    of collection, ``collection_s`` the rest of collection, ``fixtures_s`` set-ups and teardowns of fixtures,
    ``setup_s``, ``call_s`` and ``teardown_s`` what tests took beyond that, ``between_s`` between tests (reports,
    plug-ins), ``end_s`` after the last test. What ``SuiteEnded.seconds`` has more is the interpreter's own start and
    end, and what nothing explains. ``cpu`` has processor seconds of this process by the same names; ``cpu_s`` all of
    them, ``children_cpu_s`` those of children that were waited for.
    """

    seconds: float
    start_s: float
    import_s: float
    collection_s: float
    fixtures_s: float
    setup_s: float
    call_s: float
    teardown_s: float
    between_s: float
    end_s: float
    cpu_s: float = 0.0
    children_cpu_s: float = 0.0
    cpu: dict[str, float] = {}
    repeat: int = 0
    imports_timed: bool = True  # false: ``import_s`` is 0 and imports are in ``collection_s``
    starved_s: float | None = None  # the main thread was ready to run and had no processor; None: not told here
    starved: dict[str, float] = {}  # by the same names as ``cpu``; empty where it is not told
    fixtures_left_out: int = 0  # the cheapest, whose records were not written
