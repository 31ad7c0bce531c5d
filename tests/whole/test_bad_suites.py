"""Suites that misbehave, through the command line: a true report, the right exit code, and nothing left of them."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.prove

WAYS = {
    "suite": ("suite",),
    "workers": ("suite", "--workers", "2"),
    "deep": ("suite", "--deep", "--budget", "5s"),
}
_GOOD = "def test_good(): pass\n"
_COLLECTION = {
    "cannot be imported": "import no_such_module_at_all\n",
    "cannot be parsed": "def test_a(:\n",
    "recurses at import": "def f(): f()\nf()\n",
    "leaves at import": "import os\nos._exit(0)\n",
    "kills its process at import": "import os\nos.kill(os.getpid(), 9)\n",
    "exits at import": "import sys\nsys.exit(3)\n",
    "ends pytest at import": "import pytest\npytest.exit('no')\n",
}
_ENDS = {  # what ends a process, which only forked children survive
    "leaves": "import os\ndef test_bad(): os._exit(0)\n",
    "leaves in a fixture": "import os, pytest\n@pytest.fixture\ndef bad(): os._exit(5)\ndef test_bad(bad): pass\n",
    "kills itself": "import os\ndef test_bad(): os.kill(os.getpid(), 9)\n",
    "kills its group": "import os\ndef test_bad(): os.killpg(os.getpgid(0), 9)\n",
    "closes everything": "import os\ndef test_bad(): os.closerange(3, 2000)\n",
}
_FAILS = {
    "exits": "import sys\ndef test_bad(): sys.exit(0)\n",
    "recurses": "def f(): f()\ndef test_bad(): f()\n",
}
_PASSES = {
    "forks": "import os\ndef test_bad(): os.fork()\n",
    "becomes a daemon": """
import os, time
def test_bad():
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        time.sleep(600)
""",
    "changes its folder": "import os\ndef test_bad(): os.chdir('/')\n",
    "removes its folder": "import os\ndef test_bad(tmp_path):\n    os.chdir(tmp_path)\n    os.rmdir(tmp_path)\n",
    "prints 100 MB": "def test_bad(): print('x' * 100_000_000)\n",
    "writes 100 MB": "import os\ndef test_bad():\n    for _ in range(100): os.write(1, b'x' * 1_000_000)\n",
}
_ODD = """
import pytest
IDS = ["a b", "\\u00fc", "[", "]", "[]", "::", "a::b", "x\\ny", "'", '"', "\\\\", "/", "$(x)", "", " ", "-k", "\\0"]
IDS += ["\\u202e"] + ["n%d \\u00e9 [%d]::" % (n, n) for n in range(2000)]
@pytest.mark.parametrize("n", range(len(IDS)), ids=IDS)
def test_bad(n): assert n != 7
"""


class Done:
    """A run that is over."""

    def __init__(self, tool, way, body):
        (tool.project / "tests" / "test_shop.py").write_text(body)
        (tool.project / "tests" / "test_well.py").write_text(_GOOD)
        for name in ("brinell.toml", "server.py"):
            (tool.project / name).unlink()
        before = self._files(tool)
        self.code = tool.call(*WAYS[way], "--out", str(tool.run_folder))
        tool.until(lambda: not tool.left())
        assert self._files(tool) == before
        assert "Traceback" not in (tool.project / "output.log").read_text()
        self.judgement = json.loads((tool.run_folder / "judgement.json").read_text())
        self.bytes = sum(path.stat().st_size for path in tool.run_folder.rglob("*") if path.is_file())

    @staticmethod
    def _files(tool):
        ours = {"output.log", "__pycache__", ".pytest_cache", tool.run_folder.name}
        return {path for path in tool.project.rglob("*") if not ours & set(path.relative_to(tool.project).parts)}

    def outcomes(self):
        return {test["id"].rpartition("::")[2]: test["outcome"] for test in self.judgement["suite"]["tests"]}

    def accused(self):
        return {one["test"] for one in self.judgement["flaky"]}


@pytest.fixture
def bad(tool, tmp_path, monkeypatch):
    """Run one way over a body; temporary folders are the tool's to remove."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setitem(tool._env, "TMPDIR", str(temporary))
    monkeypatch.setitem(tool._env, "PYTHONDONTWRITEBYTECODE", "1")
    yield lambda way, body: Done(tool, way, body)
    assert not list(temporary.glob("brinell*"))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _COLLECTION)
def test_what_cannot_be_collected_is_a_failure_and_no_test_of_it_passed(bad, way, kind):
    done = bad(way, _COLLECTION[kind])
    assert done.code in {1, 4}
    assert done.judgement["verdict"] == "fail"
    assert not done.accused()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _ENDS)
def test_a_test_that_ends_its_process_fails_the_suite_and_hides_nobody_where_processes_are_forked(bad, way, kind):
    done = bad(way, _ENDS[kind])
    assert done.code == 1
    assert not done.accused()
    if way == "workers":
        assert done.outcomes() == {"test_bad": "failed", "test_good": "passed"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _FAILS)
def test_a_test_that_raises_what_ends_programs_just_fails(bad, way, kind):
    done = bad(way, _FAILS[kind])
    assert done.code == 1
    assert done.outcomes() == {"test_bad": "failed", "test_good": "passed"}
    assert not done.accused()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", _PASSES)
def test_a_test_that_does_odd_things_and_passes_is_believed(bad, way, kind):
    done = bad(way, _PASSES[kind])
    assert done.code in {0, 3}  # a small budget may leave something open
    assert done.outcomes() == {"test_bad": "passed", "test_good": "passed"}
    assert not done.accused()
    assert done.bytes < 3_000_000


@pytest.mark.parametrize("way", WAYS)
def test_thousands_of_odd_ids_are_told_apart(bad, way):
    done = bad(way, _ODD)
    assert done.code == 1
    tests = done.judgement["suite"]["tests"]
    assert len({test["id"] for test in tests}) == len(tests) == 2019
    assert [test["outcome"] for test in tests].count("failed") == 1
    assert not done.accused()


@pytest.mark.parametrize("way", WAYS)
def test_a_gigabyte_of_output_takes_neither_memory_nor_disk(bad, way):
    body = "import os\ndef test_bad():\n    for _ in range(1000): os.write(1, b'x' * 1_000_000)\n"
    done = bad(way, body)
    assert done.code in {0, 3}
    assert done.outcomes() == {"test_bad": "passed", "test_good": "passed"}
    assert done.bytes < 3_000_000


@pytest.mark.parametrize("way", WAYS)
def test_a_test_that_kills_the_process_above_it_costs_the_examination_nothing(bad, way):
    done = bad(way, "import os\ndef test_bad(): os.kill(os.getppid(), 9)\n")
    assert done.code == 1
    assert not done.accused()
