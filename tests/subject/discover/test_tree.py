from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from brinell.subject.discover import tree


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["src/shop/__init__.py", "tests/test_a.py"], ("src/shop",)),
        (["src/shop/app.py", "shop/x.py"], ("src/shop",)),
        (["shop/__init__.py", "setup.py", "conftest.py", "docs/conf.py"], ("shop",)),
        (["app.py", "test_app.py"], ("app.py",)),
        (["backend/shop/__init__.py", "frontend/index.js"], ("backend/shop",)),
        (["venv/pyvenv.cfg", "venv/lib/x.py", "node_modules/a/x.py", ".hidden/x.py"], ()),
        ([], ()),
    ],
)
def test_product_code_is_found_in_the_usual_layouts(project, files, found):
    assert tree.packages(project(dict.fromkeys(files, ""))) == found


@pytest.mark.parametrize(
    ("file", "files", "base", "module"),
    [
        ("src/shop/app.py", ["src/shop/__init__.py"], "src", "shop.app"),
        ("src/shop/api/app.py", [], "src", "shop.api.app"),
        ("shop/app.py", ["shop/__init__.py"], ".", "shop.app"),
        ("backend/shop/app.py", ["backend/shop/__init__.py"], "backend", "shop.app"),
        ("app/main.py", [], ".", "app.main"),
        ("main.py", [], ".", "main"),
        ("my-service/app/main.py", [], "my-service", "app.main"),
        ("my-service/main.py", ["my-service/__init__.py"], "my-service", "main"),
        ("shop/__init__.py", ["shop/__init__.py"], ".", "shop"),
    ],
)
def test_modules_are_named_from_their_import_root(project, file, files, base, module):
    root = project(dict.fromkeys([file, *files], ""))
    assert tree.import_root(root / file, root) == root / base
    assert tree.module_name(root / file, root / base) == module


def test_links_in_a_circle_end(project):
    root = project({"shop/app.py": ""})
    (root / "shop" / "again").symlink_to(root, target_is_directory=True)
    assert [file.name for file in tree.python_files(root)] == ["app.py"]


def test_the_number_of_files_is_bounded(project, monkeypatch):
    monkeypatch.setattr(tree, "MOST_FILES", 3)
    root = project({f"shop/m{n}.py": "" for n in range(9)})
    assert len(list(tree.python_files(root))) == 3


def test_large_and_missing_files_have_no_text(project):
    root = project({"big.py": "x" * (tree.MOST_BYTES + 1)})
    assert tree.text(root / "big.py") is None
    assert tree.text(root / "missing.py") is None
    assert tree.text(root) is None


CLOSED = """
import os, sys
from pathlib import Path
from brinell.subject.discover import look
root = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)  # root may enter everywhere
facts = look(root)
print(facts.packages, facts.suite.files)
"""


def test_a_folder_that_may_not_be_entered_is_passed_over():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "shop").mkdir()
        (root / "shop" / "__init__.py").touch()
        closed = [root / "tests", root / "src"]
        for folder in closed:
            folder.mkdir(mode=0o600)
        root.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", CLOSED, name], capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
    assert done.returncode == 0, done
    assert done.stdout.strip() == "('shop',) 0"
