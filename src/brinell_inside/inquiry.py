"""What only the project's own interpreter can say, for the reading of its suite. PYTEST_DONT_REWRITE.

    PYTHON …/brinell_inside/inquiry.py '{"modules": ["yaml"], "args": []}'

Run in the project's folder. It prints one line, ``brinell-inquiry`` and a JSON object: which options of pytest's and of
coverage's configuration are known here, which marks are registered, and which distribution an import comes from. pytest
is configured as for a run (plug-ins and first conftests load); nothing is collected. Each part that fails says why.
"""

import json
import os
import re
import sys

MARK = "brinell-inquiry "
_INI = ("python_files", "python_classes", "python_functions", "testpaths", "norecursedirs")


def main(argv):
    """Answer."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]
    asked = json.loads(argv[0]) if argv else {}
    found = {"version": list(sys.version_info[:3])}
    for name, answer in (("distributions", _distributions), ("coverage", _coverage), ("pytest", _pytest)):
        try:
            found[name] = answer(asked)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the project's own code may raise anything here
            found.setdefault("errors", {})[name] = "{}: {}".format(type(error).__name__, str(error)[:300])
    sys.stdout.write("\n" + MARK + json.dumps(found) + "\n")
    sys.stdout.flush()
    os._exit(0)  # whatever the project's plug-ins started has no say in when this ends


def _distributions(asked):
    """Per import name: is it the standard library's, is it importable, and which distributions bring it."""
    from importlib import metadata, util  # noqa: PLC0415 - after the path is clean

    providers, needed_by = {}, {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        for module in _top_level(distribution):
            providers.setdefault(module, []).append(name)
        for requirement in distribution.requires or []:
            if "extra ==" not in requirement:
                needed = re.match(r"[A-Za-z0-9._-]+", requirement)
                needed_by.setdefault(_normal(needed.group() if needed else ""), []).append(name)
    found = {}
    for module in asked.get("modules", []):
        try:
            spec = util.find_spec(module)
        except (ImportError, AttributeError, ValueError):
            spec = None
        found[module] = {
            "standard": _is_standard(module, spec),
            "found": spec is not None,
            "origin": (getattr(spec, "origin", None) or next(iter(spec.submodule_search_locations or []), ""))
            if spec
            else "",
            "distributions": sorted(set(providers.get(module, [])))[:5],
            "needed_by": sorted(
                {one for name in providers.get(module, []) for one in needed_by.get(_normal(name), [])}
            )[:50],
        }
    return found


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _top_level(distribution):
    listed = (distribution.read_text("top_level.txt") or "").split()
    if listed:
        return listed
    names = set()
    for file in distribution.files or []:
        first = file.parts[0]
        if len(file.parts) > 1 and file.name.endswith((".py", ".so", ".pyd")):
            names.add(first)
        elif first.endswith(".py"):
            names.add(first[:-3])
    return names


def _is_standard(module, spec):
    if hasattr(sys, "stdlib_module_names"):
        return module in sys.stdlib_module_names
    if spec is None:
        return False
    origin = spec.origin or ""
    return origin in ("built-in", "frozen") or (
        os.path.dirname(json.__file__)[: -len("json")] in origin and "site-packages" not in origin
    )


def _coverage(_asked):
    """Say what coverage thinks of the configuration it finds here; None where there is no coverage."""
    import warnings  # noqa: PLC0415 - see above

    try:
        import coverage  # noqa: PLC0415 - optional: the project's own
        from coverage.config import CoverageConfig  # noqa: PLC0415 - same
    except ImportError:
        return None
    names = sorted({option[1] for option in CoverageConfig.CONFIG_FILE_OPTIONS})
    found = {"version": coverage.__version__, "options": names, "warnings": [], "error": "", "file": ""}
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            configured = coverage.Coverage(data_file=None).config
            found["file"] = str(getattr(configured, "config_file", None) or "")
            found["plugins"] = list(getattr(configured, "plugins", None) or [])
        except coverage.CoverageException as error:
            found["error"] = str(error)[:500]
    found["warnings"] = [str(one.message)[:500] for one in seen][:100]
    return found


class _Ask:
    """A plug-in that answers in the place of a run, once pytest is configured."""

    def __init__(self):
        self.answer = None

    def pytest_load_initial_conftests(self, early_config):
        """Load the plug-ins that ``addopts`` names with ``-p``: their options are known in a run."""
        for name in _plugins(_addopts(early_config)):
            try:
                early_config.pluginmanager.consider_pluginarg(name)
            except Exception:  # noqa: BLE001, S112 - one that cannot be loaded: the run itself says so
                continue

    def pytest_cmdline_main(self, config):
        """Take what is wanted and run nothing."""
        config._do_configure()  # noqa: SLF001 - what `pytest --markers` does
        parser = config._parser  # noqa: SLF001 - there is no other way to the known options
        known = sorted({*parser._inidict, *getattr(parser, "_ini_aliases", {})})  # noqa: SLF001
        self.answer = {
            "rootdir": str(config.rootdir if not hasattr(config, "rootpath") else config.rootpath),
            "inipath": str(getattr(config, "inipath", None) or ""),
            "known": known,
            "marks": sorted({line.split(":")[0].split("(")[0].strip() for line in config.getini("markers")}),
            "settings": {name: [str(one) for one in config.getini(name)] for name in _INI},
            "unknown_arguments": _unknown_arguments(parser, config),
        }
        return 0

    pytest_cmdline_main.pytest_impl = {"tryfirst": True}  # noqa: RUF012 - what pytest.hookimpl sets, without pytest here


def _plugins(words):
    """Return what ``-p NAME`` and ``-pNAME`` name, in order."""
    words = [str(word) for word in words]
    named = [following for word, following in zip(words, words[1:]) if word == "-p"]  # noqa: B905, RUF007 - Python 3.8
    return [*named, *(word[2:] for word in words if word.startswith("-p") and len(word) > 2)]


def _addopts(config):
    """Return the words of the ``addopts`` that stand in the configuration file."""
    import shlex  # noqa: PLC0415 - see above

    from _pytest.config.findpaths import load_config_dict_from_file  # noqa: PLC0415 - after the path is clean

    if not config.inipath:
        return []
    given = (load_config_dict_from_file(config.inipath) or {}).get("addopts", "")
    given = getattr(given, "value", given)  # pytest 9 keeps values with where they are from
    return list(given) if isinstance(given, (list, tuple)) else shlex.split(str(given))


def _unknown_arguments(parser, config):
    """Return words of ``addopts`` that no option known here takes; they were left out of this configuration."""
    words = _addopts(config)
    _, unknown = parser.parse_known_and_unknown_args(words)
    return [str(word) for word in unknown if str(word).startswith("-")][:20]


def _pytest(asked):
    import pytest  # noqa: PLC0415 - see above

    ask = _Ask()
    sys.path.insert(0, os.getcwd())  # as for `python -m pytest`: plug-ins named with -p may lie there
    # Without the project's addopts: an option that is unknown here would end it before it answers.
    status = pytest.main(
        ["-q", "-p", "no:cacheprovider", "-W", "ignore", "-o", "addopts=", *asked.get("args", [])], plugins=[ask]
    )
    if ask.answer is None:
        raise RuntimeError("pytest ended with status {} before it was configured".format(int(status)))
    return dict(ask.answer, version=pytest.__version__)


if __name__ == "__main__":
    main(sys.argv[1:])
