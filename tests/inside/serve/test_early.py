"""The server that forks before collection, by its own protocol: what its children say, and that nothing is left."""

from __future__ import annotations

import pytest

LOUD = "import os\nos.environ['LOUD'] = 'yes'\ndef test_loud(): assert os.environ['LOUD'] == 'yes'\n"
QUIET = """
import os, sys, pathlib
sys.modules["json"] = None
def test_quiet(tmp_path):
    assert "LOUD" not in os.environ
    pathlib.Path(os.environ["TMPDIR"], "kept").write_text("x")
def test_leaves(): os._exit(3)
"""
NAMES = {0: "test_quiet.py::test_quiet", 1: "test_quiet.py::test_leaves", 2: "test_loud.py::test_loud"}
EACH = ("--collect", "each")


def group(served, collect, *sequences, deadline_s=60, number=1):
    """Send jobs that share a child; what it said, up to its end."""
    inside = [
        {"job": number + 1 + place, "steps": steps, "names": NAMES, "deadline_s": 60}
        for place, steps in enumerate(sequences)
    ]
    job = {"job": number, "steps": [], "collect": collect, "jobs": inside, "deadline_s": deadline_s}
    served.send(op="run", jobs=[job])
    said = served.read(served.slots[0], "end")
    while said[-1]["job"] != number:
        said += served.read(served.slots[0], "end")
    return said


def of(kind, said):
    return [record for record in said if record["kind"] == kind]


def test_a_child_says_who_it_is_what_it_collected_and_then_its_jobs(serve):
    served = serve(test_loud=LOUD, test_quiet=QUIET, more=EACH)
    said = group(served, ["test_loud.py", "test_quiet.py"], [0], [2])
    assert said[0] == {"kind": "group", "job": 1}
    assert said[1] == {"kind": "collected", "paths": ["test_loud.py", "test_quiet.py"]}
    assert [record["o"] for record in of("ran", said)] == ["failed", "passed"]
    assert [record["job"] for record in of("end", said)] == [2, 3, 1]
    alone = group(served, ["test_quiet.py"], [0], [1], [0], number=10)
    assert [record["o"] for record in of("ran", alone)] == ["passed", "passed"]
    assert [(record["job"], record["status"]) for record in of("end", alone)] == [(11, 0), (12, 3), (13, 0), (10, 0)]


def test_everything_is_collected_where_nothing_is_named_and_nothing_where_the_list_is_empty(serve):
    served = serve(test_loud=LOUD, test_quiet=QUIET, more=EACH)
    assert of("collected", group(served, None, [2]))[0]["paths"] == ["test_loud.py", "test_quiet.py"]
    said = group(served, [], [2])
    assert not of("collected", said)
    assert [record["t"] for record in of("ran", said)] == ["NotCollected"]


@pytest.mark.prove
def test_no_child_no_descriptor_and_no_file_is_left(serve):
    served = serve(test_loud=LOUD, test_quiet=QUIET, test_hangs="import time\ntime.sleep(600)\n", more=EACH)
    group(served, ["test_loud.py"], [2])
    descriptors = served.descriptors()
    group(served, ["test_quiet.py"], [0], [1])
    said = group(served, ["test_hangs.py"], [0], deadline_s=0.5)
    assert [record["how"] for record in of("end", said)] == ["deadline"]
    assert not served.children()
    assert served.descriptors() == descriptors
    assert not list(served.scratch.iterdir())


def test_the_server_itself_collects_nothing(serve, tmp_path):
    served = serve(test_loud="open('collected', 'w').close()\n", more=EACH)
    assert not (tmp_path / "project" / "collected").exists()
    assert not of("collected", group(served, []))
