"""Start the subject's pytest with the recorder in it. PYTEST_DONT_REWRITE.

    PYTHON …/brinell_inside/launch.py [--fd N] [--wire-file PATH]
        [--control N --slots N:N,…|here --scratch DIR --collect once|each] -- <pytest arguments>

Records go to the inherited descriptor N, or are appended to the file PATH where there is no such descriptor
(``wire.py`` documents them). Everything else is as if ``pytest <pytest arguments>`` had been typed: the same
``sys.path``, ``sys.argv``, environment, output and exit code. The package is loaded from its own folder by file, so
its siblings (the tool's dependencies, when both lie in one site-packages) do not become importable. pytest gets the
recorder through ``PYTEST_PLUGINS``, restored the moment the recorder is loaded and before any conftest.

With ``--control`` pytest collects and then serves jobs instead of running the tests (``serve/``); with ``--collect
each`` it serves before it collects, and each child collects what its job names.
"""

import importlib.util
import os
import sys
import time

_BEGAN = (time.monotonic_ns(), time.process_time_ns())
_PACKAGE = "brinell_inside"
_PLUGIN = "brinell_inside.loaded"


def load_package(folder):
    """Make ``brinell_inside`` importable from ``folder``, and nothing else."""
    if _PACKAGE not in sys.modules:
        init = os.path.join(folder, "__init__.py")
        spec = importlib.util.spec_from_file_location(_PACKAGE, init, submodule_search_locations=[folder])
        module = importlib.util.module_from_spec(spec)
        sys.modules[_PACKAGE] = module
        spec.loader.exec_module(module)


def prepare_worker():
    """In an xdist worker, before its pytest is configured."""
    load_package(os.path.dirname(os.path.abspath(__file__)))
    from brinell_inside.loaded import Launch  # noqa: PLC0415 - importable only now

    Launch.worker = True
    _ask_pytest_to_load(Launch)


def _ask_pytest_to_load(launch):
    before = os.environ.get("PYTEST_PLUGINS")
    os.environ["PYTEST_PLUGINS"] = _PLUGIN if not before else _PLUGIN + "," + before

    def restore():
        if before is None:
            os.environ.pop("PYTEST_PLUGINS", None)
        else:
            os.environ["PYTEST_PLUGINS"] = before

    launch.restore = restore


_OPTIONS = ("--fd", "--wire-file", "--control", "--slots", "--scratch", "--collect")


def _arguments(argv):
    """``({option: value}, pytest arguments)``."""
    options = {}
    position = 1
    while position < len(argv) and argv[position] != "--":
        if argv[position] not in _OPTIONS or position + 1 >= len(argv):
            sys.exit("usage: launch.py [--fd N] [--wire-file PATH] [--control N --slots N:N,...] -- [pytest arguments]")
        options[argv[position]] = argv[position + 1]
        position += 2
    return options, argv[position + 1 :]


def _serve(options):
    """``(control, slots, scratch, each)`` for the server; no slots: the one job is done here, in this process."""
    if "--control" not in options:
        return None
    slots = options.get("--slots", "here")
    pairs = [] if slots == "here" else [tuple(map(int, pair.split(":"))) for pair in slots.split(",")]
    return int(options["--control"]), pairs, options.get("--scratch"), options.get("--collect") == "each"


def _become_pytest(folder, arguments):
    """``sys.path[0]``, ``sys.argv`` and ``__main__`` as the console script has them."""
    script = os.path.join(os.path.dirname(sys.executable or ""), "pytest")
    installed = os.path.isfile(script)
    if sys.path and os.path.realpath(sys.path[0]) == os.path.realpath(folder):
        if installed:
            sys.path[0] = os.path.dirname(script)
        else:
            del sys.path[0]
    sys.argv[:] = [script, *arguments]
    if installed:
        # multiprocessing's spawn runs this file in its children.
        sys.modules["__main__"].__file__ = script


def _console_main():
    """The function behind the ``pytest`` script of the installed pytest."""
    from _pytest import config  # noqa: PLC0415 - the subject's pytest, if there is one

    return getattr(config, "_console_main", None) or config.console_main


def _say_no_pytest(wire, error):
    """Record and print that this interpreter has no pytest."""
    from brinell_inside import jsontext  # noqa: PLC0415 - importable only now

    message = "%s: %s" % (type(error).__name__, error)
    facts = {
        "kind": "no_pytest",
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "message": message,
    }
    if wire is not None:
        wire.send(jsontext.encode(facts) + "\n")
        wire.send(jsontext.encode({"kind": "done", "exitstatus": 4, "summary": {}}) + "\n")
        wire.close()
    sys.stderr.write("brinell: %s cannot import pytest (%s)\n" % (sys.executable, message))
    return 4


def main():
    """Run; the result is pytest's exit code."""
    options, arguments = _arguments(sys.argv)
    folder = os.path.dirname(os.path.abspath(__file__))
    _become_pytest(folder, arguments)
    load_package(folder)
    from brinell_inside.wire import open_wire  # noqa: PLC0415 - importable only now

    wire = open_wire(int(options["--fd"]) if "--fd" in options else None, options.get("--wire-file"))
    imports = _clock_of_imports() if wire is not None and "--control" not in options else None
    try:
        console_main = _console_main()
    except ImportError as error:
        return _say_no_pytest(wire, error)
    if wire is None:
        return console_main()
    return _recorded(console_main, wire, _serve(options), imports)


def _clock_of_imports():
    from brinell_inside.import_time import ImportClock  # noqa: PLC0415 - importable only now

    imports = ImportClock()
    imports.install()
    return imports


def _recorded(console_main, wire, serve, imports):
    from brinell_inside import loaded  # noqa: PLC0415 - needs pytest

    loaded.Launch.wire = wire
    loaded.Launch.serve = serve
    loaded.Launch.imports = imports
    loaded.Launch.began = _BEGAN
    _ask_pytest_to_load(loaded.Launch)
    code = None
    try:
        code = console_main()
    except SystemExit as stop:
        code = stop.code
        raise
    finally:
        loaded.pytest_addoption()  # if pytest gave up before it loaded the recorder
        loaded.finish_launch(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
