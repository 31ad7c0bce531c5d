from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from brinell_inside.serve.scratch import new_folder, remove

SOURCE = Path(__file__).parents[3] / "src"


def test_every_folder_is_new_and_its_owners(tmp_path):
    folders = {new_folder(str(tmp_path)) for _ in range(5)}
    assert len(folders) == 5
    assert {Path(folder).stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_it_goes_with_what_nobody_may_read_and_without_what_links_lead_to(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    folder = Path(new_folder(str(tmp_path)))
    closed = folder / "a" / "b"
    closed.mkdir(parents=True)
    (closed / "file").write_text("x")
    (folder / "link").symlink_to(kept)
    os.mkfifo(folder / "pipe")
    for path in (closed, closed.parent, folder):
        path.chmod(0)
    remove(str(folder))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").read_text() == "x"
    remove(str(folder))  # that is not there any more


def test_whoever_is_not_root_can_remove_it_too():
    code = f"""
import os, sys; sys.path.insert(0, {str(SOURCE)!r})
from brinell_inside.serve.scratch import remove
folder = sys.argv[1]
if os.getuid() == 0: os.setgid(65534); os.setuid(65534)
os.makedirs(folder + "/mine/a/b")
for name in ("/mine/a/b", "/mine/a", "/mine"): os.chmod(folder + name, 0)
remove(folder + "/mine")
assert not os.path.lexists(folder + "/mine")"""
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is below a folder of root's own
        Path(folder).chmod(0o777)
        subprocess.run([sys.executable, "-c", code, folder], check=True, timeout=60)


def test_temporary_files_go_where_the_child_lives(tmp_path):
    code = f"""
import os, sys, tempfile; sys.path.insert(0, {str(SOURCE)!r})
from types import SimpleNamespace
from pathlib import Path
from brinell_inside.serve.scratch import move_in
tempfile.gettempdir()
config = SimpleNamespace(rootpath=Path("."), _tmp_path_factory=SimpleNamespace(_basetemp=None))
move_in(config, sys.argv[1])
assert os.path.dirname(tempfile.mkdtemp()) == os.environ["TMPDIR"] == sys.argv[1] + "/tmp"
assert config._tmp_path_factory._basetemp == Path(sys.argv[1], "pytest")"""
    subprocess.run([sys.executable, "-c", code, os.path.realpath(tmp_path)], check=True, timeout=60)
