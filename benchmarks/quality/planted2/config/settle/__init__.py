"""Settings from defaults, a TOML or JSON file, and the environment, in this order."""

import json
import os
import tomllib
import warnings
from pathlib import Path


class ConfigError(ValueError):
    pass


class Config(dict):
    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def merged(self, other):
        result = Config(self)
        for key, value in other.items():
            if isinstance(value, dict) and isinstance(result.get(key), dict):
                value = Config(result[key]).merged(value)
            result[key] = value
        return result

    def getint(self, key):
        warnings.warn("getint() is deprecated, values have types", DeprecationWarning, stacklevel=2)
        return int(self[key])


def parse(text, suffix):
    try:
        if suffix == ".toml":
            return tomllib.loads(text)
        if suffix == ".json":
            return json.loads(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if suffix == ".ini":
        warnings.warn("INI files are deprecated, use TOML", DeprecationWarning, stacklevel=2)
        return dict(line.split("=", 1) for line in text.split())
    raise ConfigError(f"cannot read {suffix or 'files without a suffix'}")


def from_environment(prefix, environment=None):
    environment = os.environ if environment is None else environment
    found = {}
    for name, value in environment.items():
        if not name.startswith(prefix):
            continue
        place = found
        *parents, last = name[len(prefix) :].lower().split("__")
        for parent in parents:
            place = place.setdefault(parent, {})
        try:
            place[last] = json.loads(value)
        except ValueError:
            place[last] = value
    return found


def load(path=None, defaults=None, prefix=None, environment=None):
    config = Config(defaults or {})
    if path is not None:
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error
        config = config.merged(parse(text, path.suffix))
    if prefix:
        config = config.merged(from_environment(prefix, environment))
    if "debug_level" in config:
        warnings.warn("debug_level has no effect without debug", UserWarning, stacklevel=2)
    return config


class Watcher:
    """Calls back when the file has changed."""

    def __init__(self, path, callback):
        self.path = Path(path)
        self.callback = callback
        self.seen = self._stamp()

    def _stamp(self):
        try:
            return self.path.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def poll(self):
        stamp = self._stamp()
        if stamp != self.seen:
            self.seen = stamp
            self.callback(self.path)
            return True
        return False
