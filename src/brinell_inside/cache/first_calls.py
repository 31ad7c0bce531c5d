"""The first calls of a cache: whether it can be called so, whether it is awaited, and what a miss looks like.

PYTEST_DONT_REWRITE.
"""

from brinell_inside.cache.stamps import Stamps, WrongValue
from brinell_inside.calls import target
from brinell_inside.calls.told import detail_of

TRIED = (1 << 30) - 1  # a key that no workload reaches


def try_out(made, name, table, root):
    """Get what is not there, set it, get it, delete it. ``Refused`` where one of them fails that must not."""
    stamps = Stamps(table["value"])
    key = table["key"].replace("{key}", str(TRIED)) if table["key"] != "{key}" else TRIED

    def do(step, call):
        try:
            return made.settle(call())
        except KeyError:
            return None
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            message = "%s: the first %s failed with %s" % (name, step, detail_of(error, root))
            raise target.Refused("cache-error", message) from error

    if made.delete is not None:  # what an earlier run has left
        do("delete", lambda: made.delete(key))
    missing = None
    try:
        absent = do("get", lambda: made.get(key))
    except target.Refused as refused:
        absent, missing = None, type(refused.__cause__)
        if missing.__module__ == "builtins" and not issubclass(missing, LookupError):
            raise  # what it says of a key that is not there it says of itself
    do("set", lambda: made.set(key, stamps.begin(TRIED, 100), **table["set_options"]))
    do("get", lambda: made.get(key))
    if made.delete is not None:
        do("delete", lambda: made.delete(key))
    if missing is not None:
        made.missing = (*made.missing, missing)
    if absent is not None and not _is_stamped(stamps, absent):
        made.absent = absent


def _is_stamped(stamps, value):
    """Whether it is what an earlier run has left."""
    try:
        stamps.parts(value)
    except (WrongValue, TypeError, ValueError):
        return False
    return True
