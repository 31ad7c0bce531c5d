"""What a test touches outside itself is named the same in every child, and what it leaves there is removed."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import pytest

from brinell_inside.serve.resources import CREATED, remove_created

TOUCHING = """
import fcntl, os, socket, sqlite3, tempfile, threading
from multiprocessing import shared_memory
from pathlib import Path
OUT = Path(OUTSIDE)

def test_write():
    (OUT / "left").write_text("x"); (OUT / "made").mkdir(); (OUT / "made" / "in").touch()

def test_read():
    assert (OUT / "kept").read_text() == "mine"

def test_change():
    (OUT / "kept").write_text("changed")

def test_project():
    Path("data").mkdir(exist_ok=True); Path("data/x").write_text("1"); os.listdir("data")

def test_rename():
    (OUT / "new").write_text("x"); os.rename(OUT / "new", OUT / "renamed")

def test_relative_to_a_folder():
    folder = os.open(OUT, os.O_RDONLY)
    os.remove("kept2", dir_fd=folder)

def test_temporary():
    Path(tempfile.gettempdir(), "fixed").write_text("x")

def test_own(tmp_path):
    (tmp_path / "own").write_text("x")

def test_database():
    sqlite3.connect(OUT / "some.db").execute("create table t (x)")
    sqlite3.connect(":memory:"); sqlite3.connect("file:a?mode=memory", uri=True)
    sqlite3.connect("file:%s?mode=rwc" % (OUT / "other.db"), uri=True)

def test_ports():
    with socket.socket() as sock: sock.bind(("HOST", PORT))
    with socket.create_server(("127.0.0.1", 0)) as free: socket.create_connection(free.getsockname()).close()
    with socket.socket(type=socket.SOCK_DGRAM) as sock: sock.bind(("0.0.0.0", PORT))

def test_names():
    with socket.socket(socket.AF_UNIX) as sock: sock.bind("\\0brinell-test-name-%d" % os.getppid())
    with socket.socket(socket.AF_UNIX) as sock: sock.bind(str(OUT / "socket"))
    os.unlink(OUT / "socket")

def test_service():
    with socket.socket() as sock: sock.connect_ex(("127.0.0.1", 6379))

def test_lock():
    with open(OUT / "lock", "w") as file: fcntl.flock(file, fcntl.LOCK_EX)

def test_memory():
    memory = shared_memory.SharedMemory(name="brinell-test-memory-%d" % os.getppid(), create=True, size=8)
    memory.close(); memory.unlink()

def test_process():
    os.environ["SOME_NAME"] = "1"; os.chdir("/")

def test_nothing():
    import this
"""


@pytest.fixture
def touching(serve, tmp_path):
    out = tmp_path / "outside"
    out.mkdir()
    for name in ("kept", "kept2"):
        (out / name).write_text("mine")
    port = 20_000 + os.getpid() % 10_000
    host = "127." + ".".join(str(1 + secrets.randbelow(254)) for _ in range(3))  # where no other test has a port
    suite = TOUCHING.replace("OUTSIDE", repr(str(out))).replace("HOST", host).replace("PORT", str(port))
    served = serve(test_a=suite)
    names = [line for line in TOUCHING.splitlines() if line.startswith("def test_")]
    number = {line[9:].partition("(")[0]: at for at, line in enumerate(names)}

    def touched(name: str, **job) -> set[tuple[str, ...]]:
        said = served.job(number[name], trace=True, **job)
        assert [line["o"] for line in said if line["kind"] == "ran"] == ["passed"], said
        short = [str(out), str(port), f"-{served.process.pid}"]
        found = set()
        for kind, what, how in (one for line in said if line["kind"] == "touched" for one in line["what"]):
            name = what
            for long, brief in zip(short, ("OUT", "PORT", "-PID"), strict=True):
                name = name.replace(long, brief)
            found.add((kind, name, how))
        return found

    touched.out = out
    return touched


def test_names_what_is_touched(touching):
    assert touching("read") == {("file", "OUT/kept", "read")}
    assert touching("write") >= {("file", "OUT/left", "write"), ("file", "OUT/made", "make")}
    assert touching("project") >= {("file", "data/x", "write"), ("directory", "data", "read")}
    assert touching("rename") >= {("file", "OUT/renamed", "write")}
    assert touching("relative_to_a_folder") == {("file", "OUT/kept2", "write"), ("file", "OUT", "read")}
    assert ("file", "$TMPDIR/fixed", "write") in touching("temporary")
    assert touching("own") == set()
    assert {one for one in touching("database") if one[0] == "database"} == {
        ("database", "OUT/some.db", "write"),
        ("database", "OUT/other.db", "write"),
    }
    assert touching("ports") == {("address", "TCP port PORT", "bind"), ("address", "UDP port PORT", "bind")}
    assert touching("names") >= {
        ("address", "abstract socket brinell-test-name-PID", "bind"),
        ("address", "socket OUT/socket", "bind"),
    }
    assert touching("service") == {("address", "TCP port 6379", "connect")}
    assert touching("lock") == {("file", "OUT/lock", "write"), ("file", "OUT/lock", "lock")}
    assert touching("memory") == {("file", "/dev/shm/brinell-test-memory-PID", "write")}
    assert touching("process") == {("environment", "SOME_NAME", "write"), ("cwd", "current directory", "write")}
    assert touching("nothing") == set()


def test_what_is_made_outside_is_removed_and_nothing_else(touching):
    before = sorted(touching.out.iterdir())
    for name in ("write", "rename", "database", "lock"):
        touching(name)
        assert sorted(touching.out.iterdir()) == before
    touching("change")
    assert (touching.out / "kept").read_text() == "changed"  # it was there before: whose it is now, nobody can tell


def test_only_what_is_as_new_as_the_child_is_removed(tmp_path):
    for name in ("file", "other", "folder/in"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    paths = [tmp_path / "file", tmp_path / "folder", tmp_path / "link" / "file", tmp_path / "gone"]
    (tmp_path / CREATED).write_bytes(b"".join(os.fsencode(path) + b"\0" for path in paths))
    assert remove_created(str(tmp_path), time.time() + 60) == []
    assert remove_created(str(tmp_path), time.time() - 60) == [str(tmp_path / "file")]
    assert sorted(Path(path).name for path in tmp_path.iterdir()) == [CREATED, "elsewhere", "folder", "link", "other"]
    assert remove_created(str(tmp_path / "nowhere"), 0) == []


COMPANY = """
import os, tempfile, time
from pathlib import Path
def test_count():
    Path(tempfile.gettempdir(), "at-%d" % os.getpid()).write_text(str(time.monotonic()))
    until = time.monotonic() + 60
    while len([name for name in os.listdir(tempfile.gettempdir()) if name.startswith("at-")]) < 2:
        assert time.monotonic() < until, "nobody came"
