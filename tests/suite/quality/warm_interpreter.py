"""Run by ``conftest.py``: an interpreter in which pytest and its plug-ins are loaded, and that is forked per question.

Reads one JSON object a line, ``{"script", "argv", "cwd", "env", "out", "err"}``, runs the script as ``__main__`` in a
child whose output goes into the two files, and prints the child's exit status.
"""

import json
import os
import runpy
import sys
import tempfile
from pathlib import Path

REQUESTS, REPLIES = sys.stdin, os.dup(1)


def warm():
    """Load what every question loads. Nothing of a project's: the folder is empty and the environment is ours."""
    import coverage  # noqa: F401 - loaded for the children
    import pytest

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pytest.main(["-q", "-p", "no:cacheprovider", "-W", "ignore", "--markers"])
        os.chdir("/")


def become(request):
    """Be the process that was asked for."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for number, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        opened = os.open(name, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    sys.path.insert(0, str(Path(request["script"]).parent))
    sys.argv = [request["script"], *request["argv"]]


os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
warm()
for line in REQUESTS:
    asked = json.loads(line)
    sys.stdout.flush()
    child = os.fork()
    if not child:
        break
    _, ended = os.waitpid(child, 0)
    os.write(REPLIES, b"%d\n" % os.waitstatus_to_exitcode(ended))
else:
    sys.exit()
os.close(REPLIES)
become(asked)
runpy.run_path(asked["script"], run_name="__main__")
