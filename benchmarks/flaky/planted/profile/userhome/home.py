"""What a command-line program keeps in the user's home."""

import json
import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path


def settings_path(app):
    return Path.home() / f".{app}" / "settings.json"


def save_settings(app, values):
    path = settings_path(app)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))
    return path


def remember(app, line):
    path = os.path.expanduser(f"~/.{app}_history")
    with open(path, "a") as out:
        out.write(line + "\n")
    return path


def cache_dir(app):
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/"), ".cache")
    path = os.path.join(base, app)
    os.makedirs(path, exist_ok=True)
    return path


def bookmarks(app, names):
    db = sqlite3.connect(Path.home() / f".{app}.db")
    try:
        db.execute("CREATE TABLE IF NOT EXISTS marks (name TEXT)")
        db.executemany("INSERT INTO marks VALUES (?)", [(name,) for name in names])
        db.commit()
        return [row[0] for row in db.execute("SELECT name FROM marks ORDER BY rowid")]
    finally:
        db.close()


def login(app):
    """The shell helper leaves its token at home."""
    script = f'umask 077; echo token > "$HOME/.{app}_token" && cat "$HOME/.{app}_token"; rm -f "$HOME/.{app}_token"'
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout.strip()


def save_atomically(app, text):
    handle, name = tempfile.mkstemp(prefix=f".{app}-", dir=os.path.expanduser("~"))
    with os.fdopen(handle, "w") as out:
        out.write(text)
    return Path(name)
