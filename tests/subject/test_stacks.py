from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brinell.core.fakes import FakeRoom
from brinell.core.plan import LoadSpec
from brinell.subject import stacks

HOME = "/srv/shop"
LIB = "/usr/lib/python3.11"
RUN = f"BaseEventLoop._run_once ({LIB}/asyncio/base_events.py:1922);Handle._run ({LIB}/asyncio/events.py:80)"
MAIN = f"thread (321): MainThread;<module> ({HOME}/main.py:11)"
RAW = f"""\
{MAIN};{RUN};report ({HOME}/app.py:5);dumps ({LIB}/json/__init__.py:231) 38
{MAIN};{RUN} 2
thread (322): waiter;Thread.run ({LIB}/threading.py:982);get ({LIB}/site-packages/pool/x.py:171) 39
torn lin
"""


def spec() -> LoadSpec:
    return LoadSpec(name="load", shape={"kind": "constant"})


def test_what_py_spy_writes_is_read():
    looks, found = stacks.folded(RAW.splitlines(), HOME)
    assert looks == 40
    thread, loop, idle = found
    assert (thread.of, thread.count) == ("thread", 39)
    assert thread.frames == "Thread.run (python/threading.py:982);get (site-packages/pool/x.py:171)"
    assert (loop.of, loop.count, idle.count) == ("loop", 38, 2)
    assert loop.frames.endswith("report (./app.py:5);dumps (python/json/__init__.py:231)")


def test_an_event_loop_whose_own_frames_are_not_pythons():
    line = f"{MAIN};run ({LIB}/asyncio/runners.py:190);naps ({HOME}/app.py:5) 40"
    _, (one,) = stacks.folded([line], HOME)
    assert one.of == "loop"


@pytest.mark.parametrize(
    "text", ["", "\n", "7", "a 7", "thread (1): a 7", "process 1:x;thread (1): a;f (g:1) 2", ";;; 4"]
)
def test_anything_is_read_somehow(text):
    looks, found = stacks.folded(text.splitlines(), HOME)
    assert sum(one.count for one in found) >= looks >= 0


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (f"{LIB}/json/__init__.py", "python/json/__init__.py"),
        ("/opt/lib64/python3/json/decoder.py", "python/json/decoder.py"),
        (f"{HOME}/.venv/lib/python3.11/site-packages/starlette/routing.py", "site-packages/starlette/routing.py"),
        (f"{HOME}/shop/app.py", "./shop/app.py"),
        ("/srv/other/app.py", "/srv/other/app.py"),
        ("app.py", "./app.py"),
        ("<frozen importlib._bootstrap>", "python/<frozen importlib._bootstrap>"),
    ],
)
def test_files_are_named_as_the_probe_names_them(file, name):
    assert stacks.short(file, HOME) == name


def test_why_it_saw_nothing():
    denied = stacks.why(7, 1, "Error: Permission Denied: Try running again with elevated permissions by going 'sudo'\n")
    assert "may not look into process 7" in denied
    assert "ptrace_scope" in denied
    assert "20 s" in stacks.why(7, None, "")
    assert "No such process" in stacks.why(7, 1, "Error: No such process (os error 3)\n")


def test_without_py_spy_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"install .*py-spy") as raised:
        stacks.Spy(FakeRoom(spec(), tmp_path), os.getpid(), HOME)
    assert shlex.quote(sys.executable) in str(raised.value)


def test_py_spy_beside_the_command_is_found_where_its_folder_is_not_on_the_path(tmp_path, monkeypatch):
    own, linked = tmp_path / "my tools" / "bin", tmp_path / "linked"
    own.mkdir(parents=True)
    linked.mkdir()
    (linked / "brinell").symlink_to(own / "brinell")
    (own / "brinell").touch()
    fake(own, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    for command, found in ((own / "brinell", True), (linked / "brinell", True), (own / "pytest", False)):
        monkeypatch.setattr(sys, "argv", [str(command)])
        assert stacks.program() == (str(own / "py-spy") if found else None)


def fake(folder: Path, script: str) -> None:
    """Put a py-spy of that behaviour on the path's first place."""
    program, acts = folder / "py-spy", folder / "acts.py"
    acts.write_text(f"import sys, time\nout = sys.argv[sys.argv.index('--output') + 1]\n{script}\n")
    words = shlex.join([sys.executable, str(acts)])  # whose path may hold a space, which no #! allows
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)


def seen(room: FakeRoom, spy: stacks.Spy):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = spy.poll(room.clock.now_ns())
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it never ended")


@pytest.mark.parametrize(
    ("script", "looks", "why"),
    [
        ("open(out, 'w').write('thread (1): MainThread;f (/srv/shop/a.py:1) 40\\n')", 40, ""),
        ("sys.stderr.write('Error: Permission Denied\\n'); sys.exit(1)", 0, "may not look"),
        ("time.sleep(0)", 0, "saw nothing"),
    ],
)
def test_a_look_ends_and_leaves_nothing_behind(tmp_path, monkeypatch, script, looks, why):
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    fake(tmp_path, script)
    folder = tmp_path / "run"
    folder.mkdir()
    room = FakeRoom(spec(), folder)
    found = seen(room, stacks.Spy(room, 4711, HOME))
    assert found.looks == looks
    assert why in found.why
    assert list(folder.iterdir()) == []
    room.close()


WHERE = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))


@pytest.mark.prove
@pytest.mark.skipif(shutil.which("py-spy", path=WHERE) is None, reason="py-spy is not on the path")
def test_the_real_one_sees_a_real_process(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", WHERE)
    code = "import time\ndef naps():\n    while True:\n        time.sleep(0.01)\nprint('up', flush=True)\nnaps()\n"
    (tmp_path / "script.py").write_text(code)
    room = FakeRoom(spec(), tmp_path)
    with subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = seen(room, stacks.Spy(room, process.pid, str(tmp_path)))
        process.kill()
    assert found.looks > 10 or "may not look" in found.why
    room.close()
