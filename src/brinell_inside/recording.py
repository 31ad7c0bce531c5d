"""``pytest --brinell``: the wire's records into a file of the project, then Brinell's own look at it.

Nothing here changes pytest's exit code. PYTEST_DONT_REWRITE
"""

import importlib.util
import os
import subprocess
import sys
import time

import pytest

from brinell_inside.loaded import Launch, start_recorder
from brinell_inside.wire import open_wire


def start(config):
    """Record this session, unless the tool that launched it does so already or this is an xdist worker."""
    if Launch.wire is not None or hasattr(config, "workerinput"):
        return
    try:
        path = _new_file(str(config.rootpath))
        wire = open_wire(path=path)
    except OSError as error:
        config.pluginmanager.register(Ending(None, None, "nothing recorded: %s" % error), "brinell-ending")
        return
    recorder = start_recorder(wire, config)
    config.pluginmanager.register(Ending(recorder, path, None), "brinell-ending")


def _new_file(rootdir):
    home = os.path.join(rootdir, ".brinell")
    folder = os.path.join(home, "recordings")
    os.makedirs(folder, exist_ok=True)
    ignore = os.path.join(home, ".gitignore")
    if not os.path.exists(ignore):
        with open(ignore, "w", encoding="ascii") as file:
            file.write("*\n")
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return os.path.join(folder, "%s-%d.jsonl" % (stamp, os.getpid()))


class Ending:
    """Completes the recording, names it, and hands it to Brinell."""

    def __init__(self, recorder, path, problem):
        self._recorder = recorder
        self._path = path
        self._problem = problem
        self._exitstatus = None
        self._run = subprocess.run  # bound now: tests patch it

    def pytest_sessionfinish(self, exitstatus):
        """Remember how it ended, for sessions without a terminal summary."""
        self._exitstatus = int(exitstatus)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter, exitstatus, config):
        """One line of ours, then Brinell's."""
        if self._problem is not None:
            terminalreporter.write_line("brinell: " + self._problem)
            return
        interrupted = self._recorder.interrupted
        self._recorder.finish(int(exitstatus))
        terminalreporter.write_line("brinell: recorded in " + os.path.relpath(self._path, str(config.rootpath)))
        if not interrupted and _analysis_installed():
            self._analyse(config)

    def _analyse(self, config):
        sys.stdout.flush()
        capture = config.pluginmanager.getplugin("capturemanager")
        command = [sys.executable, "-m", "brinell", "suite", "--from", self._path]
        try:
            if capture is None:
                self._run(command, stdin=subprocess.DEVNULL, check=False)
            else:
                with capture.global_and_fixture_disabled():
                    self._run(command, stdin=subprocess.DEVNULL, check=False)
        except (OSError, KeyboardInterrupt):
            return  # the recording is there; a second try is `brinell suite --from`

    def pytest_unconfigure(self):
        """For sessions that ended without a summary."""
        if self._recorder is not None:
            self._recorder.finish(self._exitstatus)


def _analysis_installed():
    try:
        return importlib.util.find_spec("brinell.__main__") is not None
    except ImportError:
        return False
