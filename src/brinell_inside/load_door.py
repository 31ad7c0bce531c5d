"""The door from the ``brinell_load`` fixture to the tool, which is imported by the first test that asks for it.

Where only this package is at hand (``brinell suite`` uses the project's own interpreter), there is no tool to import,
and the fixture says so. PYTEST_DONT_REWRITE.
"""

import importlib
import os
import shlex
import sys

import pytest

_TOOL = "brinell.cli.load_in_test"
_THREADS = "OPENBLAS_NUM_THREADS"


def open_door(request):
    """What the fixture gives: a callable that runs a load scenario and asserts its thresholds."""
    before = os.environ.get(_THREADS)
    # numpy would start a thread for every core, and tests that fork would be warned of it.
    os.environ.setdefault(_THREADS, "1")
    try:
        tool = importlib.import_module(_TOOL)
    except ImportError as error:
        where = "%s -m pip install FOLDER, which is Brinell's clone" % shlex.quote(sys.executable)
        pytest.fail("brinell_load needs Brinell in the interpreter of the tests (%s): %s" % (error, where))
    finally:
        if before is None:
            del os.environ[_THREADS]
    folder = request.getfixturevalue("tmp_path_factory").mktemp("brinell-load", numbered=True)
    return tool.LoadInTest(str(request.config.rootpath), str(folder))
