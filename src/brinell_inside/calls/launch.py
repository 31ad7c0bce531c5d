"""Make the calls of one job; ``brinell_inside/calls/__init__.py`` has the protocol. PYTEST_DONT_REWRITE."""

import asyncio
import importlib.util
import inspect
import json
import os
import struct
import sys
import threading
import time

_PACKAGE = "brinell_inside"
_OLDEST = (3, 8)
_MOMENT_S = 1.0
_REHEARSED = 400  # calls of a function that does nothing


def load_package(folder):
    """Make ``brinell_inside`` importable from ``folder``, and nothing else."""
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = module
    spec.loader.exec_module(module)


def main(argv):
    """Do the job; the result is the exit status."""
    fds = {name: int(number) for name, number in zip(argv[1::2], argv[2::2])}  # noqa: B905 - strict needs 3.10
    words = os.fdopen(fds["--words"], "rb", buffering=0)
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]
    job = json.loads(_line(words).decode("utf-8"))
    if sys.version_info < _OLDEST:
        return _too_old(fds["--told"])
    load_package(os.path.dirname(here))
    from brinell_inside.calls.told import Told  # noqa: PLC0415 - importable only now

    told = Told(fds["--told"], job.get("timeout_ns", 0), job["root"])
    from brinell_inside.calls.target import Refused  # noqa: PLC0415 - as above

    try:
        work, hello = _prepare_cache(job, told, fds["--dues"]) if job.get("cache") else _prepare(job, told)
        told.say("hello", **hello)
        if job.get("look"):
            return 0
        made, own_ns = work()
    except Refused as refused:
        told.say("refused", why=refused.why, message=refused.message, near=refused.near, trace=refused.trace)
        return 0
    told.say("ready", own_ns=own_ns)
    return _carry_out(job, told, made, words, fds["--dues"])


def _too_old(fd):
    """Say so; what the other modules import may be missing here."""
    message = "Python %d.%d is too old; supported is 3.8 and newer" % sys.version_info[:2]
    content = json.dumps({"kind": "refused", "why": "old-python", "message": message, "near": "", "trace": []})
    os.write(fd, struct.pack("=cI", b"L", len(content)) + content.encode("ascii"))
    return 0


def _prepare(job, told):
    """Find what is to be called; return what makes it ready, and what it is."""
    from brinell_inside.calls import target  # noqa: PLC0415 - importable only now

    root, name, args, kwargs = job["root"], job["call"], list(job.get("args", ())), dict(job.get("kwargs", {}))
    target.prepare_path(root, name.partition(":")[0])
    function = target.find(name, root)
    setup = target.find(job["setup"], root) if job.get("setup") else None
    target.check_arguments(name, function, ([None] if setup else []) + args, kwargs)
    mode = "async" if target.is_async(function) else "sync"

    def work():
        loop = asyncio.new_event_loop() if mode == "async" else None
        if loop is not None:
            asyncio.set_event_loop(loop)
        first = [] if setup is None else [_set_up(setup, job["setup"], loop, root)]
        return _maker(mode, (function, first + args, kwargs), told, loop, root), _own_ns(mode, root)

    hello = {"v": 1, "python": target.version(), "pid": os.getpid(), "mode": mode, "name": name}
    return work, hello


def _prepare_cache(job, told, dues_fd):
    """The same for a cache."""
    from brinell_inside.cache.prepare import prepare  # noqa: PLC0415 - importable only now

    return prepare(job, told, dues_fd)


def _set_up(setup, name, loop, root):
    from brinell_inside.calls import target, told  # noqa: PLC0415 - importable only now

    try:
        given = setup()
        if inspect.isawaitable(given):
            given = loop.run_until_complete(given) if loop is not None else asyncio.run(_awaited(given))
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the project's code may raise anything here
        raise target.Refused("setup-error", "%s failed with %s" % (name, told.detail_of(error, root))) from None
    return given


async def _awaited(given):
    return await given


def _maker(mode, call, told, loop, root):
    if mode == "async":
        from brinell_inside.calls.loop import Loop  # noqa: PLC0415 - importable only now

        return Loop(call, told, loop, root)
    from brinell_inside.calls.threads import Threads  # noqa: PLC0415 - importable only now

    return Threads(call, told)


def _own_ns(mode, root):
    """Processor time that one call costs beside the function itself: calls of one that does nothing."""
    from brinell_inside.calls.rehearsal import own_ns  # noqa: PLC0415 - importable only now

    def nothing():
        return None

    async def nothing_async():
        return None

    function = nothing_async if mode == "async" else nothing

    def make(told, loop):
        return _maker(mode, (function, [], {}), told, loop, root)

    return own_ns(make, struct.pack("=%dq" % _REHEARSED, *range(_REHEARSED)), root, is_async=mode == "async")


def _carry_out(job, told, made, words, dues_fd):
    """From the order to start to the last record."""
    go = json.loads(_line(words).decode("utf-8"))
    if go["kind"] != "go":
        return _end(told, made)
    told.start()
    while time.monotonic_ns() < go["start_ns"]:
        time.sleep(max(0.0, (go["start_ns"] - time.monotonic_ns()) / 1e9))
    finished = threading.Event()
    threading.Thread(target=_await_finish, args=(words, made, finished), name="brinell-words", daemon=True).start()
    made.begin(job["users"], dues_fd, _turns(go))
    if go["closed"]:
        told.over = lambda: made.idle
    made.wait()
    finished.wait()
    while os.read(dues_fd, 65536):  # what nobody has taken yet must not begin any more
        pass
    return _end(told, made)


def _turns(go):
    """When users of the closed model come back; None in an open one."""
    if not go["closed"]:
        return None
    from brinell_inside.calls.turns import Turns  # noqa: PLC0415 - importable only now

    return Turns(go["until_ns"], go.get("most"), go.get("think_ns", (0, 0)), go.get("gap_ns", 0), go.get("seed", ""))


def _await_finish(words, made, finished):
    _line(words)
    finished.set()
    made.stop()


def _end(told, made):
    until = time.monotonic() + _MOMENT_S
    while not (made.idle or told.held) and time.monotonic() < until:
        time.sleep(0.01)  # whoever has no call under way is about to hear that there are no more
    is_idle = made.idle
    if told.is_started:
        told.finish()
    told.say("done")
    if not is_idle:
        os._exit(0)  # what is still under way cannot be ended, and would keep the process
    return 0


def _line(words):
    """The next line; ends the process where nobody is left."""
    line = b""
    while not line.endswith(b"\n"):
        part = words.readline()
        if not part:
            os._exit(3)
        line += part
    return line


if __name__ == "__main__":
    sys.exit(main(sys.argv))
