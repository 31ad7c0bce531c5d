"""Whether forking this process is sound, and what its children left behind. PYTEST_DONT_REWRITE."""

import os
import signal
import sys
import threading
import time
import warnings

from brinell_inside.serve.worker import go_on_with, seeded_state

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_prctl = None  # once it is known
_LOOKS = 10
_LOOK_S = 0.01
_FORBIDS = {  # module -> why its state does not survive a fork
    "grpc._cython.cygrpc": "gRPC is loaded, whose core does not survive a fork",
    "tensorflow": "TensorFlow is loaded, whose thread pools do not survive a fork",
    "jaxlib.xla_extension": "JAX is loaded, whose thread pools do not survive a fork",
    "ray._raylet": "Ray is loaded, whose core worker does not survive a fork",
}


def why_not():
    """Why this process must not be forked after collection; "" if it may."""
    if not sys.platform.startswith("linux") or not hasattr(os, "fork"):
        return "forking is only sound on Linux"
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    names = sorted(thread.name for thread in others if not _harmless(thread))
    native = _native_threads(1 + len(others)) - 1 - len(others)
    if names or native > _blas_threads():
        what = ", ".join(names[:5]) or "started by a native library"
        return "%d thread(s) run after collection: %s" % (max(len(names), native), what)
    for module, reason in _FORBIDS.items():
        if module in sys.modules:
            return reason
    return ""


def _blas_threads():
    """As many threads as the idle pools of OpenBLAS may have, which it ends and begins anew around a fork itself."""
    pools = sum(name in sys.modules for name in ("numpy", "scipy.linalg"))
    return pools * max((os.cpu_count() or 1) - 1, 0)


def _harmless(thread):
    """Whether it waits in a system call for something that no child needs: pytest-rerunfailures' server for xdist."""
    return getattr(getattr(thread, "_target", None), "__module__", "") == "pytest_rerunfailures"


def fork():
    """``os.fork``; what the project seeded is as it was, where Python seeds ``random`` anew in every child."""
    kept = seeded_state()
    child = _fork()
    if not child:
        go_on_with(kept)
    return child


def _fork():
    """``os.fork`` without Python's warning about the harmless thread, which a project may have made an error."""
    if threading.active_count() == 1:
        return os.fork()
    quiet = warnings.catch_warnings()
    quiet.__enter__()
    try:
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
    finally:  # in both processes
        quiet.__exit__(None, None, None)


def _native_threads(expected):
    """As the kernel counts them. It lists a thread for a moment longer than ``join`` waits for it: look again."""
    limit = expected + _blas_threads()
    for _ in range(_LOOKS):
        try:
            count = len(os.listdir("/proc/self/task"))
        except OSError:
            return 1
        if count <= limit:
            break
        time.sleep(_LOOK_S)
    return count


def adopt_orphans():
    """Become the reaper of grandchildren whose parent has gone; without ctypes they go to the tool's guard."""
    global _prctl  # noqa: PLW0603 - found once, before the children need it
    try:
        import ctypes  # noqa: PLC0415 - a Python may be built without it

        _prctl = ctypes.CDLL(None, use_errno=True).prctl
        _prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except Exception:  # noqa: BLE001 - the guard ends them
        return


def end_with_parent(parent):
    """In a child: die at once when the server does, so that nobody takes the next test for the one that killed it."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def tell_kills(parent, say):
    """Call ``say`` before Python code sends a signal to ``parent`` or its group: what follows comes from that."""
    group = os.getpgid(parent)

    def hear(event, arguments):
        if event == "os.kill":
            if arguments[0] in (parent, -group, -1) and arguments[1]:
                say()
        elif event == "os.killpg" and arguments[0] == group and arguments[1]:
            say()

    sys.addaudithook(hear)


def orphans():
    """Ids of this process's children; call it while it has none of its own."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as file:
            return [int(pid) for pid in file.read().split()]
    except (OSError, ValueError):
        return []
