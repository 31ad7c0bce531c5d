from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.judgement import Judgement
from brinell.rosters.reports import REPORTS

ALWAYS = {"report.html", "report.md"}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_pure(build, name):
    judgement = build.realistic()
    again = msgspec.json.decode(msgspec.json.encode(judgement), type=Judgement)
    assert REPORTS[name](judgement) == REPORTS[name](again)
    assert REPORTS[name](judgement).endswith("\n")


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_does_not_apply_is_empty_and_the_others_never_are(build, name):
    assert bool(REPORTS[name](build.empty())) == (name in ALWAYS)
    assert REPORTS[name](build.passing())


@pytest.mark.parametrize("name", REPORTS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_judgement_renders(build, data, name):
    judgement = data.draw(build.judgements())
    text = REPORTS[name](judgement)
    assert text == REPORTS[name](judgement)
    text.encode("utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_the_bytes_depend_on_neither_hash_seed_nor_time_zone_nor_locale(build, name, tmp_path):
    source = tmp_path / "judgement.json"
    source.write_bytes(msgspec.json.encode(build.hostile()))
    code = (
        "import sys, msgspec, pathlib; from brinell.core.judgement import Judgement;"
        "from brinell.rosters.reports import REPORTS;"
        "j = msgspec.json.decode(pathlib.Path(sys.argv[1]).read_bytes(), type=Judgement);"
        "sys.stdout.buffer.write(REPORTS[sys.argv[2]](j).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, source, name],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "COLUMNS": seed, "PATH": ""},
            capture_output=True, check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("77", "Asia/Kathmandu"))
    }  # fmt: skip
    assert len(outputs) == 1
