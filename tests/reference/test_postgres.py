"""The reference backend keeps its promises on a real PostgreSQL: a cluster of our own, gone afterwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from brinell_reference import eject

pytestmark = pytest.mark.prove


def test_its_integration_tests_pass_there_and_none_is_skipped(postgres, tmp_path):
    project = eject(tmp_path / "board")
    suite = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "integration"],
        cwd=project,
        env={**os.environ, "NOTICEBOARD_TEST_POSTGRES": postgres.replace("://", "+psycopg://", 1)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert suite.returncode == 0, suite.stdout[-4000:] + suite.stderr[-2000:]
    assert re.search(r"\b[1-9][0-9]* passed\b", suite.stdout)
    assert "skipped" not in suite.stdout
