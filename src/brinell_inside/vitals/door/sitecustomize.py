"""Found by the site module of every Python that is started with this folder on PYTHONPATH. PYTEST_DONT_REWRITE.

Starts the probe (``brinell_inside/vitals``), takes this folder off the path again and imports the ``sitecustomize``
that would have been found without it. Whatever goes wrong here, the service starts as it would have.
"""  # noqa: INP001 - a folder on somebody's path, not a package

import os
import sys


def _start(here):
    # What the probe needs of the standard library, before anything of ours stands on the path. importlib would cost
    # every process of the service some milliseconds more.
    for name in ("atexit", "errno", "gc", "itertools", "opcode", "time"):
        __import__(name)

    home = os.path.dirname(os.path.dirname(os.path.dirname(here)))
    sys.path.insert(0, home)
    try:
        from brinell_inside.vitals import probe  # noqa: PLC0415 - importable only now
    finally:
        sys.path.remove(home)
    probe.start(os.environ["BRINELL_VITALS"])


def _chain(here):
    """Import the next ``sitecustomize``; this one is only kept where there is no other."""
    sys.path[:] = [entry for entry in sys.path if not entry or os.path.realpath(entry) != here]
    own = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401, PLC0415 - the other one
    except ImportError as error:
        if getattr(error, "name", "sitecustomize") != "sitecustomize":  # Python 2 does not tell
            raise
    finally:
        if own is not None:
            sys.modules.setdefault("sitecustomize", own)


def _main():
    here = os.path.realpath(os.path.dirname(os.path.abspath(__file__)))
    try:
        if os.environ.get("BRINELL_VITALS") and sys.version_info >= (3, 8):
            _start(here)
    except Exception:  # noqa: BLE001, S110 - the service must start whatever becomes of the probe
        pass
    _chain(here)


_main()
