"""The reference backend keeps its promises on a real PostgreSQL: a cluster of our own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from brinell_reference import eject

pytestmark = pytest.mark.prove


def binaries() -> Path | None:
    """Return the newest PostgreSQL's folder of programs: on PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def unprivileged(argv: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return ["runuser", "-u", "postgres", "--", *argv] if os.geteuid() == 0 else argv


@pytest.fixture
def url():
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (initdb is neither on PATH nor in /usr/lib/postgresql)")
    with tempfile.TemporaryDirectory(prefix="brinell-pg-") as name:  # pytest's own folders are closed to other users
        home = Path(name)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(home, owner.pw_uid, owner.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        control(programs, home, "initdb", "--options=-U board -A trust")
        where = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
        control(programs, home, "start", f"--log={home / 'log'}", f"--options={where}")
        try:
            yield f"postgresql+psycopg://board@127.0.0.1:{port}/postgres"
        finally:
            control(programs, home, "stop", "--mode=immediate")


def control(programs: Path, home: Path, *words: str) -> None:
    # Into a file: the server inherits a pipe, and its reader would wait for the server's end.
    with tempfile.TemporaryFile() as said:
        argv = unprivileged([str(programs / "pg_ctl"), "--pgdata", str(home / "data"), *words])
        done = subprocess.run(argv, check=False, timeout=60, stdout=said, stderr=said, cwd="/")
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")


def test_its_integration_tests_pass_there_and_none_is_skipped(url, tmp_path):
    project = eject(tmp_path / "board")
    suite = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "integration"],
        cwd=project,
        env={**os.environ, "NOTICEBOARD_TEST_POSTGRES": url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert suite.returncode == 0, suite.stdout[-4000:] + suite.stderr[-2000:]
    assert re.search(r"\b[1-9][0-9]* passed\b", suite.stdout)
    assert "skipped" not in suite.stdout
