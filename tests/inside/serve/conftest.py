"""A real fork server on a written suite, spoken to by its own protocol."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

LAUNCH = Path(__file__).parents[3] / "src" / "brinell_inside" / "launch.py"
PATIENCE_S = 60  # only a broken server takes so long


class Served:
    """One server: ``control`` is the writing end of its control line, ``main`` and the slots are read here."""

    def __init__(self, root: Path, folder: Path, slots: int, more: tuple[str, ...] = ()) -> None:
        self.scratch, self.temporary = folder / "scratch", folder / "temporary"
        self.scratch.mkdir(parents=True)
        self.temporary.mkdir()
        self._root = root
        self._ready: list[dict] = []
        self._rest: dict[int, bytes] = {}
        self._start(slots, more)

    def _start(self, slots: int, more: tuple[str, ...]) -> None:
        (self.main, main), (control, self.control) = os.pipe(), os.pipe()
        pairs = [os.pipe() for _ in range(slots)]
        self.slots = [pair[0] for pair in pairs]
        outs = [os.open(os.devnull, os.O_WRONLY) for _ in pairs]
        theirs = [main, control, *outs, *(pair[1] for pair in pairs)]
        named = ",".join(f"{pair[1]}:{out}" for pair, out in zip(pairs, outs, strict=True))
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "COV", "PYTHON"))}
        options = [
            "--fd",
            str(main),
            "--control",
            str(control),
            "--slots",
            named,
            "--scratch",
            str(self.scratch),
            *more,
        ]
        self.process = subprocess.Popen(
            [sys.executable, str(LAUNCH), *options, "--", "-p", "no:cacheprovider"],
            cwd=self._root, pass_fds=theirs, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(self.temporary)},
        )  # fmt: skip
        for fd in theirs:
            os.close(fd)

    def ready(self) -> dict:
        """Wait for the end of collection."""
        return self.read(self.main, "ready")[-1]

    def send(self, **command) -> None:
        os.write(self.control, json.dumps(command).encode() + b"\n")

    def queue(self, *steps, **job) -> None:
        self.send(op="run", jobs=[{"job": 1, "steps": steps, "deadline_s": PATIENCE_S, **job}])

    def job(self, *steps, **job) -> list[dict]:
        """Run a job in the first slot; what was said of it, its end included."""
        self.queue(*steps, **job)
        return self.read(self.slots[0], "end")

    def read(self, fd: int, last: str) -> list[dict]:
        """Read records up to the first of kind ``last``; to the end of the file if ``last`` is empty."""
        stop_by, records = time.monotonic() + PATIENCE_S, []
        while True:
            line, newline, rest = self._rest.get(fd, b"").partition(b"\n")
            if newline:
                self._rest[fd] = rest
                if line:
                    records.append(json.loads(line))
                    if records[-1]["kind"] == last:
                        return records
                continue
            assert select.select([fd], [], [], max(0, stop_by - time.monotonic()))[0], records
            data = os.read(fd, 65536)
            if not data:
                assert not last, f"it ended without {last}: {records}"
                return records
            self._rest[fd] = line + data

    def children(self) -> set[str]:
        pid = self.process.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def left(self) -> list[Path]:
        return [*self.scratch.iterdir(), *self.temporary.iterdir()]

    def wait(self) -> int:
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """End of the file on the control line: the server ends by itself."""
        with contextlib.suppress(OSError):
            os.close(self.control)
        try:
            self.wait()
        finally:
            self.process.kill()
            for fd in (self.main, *self.slots):
                os.close(fd)


@pytest.fixture
def serve(tmp_path):
    """Write a suite and serve it: ``serve(test_a="...")``; whatever a test did, nothing may be left of the server."""
    running = []

    def start(*, slots=1, more=(), **files):
        root = tmp_path / "project"
        root.mkdir(exist_ok=True)
        (root / "pytest.ini").write_text("[pytest]\n")
        for name, text in files.items():
            (root / f"{name}.py").write_text(text)
        served = Served(root, tmp_path / f"server-{len(running)}", slots, more)
        running.append(served)
        assert served.ready()["forkable"]
        return served

    yield start
    for served in running:
        served.close()
        assert not served.left()
