from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src"
ASK = "\nfrom brinell_inside.serve.forkable import why_not\nprint(why_not())\n"


def ask(before="", python=sys.executable):
    code = f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{before}{ASK}"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_a_plain_process_may_be_forked():
    assert not ask()


def test_a_thread_is_named():
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), name='pump', daemon=True).start()"
    assert ask(code) == "1 thread(s) run after collection: pump"


def test_a_thread_that_ended_does_not_matter():
    assert not ask("import threading\nt = threading.Thread(target=int)\nt.start(); t.join()")


def test_a_thread_that_python_does_not_know():
    native = """
import _thread, time
_thread.start_new_thread(time.sleep, (600,))
time.sleep(0.1)"""
    assert ask(native) == "1 thread(s) run after collection: started by a native library"


@pytest.mark.parametrize("module", ["grpc._cython.cygrpc", "tensorflow", "ray._raylet"])
def test_libraries_that_do_not_survive(module):
    assert "does not survive a fork" in (said := ask(f"sys.modules[{module!r}] = sys")) or "do not survive" in said


def test_pools_that_numpy_ends_itself_are_let_pass():
    pytest.importorskip("numpy")
    assert not ask("import numpy\nnumpy.ones((300, 300)) @ numpy.ones((300, 300))")


def test_a_platform_without_a_sound_fork():
    assert ask("sys.platform = 'darwin'") == "forking is only sound on Linux"


def test_orphans_come_to_who_adopts_them():
    code = """
import os, time
from brinell_inside.serve.forkable import adopt_orphans, orphans
adopt_orphans()
assert orphans() == []
r, w = os.pipe()
child = os.fork()
if not child:
    grandchild = os.fork()
    if grandchild:
        os.write(w, b"%d" % grandchild)
    else:
        time.sleep(60)
    os._exit(0)
grandchild = int(os.read(r, 20))
os.waitpid(child, 0)
assert orphans() == [grandchild]
os.kill(grandchild, 9); os.waitpid(grandchild, 0)
assert orphans() == []"""
    assert not ask(code)


def test_the_warning_about_a_harmless_thread_is_not_raised():
    code = """
import os, threading, time, warnings
from brinell_inside.serve.forkable import fork
warnings.simplefilter("error")
threading.Thread(target=time.sleep, args=(0.2,)).start()
pid = fork()
if not pid: os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert warnings.filters[0][0] == "error"
for thread in threading.enumerate():
    if thread is not threading.main_thread(): thread.join()"""
    assert not ask(code)


@pytest.mark.parametrize(
    ("before", "same"),
    [("random.seed(7)", True), ("random.seed(7); random.random()", True), ("random.random()", False)],
)
def test_children_have_what_the_project_seeded_and_else_numbers_of_their_own(before, same):
    code = f"""
import os, random
from brinell_inside.serve import worker
from brinell_inside.serve.forkable import fork
worker.remember_random()
{before}
def child():
    reading, writing = os.pipe()
    if not fork():
        os.write(writing, b"%d %a" % (worker.seeded_before(), random.random()))
        os._exit(0)
    os.wait()
    return os.read(reading, 100)
one, other = child(), child()
assert (one == other) is {same}, (one, other)
assert one.startswith(b"{same:d} "), one
"""
    path = f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
    subprocess.run([sys.executable, "-c", path + code], check=True, timeout=60)
