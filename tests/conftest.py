"""Settings for all tests: Hypothesis profiles, and skips that count as failures where everything must have run."""

from __future__ import annotations

import json
import os
import pwd
import select
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What is proposed passes or fails by what it is, not by what was drawn; new examples are found wherever people work.
settings.register_profile(
    "brinell",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
    database=None if os.environ.get("CI") else settings.default.database,
)
settings.load_profile("brinell")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With BRINELL_NO_SKIPS set (CI), a skipped test fails the run: it would prove nothing there.

    What a machine's kernel or its rights do not allow, and no package adds, is skipped with a reason that begins with
    ``not here:``, and is no failure.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("BRINELL_NO_SKIPS") or reporter is None or hasattr(session.config, "workerinput"):
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if "not here: " not in str(report.longrepr)]
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} skipped tests, and BRINELL_NO_SKIPS is set: this run fails", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a self-signed certificate for localhost and 127.0.0.1, made for this test run only."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", names, "-keyout", str(key), "-out", str(cert)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("openssl is not installed: no certificate can be made")
    return key, cert


@pytest.fixture(scope="session")
def spare_port() -> Callable[[], int]:
    """Find ports for servers that have yet to start: none that the system gives to connections meanwhile."""
    from brinell.subject.ports import lasting_port  # most tests need none of it
    from brinell.subject.sockets import free_port

    given = set()

    def another() -> int:
        port = lasting_port() or free_port()
        if port in given:
            return another()
        given.add(port)
        return port

    return another


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is ours, and at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class WarmPytest:
    """``python -m pytest`` of one interpreter, each in a fork of a process that has loaded pytest already.

    For tests that run dozens of small suites and are not about how pytest starts. All its runs hash with one seed, and
    plug-ins are loaded only where they are named.
    """

    def __init__(self, python: str, folder: Path) -> None:
        self._folder = folder
        self.process = subprocess.Popen(
            [python, str(Path(__file__).with_name("warm_pytest.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "PYTHON"))},
        )  # fmt: skip

    def __call__(self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run it to its end, which must come within two minutes."""
        out, err = self._folder / "out", self._folder / "err"
        for file in (out, err):
            file.write_bytes(b"")
        asked = {"args": list(args), "cwd": str(cwd), "env": {**env, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({**asked, "out": str(out), "err": str(err)}) + "\n")
        self.process.stdin.flush()
        assert select.select([self.process.stdout], [], [], 120)[0], "pytest does not end"
        status = int(self.process.stdout.readline())
        return subprocess.CompletedProcess(list(args), status, out.read_text(), err.read_text())


@pytest.fixture(scope="session")
def warm_pytest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], WarmPytest]]:
    """Return, per interpreter, what runs pytest there."""
    made: dict[str, WarmPytest] = {}

    def of(python: str) -> WarmPytest:
        if python not in made:
            made[python] = WarmPytest(python, tmp_path_factory.mktemp("warm"))
        return made[python]

    yield of
    for warm in made.values():
        with warm.process:
            warm.process.kill()


def _binaries() -> Path | None:
    """Return the newest PostgreSQL's folder of programs: on PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def _unprivileged(argv: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return ["runuser", "-u", "postgres", "--", *argv] if os.geteuid() == 0 else argv


@pytest.fixture(scope="session")
def _postgres_server(spare_port: Callable[[], int]) -> Iterator[int]:
    """The port of a PostgreSQL of our own, gone afterwards."""
    programs = _binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (initdb is neither on PATH nor in /usr/lib/postgresql)")
    with tempfile.TemporaryDirectory(prefix="brinell-pg-") as name:  # pytest's own folders are closed to other users
        home = Path(name)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(home, owner.pw_uid, owner.pw_gid)
        port = spare_port()
        _control(programs, home, "initdb", "--options=-U board -A trust")
        where = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
        _control(programs, home, "start", f"--log={home / 'log'}", f"--options={where}")
        try:
            yield port
        finally:
            _control(programs, home, "stop", "--mode=immediate")


@pytest.fixture
def postgres(_postgres_server: int) -> str:
    """The address of a new database of it."""
    import psycopg  # costs every run of tests a quarter of a second
    from psycopg import sql

    name = f"test_{uuid.uuid4().hex}"
    where = f"postgresql://board@127.0.0.1:{_postgres_server}"
    with psycopg.connect(f"{where}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{where}/{name}"


def _control(programs: Path, home: Path, *words: str) -> None:
    # Into a file: the server inherits a pipe, and its reader would wait for the server's end.
    with tempfile.TemporaryFile() as said:
        argv = _unprivileged([str(programs / "pg_ctl"), "--pgdata", str(home / "data"), *words])
        done = subprocess.run(argv, check=False, timeout=60, stdout=said, stderr=said, cwd="/")
        said.seek(0)
        assert done.returncode == 0, said.read().decode(errors="replace")
