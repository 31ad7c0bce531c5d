"""From the job to a cache that is filled and ready to be asked. PYTEST_DONT_REWRITE."""

import os
import struct
import time

from brinell_inside.cache import crowds
from brinell_inside.cache import subject as subjects
from brinell_inside.cache.after_miss import after_miss
from brinell_inside.cache.alike import alike
from brinell_inside.cache.blocking import blocking
from brinell_inside.cache.entries import Entries
from brinell_inside.cache.failing import NEEDED_KEYS, failing
from brinell_inside.cache.first_calls import try_out
from brinell_inside.cache.lifetimes import lifetimes
from brinell_inside.cache.operations import Operations, word
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.through import TRIED_KEYS, Collisions, Through, shared, try_function
from brinell_inside.cache.users import ENTRY, CacheLoop, CacheThreads
from brinell_inside.calls import target
from brinell_inside.calls.rehearsal import own_ns
from brinell_inside.calls.told import detail_of

_REHEARSED = 400
_REHEARSED_KEYS = 50
_AT_ONCE = 256
_LONGEST_LIFE_S = 6.0  # of the wait for entries that a crowd is to find ended


def prepare(job, told, dues_fd):
    """Find everything that is named; return what makes it ready, and what it is."""
    table, root, name = job["cache"], job["root"], job["call"]
    target.prepare_path(root, name.partition(":")[0])
    if table["through"]:
        target.find(name, root)
    else:
        subjects.look(name, table["methods"], root)
    for function in (table["stampede"], table["loader"]):
        if function and ":" in function:
            target.find(function, root)

    def work():
        make = _function if table["through"] else _object
        made, operations = make(job, told, dues_fd)
        maker = _maker(made.loop, operations.carry_out, told, root)
        maker.entries = Entries(made.object, told, _roots(made, table, root))
        return maker, _own_ns(made.mode, table, root)

    hello = {"v": 1, "python": target.version(), "pid": os.getpid(), "mode": "cache", "name": name}
    return work, hello


def _roots(made, table, root):
    """Where containers of the cache may be found, by name."""
    own = table["through"] or type(made.object).__module__ != "builtins"
    roots = [(type(made.object).__name__ if not table["through"] else "", made.object)] if own else []
    if table["stampede"] and ":" in table["stampede"]:
        roots.append(("", target.find(table["stampede"], root)))
    return roots


def _object(job, told, dues_fd):
    """An object with get and set: tried, filled, and asked by many at once."""
    table, root, name = job["cache"], job["root"], job["call"]
    made = subjects.subject(name, table["methods"], root)
    try_out(made, name, table, root)
    side = subjects.Side(made.loop)
    stamps = Stamps(table["value"])
    operations = Operations(made, side, stamps, table)
    if made.loop is not None:
        blocking(operations, made, root, told)
    if table["probe"] and made.delete is not None and table["key"] != "{key}":
        alike(operations, side, told)
    if table["probe"]:
        after_miss(operations, side, told)
    if table["expires_s"]:
        lifetimes(operations, side, table["expires_s"], told)
    told.say("filled", mode=made.mode, **_fill(operations, side, dues_fd, table["fill_s"], root))
    if table["stampede"]:
        _load_at_once(made, operations, stamps, job, told)
    if table["probe"] and made.delete is not None:
        crowds.deleted_under_readers(operations, side, stamps, told)
    return made, operations


def _function(job, told, dues_fd):
    """A function that loads by itself: asked by many at once for keys that are not there, then filled."""
    table, root, name = job["cache"], job["root"], job["call"]
    made = subjects.Subject.of(target.find(name, root))
    loading = crowds.Loading(made.get, table, subjects.Side(None), root)
    loading.held_up_s = 0.0
    try_function(made, table, name, root)
    loading.held_up_s = loading.loader_s
    if target.is_async(made.get):
        made.need_loop()
    side = subjects.Side(made.loop)
    loading.side = side
    operations = Through(made, loading, side, Stamps(table["value"]), table)
    cold = max(0, table["keys"] - TRIED_KEYS - table["cold_keys"])
    crowds.stampedes(loading, operations, table, told, cold)
    loading.held_up_s = table["loader_s"]
    if table["cold_keys"]:
        shared(operations, loading, told, cold)
        cold = max(0, cold - NEEDED_KEYS)
        failing(loading, operations, told, cold)
        operations.collisions = Collisions(cold)
    told.say("filled", mode=made.mode, **_fill(operations, side, dues_fd, table["fill_s"], root))
    if operations.collisions is not None:
        operations.collisions.tell(told)
        operations.collisions = None
    if table["cold_keys"] and not loading.total:
        message = "%s never ran while %s was called for different keys: " % (table["loader"], name)
        message += "name what it calls as it is looked up there, and begin with an empty cache"
        raise target.Refused("no-loads", message)
    return made, operations


def _maker(loop, carry_out, told, root):
    return CacheThreads(carry_out, told) if loop is None else CacheLoop(carry_out, told, loop, root)


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
    if is_async:
        made.need_loop()
    side = subjects.Side(made.loop if is_async else None)
    loading = crowds.Loading(get, table, side, root)
    crowds.stampedes(loading, operations, table, told)
    if table["expires_s"] and 2 * table["expires_s"] <= _LONGEST_LIFE_S:
        crowds.ended_stampedes(loading, operations, table, told)
    if loading.in_place or made.delete is None or not table["probe"]:
        why = "the cache has no delete" if made.delete is None else "what the project's own loader loads is not known"
        told.say("stale", how="loading", keys=0, reads=0, stale=0, why=why, example="")
    else:
        crowds.deleted_under_loads(loading, operations, side, stamps, told)
    if table["probe"]:
        failing(loading, operations, told)
    loading.restore()


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
