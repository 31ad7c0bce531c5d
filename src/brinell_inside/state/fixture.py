"""A pytest fixture that guards named state, as source text: saves before each test, restores after it.

Pure text work: it imports and evaluates nothing of the subject. What it writes needs pytest and the
standard library only. PYTEST_DONT_REWRITE.
"""

import re

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")
_ENV = re.compile(r"os\.environ\[(?P<key>'[^'\\]*'|\"[^\"\\]*\")\]\Z")
_LOGGER = re.compile(
    r"(?P<logger>logging\.getLogger\((?:'[^'\\]*')?\))\.(?P<field>level|disabled|propagate|handlers|filters)\Z"
)
_SIGNAL = re.compile(r"signal\.(?P<name>SIG[A-Z0-9]+)\Z")


class _Guard:
    """What one piece of state needs: modules to import, lines before and after the test."""

    def __init__(self, modules, save, restore):
        self.modules, self.save, self.restore = modules, save, restore


def fixture_source(changes):
    """Source of an autouse fixture for these changes (dicts as ``Savepoint.changes`` gives), or None.

    None where one of them has no sound guard: threads, processes, descriptors, C signal handlers and the like. Weak
    changes (RNG, caches) are guarded too if they are given.
    """
    guards, seen = [], set()
    for change in changes:
        maker = _MAKERS.get(change.get("kind"))
        guard = maker(change, "saved_%d" % (len(guards) + 1)) if maker is not None else None
        if guard is None:
            return None
        key = tuple(re.sub(r"\bsaved_\d+", "saved", line) for line in guard.save + guard.restore)
        if key not in seen:
            seen.add(key)
            guards.append(guard)
    return _written(guards) if guards else None


def _written(guards):
    modules = sorted({module for guard in guards for module in guard.modules} | {"pytest"})
    plain = [name for name in modules if name in _STANDARD]
    imports = ["import %s" % name for name in plain]
    imports += [""] * bool(plain) + ["import %s" % name for name in modules if name not in _STANDARD]
    save = [line for guard in guards for line in guard.save]
    restore = [line for guard in reversed(guards) for line in guard.restore]
    body = [*save, "yield", *restore]
    head = ["@pytest.fixture(autouse=True)", "def keep_shared_state():"]
    doc = ['    """Tests share this state; each gives it back as it found it."""']
    return "\n".join([*imports, "", "", *head, *doc, *("    " + line for line in body)]) + "\n"


_STANDARD = frozenset((
    "copy", "functools", "gc", "locale", "logging", "os", "random", "signal", "socket", "sys",
    "time", "warnings", "decimal", "builtins",
))  # fmt: skip


def _attribute(change, saved):
    """Rebound names by name, mutated containers in place, so that aliases stay true."""
    module, holder, kind = change.get("module"), change.get("holder"), change.get("holder_type")
    if not module or not _NAME.match(module):
        return None
    if change["name"] != change["root"] and (holder is None or not holder.startswith(change["root"])):
        holder, kind = change["root"], "unknown"
    if kind in _CONTENT:
        guard = _contents(holder, kind, saved)
        return _Guard({module} | guard.modules, guard.save, guard.restore)
    if change["name"] == change["root"] and _NAME.match(change["root"]):
        owner, _, name = change["root"].rpartition(".")
        return _rebound(owner, name, saved, {module})
    if kind == "slots" and _NAME.match(change["name"]):
        owner, _, name = change["name"].rpartition(".")
        return _rebound(owner, name, saved, {module})
    return None


def _rebound(owner, name, saved, modules):
    save = ["%s = vars(%s).get(%r, ...)" % (saved, owner, name)]
    if modules and owner.count(
        "."
    ):  # a class keeps staticmethods only in its own dict; an instance with slots has none
        save = ["%s = getattr(%s, '__dict__', {}).get(%r, ...)" % (saved, owner, name)]
    restore = [
        "if %s is not ...:" % saved,
        "    setattr(%s, %r, %s)" % (owner, name, saved),
        "elif %r in vars(%s):" % (name, owner),
        "    delattr(%s, %r)" % (owner, name),
    ]
    return _Guard(modules, save, restore)


def _contents(holder, kind, saved):
    where = "vars(%s)" % holder if kind == "instance" else holder
    copied, back = _CONTENT[kind]
    save = ["%s = %s" % (saved, copied % where)]
    return _Guard(set(), save, [line % {"where": where, "saved": saved} for line in back])


_DICT_BACK = ("%(where)s.clear()", "%(where)s.update(%(saved)s)")
_CONTENT = {
    "dict": ("dict(%s)", _DICT_BACK),
    "OrderedDict": ("dict(%s)", _DICT_BACK),
    "instance": ("dict(%s)", _DICT_BACK),
    "list": ("list(%s)", ("%(where)s[:] = %(saved)s",)),
    "bytearray": ("bytes(%s)", ("%(where)s[:] = %(saved)s",)),
    "set": ("set(%s)", _DICT_BACK),
    "deque": ("list(%s)", ("%(where)s.clear()", "%(where)s.extend(%(saved)s)")),
}


