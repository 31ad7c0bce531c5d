"""The set-up of ``make``: run in a small clone, with a stand-in for Python so that nothing is fetched."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "tools" / "venv.sh"
PYTHON = """\
#!/bin/sh
# Stands in for a Python: makes environments of itself, and notes what it is asked to install.
case "$*" in
    *"version_info <"*) exit {old} ;;
    *"import ensurepip"*) exit {bare} ;;
    *"print("*) echo 3.12 ;;
    --version) echo "Python {version}" ;;
    "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && rm -f .venv/.installed* .venv/.folder ;;
    "-m pip install"*) echo "$*" >> installed; exit {offline} ;;
esac
"""


class Clone:
    """A clone with its own PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a clone"
        self.bin = folder / "bin"
        (self.folder / "tools").mkdir(parents=True)
        shutil.copy(SCRIPT, self.folder / "tools" / "venv.sh")
        (self.folder / "pyproject.toml").write_text("[project]\n")
        self.bin.mkdir()
        for name in ("cat", "chmod", "cksum", "cp", "dirname", "mkdir", "rm", "sh"):
            (self.bin / name).symlink_to(shutil.which(name) or name)

    def python(self, *, old: bool = False, bare: bool = False, offline: bool = False) -> Path:
        file = self.bin / "python3"
        file.write_text(
            PYTHON.format(old=int(old), bare=int(bare), offline=int(offline), version="3.9.2" if old else "3.12.1")
        )
        file.chmod(0o755)
        return file

    def set_up(self, *extra: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.folder / "tools" / "venv.sh"), *extra],
            env={"PATH": str(self.bin), **environ},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def installs(self) -> int:
        file = self.folder / "installed"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


def refused(done, *words):
    assert done.returncode == 2, done
    assert done.stderr.startswith("brinell: ")
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr, done


def test_it_installs_once_and_for_each_extra(clone):
    clone.python()
    for extra in ((), (), ("dev",), ("dev",)):
        assert clone.set_up(*extra).returncode == 0
    assert clone.installs() == 2


def test_a_changed_list_of_packages_is_installed(clone):
    clone.python()
    clone.set_up()
    (clone.folder / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    clone.set_up()
    assert clone.installs() == 2


def test_a_moved_clone_gets_a_new_environment(clone):
    clone.python()
    clone.set_up()
    clone.folder = clone.folder.rename(clone.folder.with_name("elsewhere"))
    assert clone.set_up().returncode == 0
    assert clone.installs() == 2
    assert clone.set_up().returncode == 0
    assert clone.installs() == 2


def test_no_python_is_said(clone):
    refused(clone.set_up(), "needs Python 3.11", "found none", "install")


def test_an_old_python_is_said_with_its_version(clone):
    clone.python(old=True)
    refused(clone.set_up(), "needs Python 3.11", "found Python 3.9.2")


def test_a_python_without_venv_names_the_package(clone):
    clone.python(bare=True)
    refused(clone.set_up(), "apt-get install python3.12-venv")
    assert not (clone.folder / ".venv").exists()


def test_a_python_that_was_named_is_not_silently_replaced(clone):
    clone.python()
    refused(clone.set_up(PYTHON="/nowhere/python"), "PYTHON=/nowhere/python")


def test_packages_that_cannot_be_had_are_tried_again(clone):
    clone.python(offline=True)
    refused(clone.set_up(), "could not be installed")
    clone.python()
    shutil.copy(clone.bin / "python3", clone.folder / ".venv" / "bin" / "python")
    assert clone.set_up().returncode == 0
    assert clone.installs() == 2


def test_uv_that_fails_is_followed_by_pip(clone):
    clone.python()
    uv = clone.bin / "uv"
    uv.write_text("#!/bin/sh\nexit 1\n")
    uv.chmod(0o755)
    assert clone.set_up().returncode == 0
    assert clone.installs() == 1
