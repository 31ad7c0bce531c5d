"""A child's own place for temporary files. PYTEST_DONT_REWRITE."""

import os
import shutil
import tempfile
from contextlib import suppress


class Scratch:
    """A folder that TMPDIR, ``tempfile`` and pytest's ``tmp_path`` use, removed at the end."""

    def __init__(self, config):
        self.folder = tempfile.mkdtemp(prefix="brinell-")
        self._pid = os.getpid()
        temporary = os.path.join(self.folder, "tmp")
        os.mkdir(temporary, 0o700)
        os.environ["TMPDIR"] = temporary
        tempfile.tempdir = None
        factory = getattr(config, "_tmp_path_factory", None)
        with suppress(Exception):  # a pytest without tmp_path, or one that keeps it elsewhere
            basetemp = os.path.join(self.folder, "pytest")
            os.mkdir(basetemp, 0o700)
            factory._basetemp = type(config.rootpath)(os.path.realpath(basetemp))  # noqa: SLF001 - there is no other way

    def remove(self):
        """Only in the process that made it: a test may fork."""
        if os.getpid() == self._pid:
            shutil.rmtree(self.folder, ignore_errors=True)
