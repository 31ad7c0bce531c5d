"""Files that jobs leave for each other."""

import json
import os
import sqlite3
import tempfile
import time
from multiprocessing import shared_memory
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPORT = Path("/tmp/spool-export.json")


def export(rows, path=EXPORT, pause=0.1):
    """Write, wait for the disk, read back what consumers will see."""
    path.write_text(json.dumps(rows))
    time.sleep(pause)
    return json.loads(path.read_text())


class PidLock:
    def __init__(self, path):
        self.path = path

    def __enter__(self):
        handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        os.write(handle, str(os.getpid()).encode())
        os.close(handle)
        return self

    def __exit__(self, *exc):
        os.unlink(self.path)


def scratch_name(name):
    return Path(tempfile.gettempdir()) / f"spool-{name}.part"


def count_jobs(path, jobs, pause=0.1):
    """Jobs in a fresh database after adding some."""
    with sqlite3.connect(path, timeout=0) as db:
        db.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, name TEXT)")
        db.executemany("INSERT INTO jobs (name) VALUES (?)", [(job,) for job in jobs])
        db.commit()
        time.sleep(pause)
        count = db.execute("SELECT count(*) FROM jobs").fetchone()[0]
    db.close()
    return count


def board(name, text, pause=0.1):
    """A notice on a shared memory board."""
    memory = shared_memory.SharedMemory(name=name, create=True, size=64)
    try:
        memory.buf[: len(text)] = text
        time.sleep(pause)
        return bytes(memory.buf[: len(text)])
    finally:
        memory.close()
        memory.unlink()


def append_line(path, line):
    with open(path, "a") as out:
        out.write(line + "\n")


def rotate(path):
    os.replace(path, path.with_suffix(".1"))
    return path.with_suffix(".1")