def test_hold():
    began = time.monotonic()
    Path(tempfile.gettempdir(), "held").write_text("x")
    assert time.monotonic() - began > 0.2
"""


def test_companions_share_a_folder_and_are_there_at_the_same_time(serve):
    served = serve(test_a=COMPANY, slots=2)
    jobs = [
        {"job": n, "steps": [0], "deadline_s": 60, "trace": True, "beside": {"group": 7, "count": 2}} for n in (1, 2)
    ]
    served.send(op="run", jobs=jobs)
    for slot in served.slots:
        assert [line["o"] for line in served.read(slot, "end") if line["kind"] == "ran"] == ["passed"]


def test_whoever_holds_waits_where_it_is_told_to(serve):
    served = serve(test_a=COMPANY)
    beside = {"group": 1, "count": 1, "hold": ["$TMPDIR/held"], "hold_s": 0.2}
    said = served.job(1, trace=True, beside=beside)
    assert [line["o"] for line in said if line["kind"] == "ran"] == ["passed"]
    free = (served.job(1, trace=True) for _ in range(30))  # on a crowded machine some may take as long
    assert any([line["o"] for line in said if line["kind"] == "ran"] == ["failed"] for said in free)


LEAVING = """
import os, tempfile
from pathlib import Path
OUT = Path(OUTSIDE)
def test_leaves():
    (OUT / "made").mkdir(); (OUT / "made" / "in").touch()
    (OUT / "kept").write_text("changed")
    Path(tempfile.gettempdir(), "fixed").touch(); tempfile.mkstemp(); tempfile.mkdtemp()
    (OUT / "gone").touch(); (OUT / "gone").unlink()
def test_looks():
    assert not (OUT / "made").exists() and not Path(tempfile.gettempdir(), "fixed").exists()
    assert (OUT / "kept").read_text() == "changed"
"""


def test_what_is_left_outside_the_project_is_named_and_what_was_made_can_be_put_back(serve, tmp_path):
    out = tmp_path / "outside"
    out.mkdir()
    (out / "kept").write_text("mine")
    served = serve(test_a=LEAVING.replace("OUTSIDE", repr(str(out))))
    said = served.job(0, trace=True, watch=True)
    (changed,) = [line["changes"] for line in said if line["kind"] == "changed"]
    found = {
        change["name"].replace(str(out), "OUT"): (change["how"], change["restorable"])
        for change in changed if change["kind"] == "file-outside"
    }  # fmt: skip
    assert found == {
        "file OUT/made": ("added", True),
        "file OUT/kept": ("changed", False),
        "file $TMPDIR/fixed": ("added", True),
    }
    (out / "kept").write_text("mine")
    roots = [f"outside:{out}/made", f"outside:{out}/kept", "outside:$TMPDIR/fixed"]
    said = served.job(["mark"], 0, ["restore", roots], 1, trace=True)
    assert [line["o"] for line in said if line["kind"] == "ran"] == ["passed", "passed"]
    assert [line["refused"] for line in said if line["kind"] == "restored"] == [[f"outside:{out}/kept"]]
    said = served.job(["mark"], 0, ["restore", None], 1, trace=True)
    assert [line["o"] for line in said if line["kind"] == "ran"] == ["passed", "passed"]
