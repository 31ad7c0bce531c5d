"""The table ``cache`` of a scenario: the keys it takes, and what does not go together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from msgspec import Meta

from brinell.config import calls, checks
from brinell.config.keys import Key, Keys, read_table
from brinell.config.problems import Place, Problems, Unfit
from brinell.core.key_choice import DISTRIBUTIONS, MOST_BYTES, MOST_KEYS, MOST_SCANNED, OPERATIONS, WORKLOADS, mix_of
from brinell.core.plan import CacheSpec
from brinell.load.cache.address import KEY, is_endpoint, is_store, origin_of, path_in, scheme_of
from brinell.load.cache.changing import change_of, delete_of
from brinell.load.cache.counter import counter_of
from brinell.load.cache.verdicts import stated

CACHE = "cache"
ENDPOINT = "cache-http"  # what the plan calls the driver of an endpoint; nobody writes it, nor those of
STORES = {"redis": "cache-redis", "memcached": "cache-memcached"}
UNWRITTEN = (ENDPOINT, *STORES.values())
_FOR_CACHES = {
    "name", "driver", "cache", "shape", "connections", "workers", "timeout_s", "max_requests", "steady", "thresholds",
}  # fmt: skip
_FOR_ENDPOINTS = _FOR_CACHES | {"headers", "verify_tls", "pid", "calibrate", "shed_after_s", "keep_alive"}
_FOR_STORES = _FOR_CACHES | {"pid", "shed_after_s"}
_OF_STORES = {
    "target", "workload", "mix", "distribution", "exponent", "hot_keys", "hot_ops", "keys", "key", "capacity",
    "value_bytes", "value_sizes", "scan_keys", "load_on_miss", "loader_s", "prefill", "set_options",
}  # fmt: skip
_OF_ENDPOINTS = {
    "target", "workload", "mix", "distribution", "exponent", "hot_keys", "hot_ops", "keys", "capacity", "hit",
    "counter", "update", "delete", "callers", "cold_keys", "probe",
}  # fmt: skip
_OF_FUNCTIONS = {
    "target", "workload", "mix", "distribution", "exponent", "hot_keys", "hot_ops", "keys", "key", "capacity",
    "prefill", "directory", "loader", "loader_s", "callers", "cold_keys",
}  # fmt: skip
_PROBING = {"counter", "update", "delete", "callers", "cold_keys"}  # of an endpoint: whoever names one wants it tried
_ONLY_READ = {"read"}
_ROLES = ("get", "set", "delete")
_VALUES = ("bytes", "text")
_SIZES = ("even", "zipf")
_OPTIONS = {
    "methods": "method", "set_options": "set-option", "load_on_miss": "no-load", "loader_s": "loader-time",
    "prefill": "no-prefill", "probe": "no-probe", "expires_s": "expires",
}  # fmt: skip
_NAME = re.compile(r"[^\W\d]\w*")
_EXAMPLE = 'cache = { target = "shop.cache:cache", workload = "ycsb-b" }'
Count = Annotated[int, Meta(ge=1, le=MOST_KEYS)]
Share = Annotated[float, Meta(gt=0, le=1)]


def keys() -> Keys:
    """Keys of the table."""
    return {
        "target": Key(str, "text", 'target = "shop.cache:cache"', target),
        "workload": Key(str, "text", 'workload = "ycsb-b"', one_of(WORKLOADS)),
        "mix": Key(dict[str, float], "a table of shares", "mix = { read = 0.9, update = 0.1 }", mix),
        "distribution": Key(str, "text", 'distribution = "zipfian"', one_of(DISTRIBUTIONS)),
        "exponent": Key(Annotated[float, Meta(gt=0, le=5)], "a number above 0, at most 5", "exponent = 0.99"),
        "hot_keys": Key(Share, "a share above 0, at most 1", "hot_keys = 0.2"),
        "hot_ops": Key(Share, "a share above 0, at most 1", "hot_ops = 0.8"),
        "keys": Key(Count, f"a whole number from 1 to {MOST_KEYS}", "keys = 10_000"),
        "key": Key(str, "text with {key} in it", 'key = "user:{key}"', key_format),
        "capacity": Key(Annotated[int, Meta(ge=1)], "a whole number of 1 or more", "capacity = 1000"),
        "value_bytes": Key(int | list[int], "a number of bytes, or two", "value_bytes = [100, 10_000]", value_bytes),
        "value_sizes": Key(str, "text", 'value_sizes = "zipf"', one_of(_SIZES)),
        "value": Key(str, "text", 'value = "text"', one_of(_VALUES)),
        "scan_keys": Key(
            Annotated[int, Meta(ge=1, le=MOST_SCANNED)], f"from 1 to {MOST_SCANNED}", "scan_keys = 100", None, "scanned"
        ),
        "load_on_miss": Key(bool, "true or false", "load_on_miss = true", None, "loads"),
        "loader_s": Key(float | str, "a duration, or 0", 'loader_s = "5ms"', loader_s),
        "prefill": Key(bool, "true or false", "prefill = false"),
        "probe": Key(bool, "true or false", "probe = false"),
        "methods": Key(dict[str, str], "a table of names", 'methods = { get = "fetch" }', methods),
        "set_options": Key(dict[str, Any], "a table", "set_options = { ttl = 60 }", checks.payload),
        "directory": Key(str, "text", 'directory = "var/cache"', checks.filled),
        "stampede": Key(str, "text", 'stampede = "shop.cache:get_or_load"', loading),
        "loader": Key(str, "text", 'loader = "shop.users:fetch_user"', calls.target),
        "callers": Key(Annotated[int, Meta(ge=2, le=1000)], "a whole number from 2 to 1000", "callers = 100"),
        "cold_keys": Key(Annotated[int, Meta(ge=1, le=500)], "a whole number from 1 to 500", "cold_keys = 20"),
        "hit": Key(str, "text", 'hit = "X-Cache: HIT"', said_by(stated)),
        "expires_s": Key(float | str, "a duration", 'expires_s = "2s"', checks.duration),
        "counter": Key(str, "text", 'counter = "/metrics#loads_total"', said_by(counter_of)),
        "delete": Key(str, "text", 'delete = "DELETE /users/{key}"', said_by(delete_of)),
        "update": Key(str, "text", 'update = "PUT /users/{key} name={stamp}"', said_by(change_of)),
    }


def read(table: Any, place: Place, problems: Problems) -> CacheSpec | None:
    """Return what the table says; None where something of it will not do."""
    before = len(problems.found)
    values = read_table(table, keys(), place, problems, required=("target",))
    if len(problems.found) > before:
        return None
    usual: dict[str, Any] = {}
    if is_endpoint(values["target"]):
        # What an endpoint's cache does with a miss is its own affair, and nothing is put into it beforehand.
        usual = {"prefill": False, "probe": bool(_PROBING & set(values))}
    is_function = "loader" in values and "stampede" not in values  # it is called with a key, and that is all
    if is_store(values["target"]) or is_function:
        usual = {"probe": False}
    is_read = is_endpoint(values["target"]) or is_function
    usual |= {"workload": "ycsb-c"} if is_read and not {"mix", "workload"} & set(values) else {}
    spec = CacheSpec(**(usual | values))
    for key, unfit in disagreeing(spec, values, set(table)):
        problems.add(place, key, unfit, value=table.get(key))
    return spec if len(problems.found) == before else None


def option_of(key: str) -> str:
    """Return how the command line calls a key of the table, without the dashes."""
    return _OPTIONS.get(key, key.replace("_", "-"))


def placed(spec: CacheSpec) -> dict[str, Any]:
    """Return the fields of ``LoadSpec`` that follow from where the cache is."""
    if is_endpoint(spec.target):
        return {"driver": ENDPOINT, "url": origin_of(spec.target)}
    if is_store(spec.target):  # whose protocol the server that does nothing does not speak
        return {"driver": STORES[scheme_of(spec.target)], "url": spec.target, "calibrate": False}
    return {"driver": CACHE}


def disagreeing(spec: CacheSpec, given: Iterable[str], written: Iterable[str]) -> list[tuple[str, Unfit]]:
    """Return the keys that do not go with the others, and why. ``written`` are the names as they are in the table."""
    found = []
    written = set(written)
    does = {name for name, share in mix_of(spec).shares.items() if share > 0}
    if is_endpoint(spec.target):
        own = Unfit("belongs to an object of the project, and this is an endpoint")
        found += [(key, own) for key in sorted(written - _OF_ENDPOINTS)]
        if does - {"read"} - ({"update"} if spec.update else set()):
            key = "mix" if "mix" in given else "workload"
            why = "an endpoint is only read" + (" and updated" if spec.update else ", where no update is named")
            found.append((key, Unfit(f'{why}: workload = "ycsb-c"')))
    elif spec.through:
        own = Unfit("belongs to an object with get and set, and this is a function that loads (loader, no stampede)")
        found += [(key, own) for key in sorted(written - _OF_FUNCTIONS)]
        if does != _ONLY_READ:
            key = "mix" if "mix" in given else "workload"
            found.append((key, Unfit('a function that loads is only called: workload = "ycsb-c"')))
    elif is_store(spec.target):
        own = Unfit("belongs to an object of the project, and this is a store")
        found += [(key, own) for key in sorted(written - _OF_STORES)]
        if set(spec.set_options) - {"ttl"} or not isinstance(spec.set_options.get("ttl", 0), int):
            found.append(("set_options", Unfit("a store knows only ttl, in whole seconds")))
        if any(letter.isspace() for letter in spec.key):
            found.append(("key", Unfit("a key of a store has no spaces")))
    else:
        own = Unfit("belongs to an endpoint, and this is an object: what a get finds is known")
        found += [(key, own) for key in ("hit", "counter", "update", "delete") if key in written]
    if "mix" in given and "workload" in given:
        found.append(("mix", Unfit("a workload is a mix: give one of both")))
    if spec.value_sizes != "even" and spec.value_bytes[0] == spec.value_bytes[1]:
        found.append(("value_sizes", Unfit("all values have one size: give two with value_bytes")))
    return found


def agree(entry: Mapping[str, Any], known: Iterable[str], place: Place, problems: Problems) -> None:
    """Note keys of the scenario that belong to another driver, or only to this one."""
    is_cache = entry.get("driver") == CACHE
    if not is_cache:
        if CACHE in entry and entry.get("driver") != calls.CALL:
            problems.add(place, CACHE, Unfit('belongs to driver = "cache"'))
        return
    table = entry.get(CACHE)
    where = table.get("target") if isinstance(table, dict) else None
    mine = _FOR_CACHES
    if isinstance(where, str) and (is_endpoint(where) or is_store(where)):
        mine = _FOR_ENDPOINTS if is_endpoint(where) else _FOR_STORES
    for key in known:
        if key in entry and key not in mine | calls.OF_CALLS:
            problems.add(place, key, Unfit("a cache has its own keys, in its table"), value=entry[key])
    if CACHE not in entry:
        problems.add(place, CACHE, Unfit("missing: which cache?"), example=_EXAMPLE)


def target(text: str) -> str:
    """``module:object``; an endpoint: a path of the service or an address, with ``{key}`` in it; or a store."""
    if is_store(text):
        return checks.store_url(text)
    if not is_endpoint(text):
        return calls.target(text)
    if path_in(text).count(KEY) != 1:
        raise Unfit("{key} stands once in an endpoint's path, where the key's number goes")
    if not text.startswith("/"):
        checks.url(text.replace(KEY, "0"))
    return checks.text(text)


def said_by(reads: Callable[[str], Any]) -> Callable[[str], str]:
    """Return a check for text that ``reads`` understands."""

    def check(text: str) -> str:
        try:
            reads(checks.text(text))
        except ValueError as error:
            raise Unfit(str(error)) from None
        return text

    return check


def one_of(choices: Iterable[str]) -> Any:
    """Return a check for one of these words."""
    words = tuple(choices)

    def check(word: str) -> str:
        if word not in words:
            raise Unfit("there is no such thing here", words)
        return word

    return check


def mix(table: dict[str, float]) -> dict[str, float]:
    """Shares of operations; they need not add up to 1."""
    for name, share in table.items():
        if name not in OPERATIONS:
            raise Unfit("no such operation", OPERATIONS, name)
        if not 0 <= share <= 1e9:
            raise Unfit(f"{name}: a share is a number of 0 or more")
    if not sum(table.values()) > 0:
        raise Unfit("no operation has a share above 0")
    return {name: float(share) for name, share in table.items()}


def key_format(text: str) -> str:
    """Text with one ``{key}``."""
    if checks.text(text).count("{key}") != 1:
        raise Unfit("{key} stands in it once, where the key's number goes")
    return text


def value_bytes(given: int | list[int]) -> tuple[int, int]:
    """One size, or the least and the most."""
    pair = [given, given] if isinstance(given, int) else given
    if len(pair) != 2 or not 1 <= pair[0] <= pair[1] <= MOST_BYTES:
        raise Unfit(f"a size is from 1 to {MOST_BYTES} bytes; of two the smaller comes first")
    return pair[0], pair[1]


def loader_s(given: float | str) -> float:
    """A duration that may be 0."""
    return 0.0 if given in {0, "0", "0s"} else checks.duration(given)


def methods(table: dict[str, str]) -> dict[str, str]:
    """Names of the object's own methods."""
    for role, name in table.items():
        if role not in _ROLES:
            raise Unfit("no such method", _ROLES, role)
        if not _NAME.fullmatch(name):
            raise Unfit(f"{name[:40]} is no name of a method")
    return table


def loading(text: str) -> str:
    """``module:function``, or the name of a method of the cache."""
    return text if _NAME.fullmatch(text) else calls.target(text)
