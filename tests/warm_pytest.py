"""Started by ``conftest.py`` files: an interpreter that has loaded pytest, and is forked for each command.

With ``plugins`` behind it, with the plug-ins of its environment. Python 3.8 syntax, as it runs in every interpreter
that is tried. Reads one JSON object a line, ``{"args", "cwd", "env", "out", "err"}``, is ``python -m pytest ARGS`` or,
with ``script``, ``python SCRIPT ARGS`` in a child whose output goes into the two files, and prints its status.
"""

import json
import os
import runpy
import sys
import tempfile
from pathlib import Path


def warm():
    """Load what every pytest loads, and nothing of a project's: in an empty folder."""
    if "plugins" in sys.argv[1:]:
        import coverage  # noqa: F401 - loaded for the children
    else:
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    del sys.path[0]  # where this file is
    import pytest

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pytest.main(["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--collect-only"])
        os.chdir("/")


def become(request):
    """Be as a process that was started so; return the script that it runs, if it runs one."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    for number, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        opened = os.open(name, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    added = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    script = request.get("script")
    sys.path[:0] = [str(Path(script).parent) if script else request["cwd"], *added]
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.argv = [script or "pytest", *request["args"]]
    return script


def main():
    requests, replies = sys.stdin, os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)
    warm()
    for line in requests:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            os.close(replies)
            script = become(json.loads(line))
            if script:
                runpy.run_path(script, run_name="__main__")
            else:
                runpy.run_module("pytest", run_name="__main__", alter_sys=True)
            return
        _, ended = os.waitpid(child, 0)
        status = os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else -os.WTERMSIG(ended)
        os.write(replies, b"%d\n" % status)


main()
