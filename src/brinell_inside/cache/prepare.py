"""From the job to a cache that is filled and ready to be asked. PYTEST_DONT_REWRITE."""

import asyncio
import os
import struct
import time

from brinell_inside.cache import crowds
from brinell_inside.cache import subject as subjects
from brinell_inside.cache.operations import Operations, word
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.users import ENTRY, CacheLoop, CacheThreads
from brinell_inside.calls import target
from brinell_inside.calls.rehearsal import own_ns
from brinell_inside.calls.told import detail_of

_TRIED = (1 << 30) - 1  # a key that no workload reaches
_REHEARSED = 400
_REHEARSED_KEYS = 50
_AT_ONCE = 256


def prepare(job, told, dues_fd):
    """Find everything that is named; return what makes it ready, and what it is."""
    table, root, name = job["cache"], job["root"], job["call"]
    target.prepare_path(root, name.partition(":")[0])
    subjects.look(name, table["methods"], root)
    for function in (table["stampede"], table["loader"]):
        if function and ":" in function:
            target.find(function, root)

    def work():
        made = subjects.subject(name, table["methods"], root)
        _try(made, name, table, root)
        side = subjects.Side(made.loop)
        stamps = Stamps(table["value"])
        operations = Operations(made, side, stamps, table)
        told.say("filled", mode=made.mode, **_fill(operations, side, dues_fd, table["fill_s"], root))
        if table["stampede"]:
            _load_at_once(made, operations, stamps, job, told)
        if table["probe"] and made.delete is not None:
            crowds.deleted_under_readers(operations, side, stamps, told)
        return _maker(made.loop, operations.carry_out, told, root), _own_ns(made.mode, table, root)

    hello = {"v": 1, "python": target.version(), "pid": os.getpid(), "mode": "cache", "name": name}
    return work, hello


def _maker(loop, carry_out, told, root):
    return CacheThreads(carry_out, told) if loop is None else CacheLoop(carry_out, told, loop, root)


def _try(made, name, table, root):
    """One set, get and delete: whether they can be called so, and whether they are awaited."""
    stamps = Stamps(table["value"])
    key = table["key"].replace("{key}", str(_TRIED)) if table["key"] != "{key}" else _TRIED
    steps = [("set", lambda: made.set(key, stamps.begin(_TRIED, 100), **table["set_options"]))]
    steps.append(("get", lambda: made.get(key)))
    if made.delete is not None:
        steps.append(("delete", lambda: made.delete(key)))
    for step, call in steps:
        try:
            made.settle(call())
        except KeyError:
            continue
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the project's code may raise anything here
            message = "%s: the first %s failed with %s" % (name, step, detail_of(error, root))
            raise target.Refused("cache-error", message) from None


def _fill(operations, side, dues_fd, fill_s, root):
    """Put in what comes through the pipe, until its end marker; what is beyond the time is only counted."""
    began = time.monotonic()
    told = {"wanted": 0, "filled": 0, "why": ""}

    async def put(words):
        for given in words:
            await operations.put(given >> 31, given >> 11 & 0xFFFFF)
            told["filled"] += 1
            if time.monotonic() - began > fill_s:
                told["why"] = "it took longer than %g s" % fill_s
                break
        return True

    while True:
        data = os.read(dues_fd, ENTRY.size * _AT_ONCE)
        if not data:
            os._exit(3)  # nobody is left to tell
        words = [given for _, given in ENTRY.iter_unpack(data)]
        is_last = words[-1] < 0
        words = words[:-1] if is_last else words
        told["wanted"] += len(words)
        if words and not told["why"]:
            result = side.together([lambda words=words: put(words)], fill_s + 5.0)[0]
            if result is not True:
                told["why"] = "a set did not come to an end" if result is None else detail_of(result, root)
        if is_last:
            return dict(told, seconds=time.monotonic() - began)


def _load_at_once(made, operations, stamps, job, told):
    table, root = job["cache"], job["root"]
    name = table["stampede"]
    if ":" in name:
        get = target.find(name, root)
    else:
        get = getattr(made.object, name, None)
        if not callable(get):
            raise target.Refused("no-function", "the cache has no method %s" % name)
    is_async = target.is_async(get)
    if is_async and made.loop is None:
        made.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(made.loop)
    side = subjects.Side(made.loop if is_async else None)
    loading = crowds.Loading(get, table, side, root)
    crowds.stampedes(loading, operations, side, table, told)
    if loading.in_place or made.delete is None or not table["probe"]:
        why = "the cache has no delete" if made.delete is None else "what the project's own loader loads is not known"
        told.say("stale", how="loading", keys=0, reads=0, stale=0, why=why, example="")
    else:
        crowds.deleted_under_loads(loading, operations, side, stamps, told)


def _own_ns(mode, table, root):
    """What our part of an operation costs: reads of a dictionary that has everything."""
    made, stamps = subjects.Subject({}, {}), Stamps(table["value"])
    operations = Operations(made, subjects.Side(None), stamps, dict(table, set_options={}))
    for key in range(_REHEARSED_KEYS):
        subjects.plain(operations.put(key, 100))
    words = [each for number in range(_REHEARSED) for each in (number, word(0, number % _REHEARSED_KEYS))]

    def make(told, loop):
        return _maker(loop, operations.carry_out, told, root)

    return own_ns(make, struct.pack("=%dq" % len(words), *words), root, is_async=mode == "async")
