"""A function that caches what it loads: asked by key, and a hit where its loader did not run. PYTEST_DONT_REWRITE."""

from brinell_inside.cache.operations import GET, HIT, LOAD, Operations
from brinell_inside.calls import target
from brinell_inside.calls.told import detail_of

TRIED_KEYS = 3


class Through(Operations):
    """Reads of a function that loads by itself; to fill its cache is to read, too."""

    def __init__(self, made, loading, side, stamps, job):
        Operations.__init__(self, made, side, stamps, job)
        self._loading = loading

    async def read(self, number, size):  # noqa: ARG002 - a value is as large as it is loaded
        """A call. A load that another call began, or that runs behind its back, is not this one's."""
        return GET + LOAD if await self._loading.loads_of(self._loading.get(self.key(number), None)) else HIT

    async def put(self, number, size):  # noqa: ARG002 - as above
        """A call as well."""
        await self._loading.get(self.key(number), None)


def try_function(made, table, name, root):
    """Call it for a few keys, the last ones. ``Refused`` where that fails."""
    for number in range(table["keys"] - 1, max(-1, table["keys"] - 1 - TRIED_KEYS), -1):
        key = number if table["key"] == "{key}" else table["key"].replace("{key}", str(number))
        try:
            made.settle(made.get(key))
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the project's code may raise anything here
            message = "%s(%r) failed with %s" % (name, key, detail_of(error, root))
            raise target.Refused("cache-error", message) from None
