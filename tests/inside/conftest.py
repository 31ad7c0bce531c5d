"""Real pytest processes on written suites: once as anybody runs pytest, once through ``launch.py`` with a pipe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

LAUNCH = Path(__file__).parents[2] / "src" / "brinell_inside" / "launch.py"
_SUMMARY_WORDS = {"errors": "error", "warning": "warnings"}


@dataclass
class Session:
    """How one pytest process ended, and what it said."""

    code: int
    out: str
    err: str
    records: list[dict[str, Any]] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, int]:
        """Counts of pytest's last line."""
        for line in reversed(self.out.splitlines()):
            found = re.findall(r"(\d+) ([a-z]+(?: passed)?)(?=,| in )", line)
            if found and " in " in line:
                return {_SUMMARY_WORDS.get(word, word): int(count) for count, word in found}
        return {}

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.records if record["kind"] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        (record,) = self.of(kind)
        return record

    def test(self, ending: str) -> dict[str, Any]:
        """The one record of the test whose id ends so."""
        (record,) = [record for record in self.of("test") if record["id"].endswith(ending)]
        return record

    @property
    def counted(self) -> Counter[str]:
        """Sum of what all records say was counted: it must be pytest's own summary."""
        counts = Counter(category for record in self.of("test") for category in record["counted"])
        counts.update(error=len(self.of("collect_error")), skipped=len(self.of("collect_skip")))
        return +counts

    @property
    def started(self) -> list[str]:
        return [record["id"] for record in self.of("start")]


