"""The breaking point of sockets, sessions and a cache of known capacity (benchmarks/capacity), each once, coarsely."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.prove

KNOWN = Path(__file__).parents[2] / "benchmarks" / "capacity" / "known.py"


@pytest.mark.parametrize(
    "subject", ["60 publishes/s", "200 connections", "150 connections", "sessions", "cache"], ids=lambda name: name[:4]
)
def test_the_answer_is_near_the_truth(tmp_path, subject):
    out = tmp_path / "known.json"
    done = subprocess.run(
        [sys.executable, str(KNOWN), "--quick", "--only", subject, "--out", str(out), "--", "--tolerance", "10%"],
        cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(out.read_text())
    assert row["low"] <= 1.02 * row["truth"], row
    if row["ended"] == "found":  # a crowded machine may be the limit
        assert row["low"] >= 0.8 * row["truth"], row
    assert "intervals hold the truth" in done.stdout
