"""Settings for all tests: Hypothesis profiles, and skips that count as failures where everything must have run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("brinell", deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
