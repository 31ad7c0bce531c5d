"""Some of the subject's tests in a process of their own: the power that triage gets from the suite."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from brinell.core.errors import Interrupted
from brinell.core.observation import Record
from brinell.core.roles import Room
from brinell.suite.output_log import OutputLog
from brinell.suite.recording import Recording
from brinell.suite.session import Command, Session


class PytestRunner:
    """A ``TestRunner``: the same recorder as the suite's, and nothing journalled."""

    def run(
        self, room: Room, *, python: str, args: Sequence[str], cwd: Path, timeout_s: float, env: Mapping[str, str]
    ) -> list[Record]:
        """Run ``pytest args`` and return what was recorded; ``Interrupted`` passes through once the process is gone."""
        records: list[Record] = []
        command = Command(python, tuple(args), cwd, {**os.environ, **env}, timeout_s)
        recording = Recording(("pytest", *args), python, "as the suite")
        with tempfile.TemporaryDirectory(prefix="brinell-") as folder:
            log = OutputLog(Path(folder) / "output", cap_bytes=200_000)
            session = Session(room, command, recording, log, records.append, teardown_s=1.0)
            try:
                session.run()
            finally:
                log.close()
        if session.interrupted:
            raise Interrupted("stopped on request")
        return records
