"""From ``module:object`` to something that has get, set and delete. PYTEST_DONT_REWRITE."""

import asyncio
import inspect
import threading
import time

from brinell_inside.calls import target
from brinell_inside.calls.told import detail_of

_NAMES = {
    "get": ("get", "__getitem__"),
    "set": ("set", "__setitem__", "put"),
    "delete": ("delete", "__delitem__", "remove"),
}


class Subject:
    """``get``, ``set`` and ``delete`` (None: it has none) of a cache. ``loop`` is None unless one of them is async.

    A miss gives None or ``absent``, or raises one of ``missing``.
    """

    absent = None
    missing = (KeyError,)

    @classmethod
    def of(cls, function):
        """What only has a get, which is the function itself."""
        made = cls.__new__(cls)
        made.object = made.get = function
        made.set = made.delete = made.loop = None
        return made

    def __init__(self, found, methods):
        self.object = found
        self.get = _method(found, "get", methods)
        self.set = _method(found, "set", methods)
        self.delete = _method(found, "delete", methods)
        self.loop = None

    def settle(self, given):
        """The value of what a call gave, which may have to be awaited."""
        if not inspect.isawaitable(given):
            return given
        self.need_loop()
        return self.loop.run_until_complete(_awaited(given))

    def need_loop(self):
        """See to it that there is one."""
        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)

    @property
    def mode(self):
        """Whether it is awaited."""
        return "sync" if self.loop is None else "async"


async def _awaited(given):
    return await given


def look(name, methods, root):
    """``Refused`` unless the object is there, and is a cache or makes one."""
    found = target.attribute(name, root)
    if not (_is_cache(found, methods) or callable(found)):
        raise _no_cache(name, found, methods)
    return found


def subject(name, methods, root):
    """The cache itself: an object that is none but can be called is called once, without arguments."""
    found = look(name, methods, root)
    loop = None
    if not _is_cache(found, methods):
        maker = Subject.of(found)
        try:
            found = maker.settle(found())
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the project's code may raise anything here
            raise target.Refused("cache-error", "%s() failed with %s" % (name, detail_of(error, root))) from None
        loop = maker.loop
        if not _is_cache(found, methods):
            raise _no_cache(name + "()", found, methods)
    made = Subject(found, methods)
    made.loop = loop
    return made


def _method(found, role, methods):
    names = (methods[role],) if role in methods else _NAMES[role]
    return next((getattr(found, name) for name in names if hasattr(found, name)), None)


def _is_cache(found, methods):
    if inspect.isclass(found):
        return False  # its methods want an object: it is called to make one
    return _method(found, "get", methods) is not None and _method(found, "set", methods) is not None


def _no_cache(name, found, methods):
    wanted = " and ".join("/".join([methods[role]] if role in methods else _NAMES[role][:2]) for role in ("get", "set"))
    return target.Refused("no-cache", "%s is of the type %s, which has no %s" % (name, type(found).__name__, wanted))


class Side:
    """Several coroutines at once: in threads of their own where nothing is awaited, else as tasks of the loop."""

    def __init__(self, loop):
        self._loop = loop

    @property
    def is_async(self):
        """Whether there is a loop."""
        return self._loop is not None

    async def pause(self, seconds):
        """Wait."""
        if self._loop is None:
            time.sleep(seconds)  # noqa: ASYNC251 - a thread of its own, in which nothing is awaited
        else:
            await asyncio.sleep(seconds)

    def together(self, works, patience_s):
        """Do all of them, each a function that gives a coroutine; return what each gave or raised, None: no end."""
        return self._threads(works, patience_s) if self._loop is None else self._tasks(works, patience_s)

    def _threads(self, works, patience_s):
        gate, found = threading.Barrier(len(works)), [None] * len(works)

        def one(number, work):
            try:
                gate.wait()
                found[number] = plain(work())
            except BaseException as error:  # noqa: BLE001 - whatever it raises is its result
                found[number] = error

        threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in enumerate(works)]
        try:
            for thread in threads:
                thread.start()
        except RuntimeError as error:  # a limit of the system's
            gate.abort()
            raise target.Refused("no-threads", "%d callers at once are too many: %s" % (len(works), error)) from None
        until = time.monotonic() + patience_s
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        return found

    def _tasks(self, works, patience_s):
        async def all_of_them():
            tasks = [asyncio.ensure_future(work()) for work in works]
            await asyncio.wait(tasks, timeout=patience_s)
            return [_result(task) for task in tasks]

        return self._loop.run_until_complete(all_of_them())


def _result(task):
    if not task.done():
        task.cancel()
        return None
    return asyncio.CancelledError() if task.cancelled() else task.exception() or task.result()


def plain(coroutine):
    """The result of a coroutine that awaits nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise TypeError("it awaited something the second time, and nothing the first time")
