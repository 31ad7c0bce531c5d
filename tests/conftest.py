"""Settings for all tests: Hypothesis profiles, and skips that count as failures where everything must have run."""

from __future__ import annotations

import os

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