def _slots(change, saved):
    owner, _, name = change["name"].rpartition(".")
    restore = ["setattr(%s, %r, %s)" % (owner, name, saved)]
    return _Guard({change["module"]}, ["%s = getattr(%s, %r)" % (saved, owner, name)], restore)


def _project(change, saved):
    if change.get("holder_type") == "slots" and change["how"] == "rebound" and _NAME.match(change["name"]):
        return _slots(change, saved)
    return _attribute(change, saved)


def _patched(change, saved):
    owner, _, name = change["root"].rpartition(".")
    module = change.get("module")
    return _rebound(owner, name, saved, {module}) if module and _NAME.match(change["root"]) else None


def _environ(change, saved):
    found = _ENV.match(change["root"])
    if found is None:
        return None
    key = found.group("key")
    restore = [
        "if %s is None:" % saved,
        "    os.environ.pop(%s, None)" % key,
        "else:",
        "    os.environ[%s] = %s" % (key, saved),
    ]
    modules = {"os"}
    if key[1:-1] == "TZ":
        modules.add("time")
        restore.append("time.tzset()")
    return _Guard(modules, ["%s = os.environ.get(%s)" % (saved, key)], restore)


def _modules(change, saved):
    name = change["root"][len("sys.modules[") : -1]
    if not re.match(r"'[^'\\]*'\Z", name):
        return None
    restore = [
        "if %s is not None:" % saved,
        "    sys.modules[%s] = %s" % (name, saved),
        "else:",
        "    sys.modules.pop(%s, None)" % name,
    ]
    return _Guard({"sys"}, ["%s = sys.modules.get(%s)" % (saved, name)], restore)


def _logging(change, saved):
    if change["root"] == "logging.root.manager.disable":
        save = ["%s = logging.root.manager.disable" % saved]
        return _Guard({"logging"}, save, ["logging.disable(%s)" % saved])
    found = _LOGGER.match(change["root"])
    if found is None:
        return None
    logger, field = found.group("logger"), found.group("field")
    where = "%s.%s" % (logger, field)
    if field in ("handlers", "filters"):
        return _Guard({"logging"}, ["%s = list(%s)" % (saved, where)], ["%s[:] = %s" % (where, saved)])
    back = "%s.setLevel(%s)" % (logger, saved) if field == "level" else "%s = %s" % (where, saved)
    return _Guard({"logging"}, ["%s = %s" % (saved, where)], [back])


def _warnings(_, saved):
    # In place and not with catch_warnings: pytest has one of its own around every test.
    return _Guard({"warnings"}, ["%s = list(warnings.filters)" % saved], [
        "warnings.filters[:] = %s" % saved, "warnings.simplefilter('default', append=True)  # drops the cache",
        "warnings.filters[:] = %s" % saved])  # fmt: skip


def _signal(change, saved):
    found = _SIGNAL.match(change["root"])
    if found is None or not change.get("restorable", True):
        return None
    name = "signal.%s" % found.group("name")
    return _Guard({"signal"}, ["%s = signal.getsignal(%s)" % (saved, name)], ["signal.signal(%s, %s)" % (name, saved)])


def _fixed(modules, save, *restore):
    def make(_, saved):
        return _Guard(modules, [save % saved], [line % saved for line in restore])

    return make


def _sys_path(change, saved):
    name = change["root"]
    return _Guard({"sys"}, ["%s = list(%s)" % (saved, name)], ["%s[:] = %s" % (name, saved)])


def _cache(change, _):
    module = change.get("module")
    return _Guard({module}, [], [change["root"]]) if module and _NAME.match(module) else None


def _rng(change, saved):
    if change["root"] != "random.getstate()":
        return None
    return _Guard({"random"}, ["%s = random.getstate()" % saved], ["random.setstate(%s)" % saved])


_MAKERS = {
    "module-attribute": _project,
    "class-attribute": _project,
    "function-attribute": _project,
    "default-argument": _project,
    "environ": _environ,
    "cwd": _fixed({"os"}, "%s = os.getcwd()", "os.chdir(%s)"),
    "sys.path": _sys_path,
    "sys.argv": _sys_path,
    "sys.modules": _modules,
    "logging": _logging,
    "warnings": _warnings,
    "locale": _fixed({"locale"}, "%s = locale.setlocale(locale.LC_ALL)", "locale.setlocale(locale.LC_ALL, %s)"),
    "signal": _signal,
    "umask": _fixed({"os"}, "%s = os.umask(0o022)", "os.umask(%s)"),
    "patched-attribute": _patched,
    "cache": _cache,
    "rng": _rng,
}
