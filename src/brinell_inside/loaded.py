"""The plugin module that pytest loads by name: begins to record. PYTEST_DONT_REWRITE.

``launch.py`` (or the preamble of an xdist worker) leaves in ``Launch`` what this module needs, names it in
``PYTEST_PLUGINS``, and this module puts that variable back as soon as pytest has loaded it.
"""

import gc
from contextlib import suppress

import pytest

from brinell_inside.chain import failure_members
from brinell_inside.jsontext import encode, quote
from brinell_inside.recorder import Recorder
from brinell_inside.session import hello
from brinell_inside.session_time import SessionClock


class Launch:
    """What ``launch.py`` (or xdist's worker bootstrap) left for this module to pick up when pytest loads it."""

    wire = None  # where to record; None in a worker
    worker = False
    serve = None  # (control descriptor, slots, scratch folder, each): collect, then serve jobs; each: the other way
    child = None  # of a server that forks before collection: what this process is
    restore = None  # puts the environment back as it was
    recorder = None
    imports = None  # the clock of imports, running since the launch
    began = None  # when the launch began: monotonic and processor nanoseconds


def start_recorder(wire, config):
    """Register the recorder that fits this process (alone, or xdist's controller); called when the session starts."""
    if config.pluginmanager.hasplugin("dsession"):
        from brinell_inside.workers import Controller as Kind  # noqa: PLC0415 - only where xdist is in use
    else:
        Kind = Recorder  # noqa: N806 - it is a class
    clock = _clock(config) if Kind is Recorder and Launch.serve is None else None
    recorder = Kind(wire, config, clock)
    config.pluginmanager.register(recorder, "brinell-recorder")
    return recorder


def _clock(config):
    """The clock of this session: only where one process runs all tests does its time add up."""
    imports = Launch.imports
    if imports is not None:
        imports.watch(getattr(config.pluginmanager, "rewrite_hook", None))
    clock = SessionClock(imports, Launch.began)
    config.pluginmanager.register(clock, "brinell-clock")
    config.pluginmanager.register(clock.fixtures, "brinell-fixture-clock")
    return clock


def finish_launch(exitstatus):
    """Write ``done`` whether or not pytest ever got as far as a recorder."""
    status = int(exitstatus) if isinstance(exitstatus, int) else None
    if Launch.recorder is not None:
        Launch.recorder.finish(status)
    elif Launch.wire is not None:
        Launch.wire.send(encode({"kind": "done", "exitstatus": status, "summary": {}}) + "\n")
        Launch.wire.close()


def pytest_addoption():
    """Called the moment this module is registered: the environment is the subject's own again before its code runs."""
    if Launch.restore is not None:
        Launch.restore()
        Launch.restore = None
        if Launch.imports is not None:
            Launch.imports.pytest_is_loaded()
    if Launch.serve is not None:
        # A recording needs none of these; a server must have them before a module of the project can fake ``json``.
        from brinell_inside import factors, state  # noqa: F401, PLC0415
        from brinell_inside.serve import server  # noqa: F401, PLC0415
        from brinell_inside.serve.drawn import listen  # noqa: PLC0415
        from brinell_inside.serve.worker import remember_random  # noqa: PLC0415
        from brinell_inside.state import fixture  # noqa: F401, PLC0415

        remember_random()
        listen()


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(early_config):
    """A conftest that cannot be imported ends pytest before any other hook could tell."""
    outcome = yield
    if Launch.wire is not None and outcome.excinfo is not None:
        with suppress(Exception):  # pytest reports the same failure on stderr
            _conftest_failed(early_config, outcome.excinfo[1])


def _conftest_failed(config, error):
    cause = getattr(error, "cause", None) or error.__cause__ or error
    excinfo = getattr(error, "excinfo", None)  # pytest 7
    if excinfo:
        cause = excinfo[1]
    path = str(getattr(error, "path", ""))
    line = '{"kind":"collect_error","nodeid":%s,%s,"longrepr":%s}\n'
    Launch.wire.send(hello(config))
    Launch.wire.send(line % (quote(path, 4096), failure_members(cause), quote(str(error), 16 * 1024, keep="both")))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """A server decides alone what runs, and in what order."""
    if Launch.serve is not None:
        from brinell_inside.serve.settle import before_collection  # noqa: PLC0415 - a recording needs no server

        before_collection(config)


@pytest.hookimpl(hookwrapper=True)
def pytest_collection(session):
    """Everything that the collection of a server makes stays: it is not searched for garbage meanwhile."""
    if Launch.serve is not None and Launch.serve[3]:
        from brinell_inside.serve.early import serve_early  # noqa: PLC0415 - a recording needs no server

        session.perform_collect = lambda *_, **__: serve_early(Launch, session)
    pause = Launch.serve is not None and gc.isenabled()
    if pause:
        gc.disable()
    yield
    if pause:
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Serve instead of running the tests."""
    if Launch.serve is None:
        return None
    if Launch.child is not None:
        Launch.child.run()
    if Launch.serve[3]:
        return True
    from brinell_inside.serve.server import serve  # noqa: PLC0415 - a recording needs no server

    serve(Launch.wire, session, *Launch.serve[:3])
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """Begin to record. Not in ``pytest_configure``: only when all of those are over is it known whether xdist runs."""
    if Launch.worker:
        from brinell_inside.workers import Worker  # noqa: PLC0415 - only in xdist's workers

        session.config.pluginmanager.register(Worker(), "brinell-recorder")
    elif Launch.wire is not None and Launch.recorder is None:
        Launch.recorder = start_recorder(Launch.wire, session.config)
