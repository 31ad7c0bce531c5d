from __future__ import annotations

from pathlib import Path

SUITE = """
import pathlib, shared
def test_clean(): assert not shared.ITEMS
def test_leaves(): shared.ITEMS.append(1)
def test_writes(): pathlib.Path("data.txt").write_text("changed by a test")
def test_reads(): assert pathlib.Path("data.txt").read_text() == "data"
def test_looks_as_always(capsys, tmp_path):
    print("x")
    assert capsys.readouterr().out == "x\\n"
    assert not list(tmp_path.iterdir())
"""
CLEAN, LEAVES, WRITES, READS, ALWAYS = range(5)


def of(records, kind):
    return [record for record in records if record["kind"] == kind]


def outcomes(records):
    return [record["o"] for record in of(records, "ran")]


def project(serve, tmp_path):
    served = serve(shared="ITEMS = []\n", test_a=SUITE)
    (tmp_path / "project" / "data.txt").write_text("data")
    return served


def test_state_is_named_and_put_back(serve, tmp_path):
    served = project(serve, tmp_path)
    records = served.job(["mark"], LEAVES, ["changed"], CLEAN, ["restore", None], ["changed"], CLEAN)
    before, after = of(records, "changed")
    assert ["shared.ITEMS" in change["name"] for change in before["changes"]] == [True]
    assert after["changes"] == []
    assert of(records, "restored") == [{"kind": "restored", "refused": []}]
    assert outcomes(records) == ["passed", "failed", "passed"]


def test_only_the_roots_that_are_named_are_put_back(serve, tmp_path):
    served = project(serve, tmp_path)
    records = served.job(["mark"], LEAVES, ["changed"])
    (change,) = of(records, "changed")[0]["changes"]
    records = served.job(["mark"], LEAVES, ["restore", ["no such root"]], CLEAN, ["restore", [change["root"]]], CLEAN)
    assert outcomes(records) == ["passed", "failed", "passed"]


def test_a_fixture_for_what_changed_is_python(serve, tmp_path):
    served = project(serve, tmp_path)
    (change,) = of(served.job(["mark"], LEAVES, ["changed"]), "changed")[0]["changes"]
    (record,) = of(served.job(["mark"], LEAVES, ["fixture", [change["root"]]]), "fixture")
    compile(record["source"], "conftest.py", "exec")
    assert "ITEMS" in record["source"]
    (record,) = of(served.job(["mark"], CLEAN, ["fixture", [change["root"]]]), "fixture")
    assert record["source"] is None


def test_files_are_named_and_put_back(serve, tmp_path):
    served = project(serve, tmp_path)
    records = served.job(["mark"], READS, WRITES, ["changed"], READS, ["restore", ["file:data.txt"]], READS, alone=True)
    assert [(change["root"], change["how"]) for change in of(records, "changed")[0]["changes"]] == [
        ("file:data.txt", "changed")
    ]
    assert outcomes(records) == ["passed", "passed", "failed", "passed"]
    records = served.job(WRITES, alone=True)
    assert of(records, "files")[0]["changed"] == [["data.txt", "changed"]]
    assert (tmp_path / "project" / "data.txt").read_text() == "data"


def test_watched_each_test_answers_for_itself(serve, tmp_path):
    records = project(serve, tmp_path).job(CLEAN, LEAVES, ALWAYS, LEAVES, watch=True)
    assert [record["i"] for record in of(records, "changed")] == [LEAVES, LEAVES]


def test_nothing_was_marked(serve, tmp_path):
    records = project(serve, tmp_path).job(LEAVES, ["restore", None])
    assert of(records, "restored")[0]["refused"] == ["nothing was marked"]


def test_a_step_that_fails_is_told_and_the_job_did_not_finish(serve, tmp_path):
    served = project(serve, tmp_path)
    records = served.job(CLEAN, 99)
    assert of(records, "error")[0]["where"] == "job"
    assert not of(records, "finished")
    assert outcomes(served.job(CLEAN)) == ["passed"]


def test_children_know_nothing_of_each_other(serve, tmp_path):
    served = project(serve, tmp_path)
    assert outcomes(served.job(LEAVES, ALWAYS, CLEAN)) == ["passed", "passed", "failed"]
    assert outcomes(served.job(CLEAN, ALWAYS, ALWAYS)) == ["passed", "passed", "passed"]


def test_numbers_may_stand_for_names(serve, tmp_path):
    names = {"7": "test_a.py::test_leaves", "5": "test_a.py::test_clean", "6": "test_a.py::test_gone"}
    records = project(serve, tmp_path).job(5, 7, 5, names=names)
    assert [(record["i"], record["o"]) for record in of(records, "ran")] == [
        (5, "passed"), (7, "passed"), (5, "failed"),
    ]  # fmt: skip


def test_higher_scopes_are_torn_down_where_pytest_would(serve, tmp_path):
    text = """
import pytest
SEEN = []
@pytest.fixture(scope="module")
def module():
    SEEN.append("up")
    yield
    SEEN.append("down")
def test_one(module): assert SEEN == ["up"]
def test_two(module): assert SEEN == ["up"]
"""
    other = "import pathlib, test_a\ndef test_it(): pathlib.Path('seen').write_text(' '.join(test_a.SEEN))\n"
    records = serve(test_a=text, test_b=other).job(0, 1, 1, 2)
    assert outcomes(records) == ["passed"] * 4
    assert Path(tmp_path, "project", "seen").read_text() == "up down"
