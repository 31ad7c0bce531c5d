"""The side that makes calls, in every Python that a project may have: what goes in, what comes out, nothing of ours."""

from __future__ import annotations

import ast
import json
import os
import select
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

import brinell_inside

INSIDE = Path(brinell_inside.__file__).parent
FILES = sorted((INSIDE / "calls").glob("*.py"))
NAMES = [f"python3.{minor}" for minor in range(8, 15)]
PYTHONS = [path for path in os.environ.get("BRINELL_TEST_PYTHONS", "").split(os.pathsep) if path] or NAMES
MODULE = """
import asyncio, sys

def get(number):
    if number == 3:
        raise KeyError(number)
    return sys.version_info[:2]

async def nap(number):
    await asyncio.sleep(0.001)
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_parses_on_the_oldest_python_and_imports_the_standard_library_only(file):
    tree = ast.parse(file.read_text(), feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    tops = {name.partition(".")[0] for name in names}
    assert tops - {"brinell_inside"} <= sys.stdlib_module_names


class Caller:
    """One process that makes calls, driven by hand."""

    def __init__(self, python, root, **job):
        words, self.words = os.pipe()
        self.told, told = os.pipe()
        dues, self.dues = os.pipe()
        argv = [python, str(INSIDE / "calls" / "launch.py")]
        argv += ["--words", str(words), "--told", str(told), "--dues", str(dues)]
        self.process = subprocess.Popen(argv, pass_fds=(words, told, dues), stderr=subprocess.PIPE)
        for fd in (words, told, dues):
            os.close(fd)
        self.held = b""
        base = {"v": 1, "args": [1], "kwargs": {}, "setup": None, "users": 2, "timeout_ns": 10**9, "look": False}
        self.say({**base, "root": str(root), **job})

    def say(self, message):
        os.write(self.words, json.dumps(message).encode() + b"\n")

    def until(self, kind):
        """Messages up to one of that kind; blocks are lists of rows."""
        found = []
        until = time.monotonic() + 60
        while time.monotonic() < until:
            while len(self.held) >= 5:
                head, length = struct.unpack("=cI", self.held[:5])
                if len(self.held) < 5 + length:
                    break
                content, self.held = self.held[5 : 5 + length], self.held[5 + length :]
                rows = list(struct.iter_unpack("=qqqq", content)) if head == b"B" else json.loads(content)
                found.append(rows)
                if isinstance(rows, dict) and rows["kind"] == kind:
                    return found
            if select.select([self.told], (), (), 1)[0]:
                data = os.read(self.told, 65536)
                if not data:
                    return found
                self.held += data
        raise AssertionError(found)

    def close(self):
        for fd in (self.words, self.told, self.dues):
            if fd >= 0:
                os.close(fd)
        self.process.wait(30)
        self.process.stderr.close()


@pytest.fixture
def caller(tmp_path):
    (tmp_path / "shop.py").write_text(MODULE)
    made = []

    def begin(python=sys.executable, **job):
        made.append(Caller(python, tmp_path, **job))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def check(one, mode):
    hello, ready = one.until("ready")
    assert (hello["kind"], hello["mode"], hello["v"]) == ("hello", mode, 1)
    assert 0 < ready["own_ns"] < 1e8
    now = time.monotonic_ns()
    one.say({"kind": "go", "start_ns": now, "until_ns": now + 10**10, "closed": False})
    dues = [now + number for number in range(50)]
    os.write(one.dues, struct.pack("=50q", *dues))
    os.close(one.dues)
    one.dues = -1
    rows = []
    while len(rows) < 50:
        rows += _rows(one)
    one.say({"kind": "finish"})
    assert one.until("done")[-1] == {"kind": "done"}
    assert sorted(row[0] for row in rows) == dues
    assert all(due <= started <= ended and code == 0 for due, started, ended, code in rows)
    assert one.process.wait(30) == 0


def _rows(one):
    """The rows of the next block."""
    while True:
        head = _exactly(one, 5)
        kind, length = struct.unpack("=cI", head)
        content = _exactly(one, length)
        if kind == b"B":
            return list(struct.iter_unpack("=qqqq", content))


def _exactly(one, count):
    while len(one.held) < count:
        data = os.read(one.told, 65536)
        assert data, one.process.stderr.read()
        one.held += data
    found, one.held = one.held[:count], one.held[count:]
    return found


@pytest.mark.parametrize(("function", "mode"), [("get", "sync"), ("nap", "async")])
def test_what_is_due_is_called_once_and_told(caller, function, mode):
    check(caller(call=f"shop:{function}"), mode)


@pytest.mark.prove
@pytest.mark.parametrize(("function", "mode"), [("get", "sync"), ("nap", "async")])
@pytest.mark.parametrize("name", PYTHONS)
def test_in_every_python(caller, name, function, mode):
    python = shutil.which(name)
    if python is None:
        pytest.skip(f"there is no {name}")
    asked = [python, "-c", "import sys; print(sys.version_info >= (3, 8))"]
    answer = subprocess.run(asked, capture_output=True, check=False, text=True)
    if answer.returncode:
        pytest.skip(f"{name} does not run")
    one = caller(python, call=f"shop:{function}")
    if answer.stdout.strip() == "True":
        check(one, mode)
    else:
        (refused,) = one.until("never")
        assert (refused["why"], "3.8" in refused["message"]) == ("old-python", True)


def test_an_exception_has_a_name_and_a_sample(caller):
    one = caller(call="shop:get", args=[3])
    one.until("ready")
    now = time.monotonic_ns()
    one.say({"kind": "go", "start_ns": now, "until_ns": now + 10**10, "closed": False})
    os.write(one.dues, struct.pack("=q", now))
    *_, outcome = one.until("outcome")
    assert (outcome["code"], outcome["type"]) == (3, "KeyError")
    *_, sample = one.until("sample")
    assert sample["due"] == now
    assert "shop.py:6 in get" in sample["detail"]
    assert _rows(one)[0][3] == 3


def test_nobody_left_to_tell_ends_the_process(caller):
    one = caller(call="shop:get")
    one.until("ready")
    os.close(one.words)
    one.words = -1
    assert one.process.wait(30) == 3


def test_a_look_ends_by_itself(caller):
    one = caller(call="shop:get", look=True)
    assert [message["kind"] for message in one.until("never")] == ["hello"]
    assert one.process.wait(30) == 0