class Pytest:
    """Runs pytest on the folder ``root``; third-party plugins only where a test names them."""

    def __init__(self, root: Path, python: str = sys.executable) -> None:
        self.root = root
        self.python = python
        self.launch = LAUNCH

    def write(self, **files: str) -> None:
        """``test_a="..."`` writes test_a.py; a double underscore before the last part is a dot (``a__yaml``)."""
        for name, text in files.items():
            path = self.root / (name.replace("__", ".") if "__" in name.strip("_") else name + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def environment(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV", "PYTHON"))}
        return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200", **(extra or {})}

    def arguments(self, args: tuple[str, ...], plugins: tuple[str, ...]) -> list[str]:
        loaded = [part for plugin in plugins for part in ("-p", plugin)]
        return [*loaded, "-p", "no:cacheprovider", *args]

    def plain(self, *args: str, plugins: tuple[str, ...] = (), env: dict[str, str] | None = None) -> Session:
        script = str(Path(self.python).with_name("pytest"))
        command = [self.python, script, *self.arguments(args, plugins)]
        ended = subprocess.run(
            command, cwd=self.root, env=self.environment(env), capture_output=True, text=True, timeout=120, check=False
        )
        return Session(ended.returncode, ended.stdout, ended.stderr)

    def start(self, *args: str, plugins: tuple[str, ...] = (), env: dict[str, str] | None = None) -> Recorded:
        return Recorded(self, self.arguments(args, plugins), self.environment(env))

    def recorded(self, *args: str, plugins: tuple[str, ...] = (), env: dict[str, str] | None = None) -> Session:
        return self.start(*args, plugins=plugins, env=env).finish()


class Recorded:
    """A recorded pytest that is running; its lines arrive in ``lines`` as they are written."""

    def __init__(self, pytest_on: Pytest, arguments: list[str], environment: dict[str, str]) -> None:
        reading, writing = os.pipe()
        command = [pytest_on.python, str(pytest_on.launch), "--fd", str(writing), "--", *arguments]
        self.process = subprocess.Popen(
            command, cwd=pytest_on.root, env=environment, pass_fds=[writing], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(writing)
        self.lines: list[bytes] = []
        self.arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, "rb") as pipe:
            for line in pipe:
                with self.arrived:
                    self.lines.append(line)
                    self.arrived.notify_all()

    def wait_for(self, text: bytes) -> None:
        """Until a line with ``text`` has arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: any(text in line for line in self.lines), timeout=60)

    def finish(self) -> Session:
        out, err = self.process.communicate(timeout=120)
        self._reader.join(timeout=10)
        assert not self._reader.is_alive()  # the recording ended with the process, whoever else is still there
        assert all(line.endswith(b"\n") and line.isascii() and len(line) < 256 * 1024 for line in self.lines)
        return Session(self.process.returncode, out, err, [json.loads(line) for line in self.lines])


@pytest.fixture
def suite(tmp_path: Path) -> Pytest:
    root = tmp_path / "suite"
    root.mkdir()
    (root / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow: takes time\n    db: needs a database\n")
    return Pytest(root)


# Every kind of outcome that pytest knows, in all phases, in four kinds of items.
EVERY_OUTCOME = {
    "conftest": """
import pytest

@pytest.fixture(scope="session")
def broken_session():
    raise OSError("no database")

@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError("teardown went wrong")

class LineItem(pytest.Item):
    def __init__(self, word, **kwargs):
        super().__init__(**kwargs)
        self.word = word

    def runtest(self):
        if self.word != "good":
            raise ValueError(self.word)

    def reportinfo(self):
        return self.path, None, "line " + self.word

class LineFile(pytest.File):
    def collect(self):
        for number, word in enumerate(self.path.read_text().split()):
            yield LineItem.from_parent(self, name="line%d" % number, word=word)

def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".lines":
        return LineFile.from_parent(parent, path=file_path)
""",
    "words__lines": "good bad good\n",
    "test_functions": """
import pytest

def test_passes(): pass

def test_fails(): assert [1, 2] == [1, 3]

def test_errors_in_setup(broken_session): pass

def test_errors_in_setup_again(broken_session): pass

def test_errors_in_teardown(broken_teardown): pass

def test_fails_and_errors(broken_teardown):
    print("out before")
    assert False

def test_missing_fixture(there_is_no_such): pass

@pytest.mark.skip(reason="not today")
def test_skipped_by_mark(): pass

def test_skips_itself(): pytest.skip("no network")

@pytest.fixture
def skipping(): pytest.skip("from a fixture")

def test_skipped_by_fixture(skipping): pass

@pytest.mark.xfail(reason="bug 7")
def test_xfails(): assert False

@pytest.mark.xfail(reason="fixed by now")
def test_xpasses(): pass

@pytest.mark.xfail(strict=True, reason="strictly")
def test_xpasses_strictly(): pass

def test_xfails_itself(): pytest.xfail("on the way")

@pytest.mark.xfail(reason="setup is broken")
def test_xfails_in_setup(broken_session): pass

@pytest.mark.xfail(reason="teardown")
def test_xfails_and_errors(broken_teardown): assert False

@pytest.mark.parametrize("value", [1, "two", "dr\\u00fcben", "\\U0001f600", "a::b[c]", None])
def test_parameters(value): assert value != "two"

@pytest.mark.slow
class TestClass:
    @pytest.mark.db
    def test_marked(self): pass

    def test_warns(self):
        import warnings
        for _ in range(3):
            warnings.warn("old " + "thing", DeprecationWarning)
""",
    "test_unittest": """
import unittest

class TestCase(unittest.TestCase):
    def test_passes(self): pass

    def test_fails(self): self.assertEqual(1, 2)

    @unittest.skip("old")
    def test_skipped(self): pass

    @unittest.expectedFailure
    def test_expected(self): self.fail()

    def test_subtests(self):
        for number in range(4):
            with self.subTest(number=number):
                self.assertEqual(number % 2, 0)

class TestBrokenClass(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("class setup")

    def test_one(self): pass

    def test_two(self): pass
""",
    "test_doctest": '''
def double(n):
    """
    >>> double(2)
    4
    """
    return 2 * n

def wrong(n):
    """
    >>> wrong(2)
    5
    """
    return 2 * n
''',
    "test_does_not_import": "import there_is_no_such_module\n",
    "test_syntax": "def broken(:\n",
    "test_skips_module": "import pytest\npytest.skip('whole module', allow_module_level=True)\n",
}  # fmt: skip


@pytest.fixture
def every_outcome(suite: Pytest) -> Pytest:
    suite.write(**EVERY_OUTCOME)
    return suite
