"""A small site: routes, settings, templates, a connection, permissions."""

import functools
import importlib
import logging
import os
import sys
from pathlib import Path

ROUTES = {"/": "index", "/help": "help"}
log = logging.getLogger("portal.site")
_warned = set()


def route(path):
    return ROUTES.get(path, "not found")


def add_route(path, handler):
    ROUTES[path] = handler


def debug_mode():
    return os.environ.get("PORTAL_DEBUG", "0") == "1"


def render(name, **values):
    return Path("templates", name + ".txt").read_text().format(**values)


def discount(amount):
    """Rules of the customer, where there are any."""
    try:
        rules = importlib.import_module("pricing_rules")
    except ImportError:
        return amount
    return rules.price(amount)


def use_extras(folder):
    sys.path.insert(0, str(folder))


def audit(user, action):
    log.warning("%s did %s", user, action)


def quiet():
    logging.disable(logging.CRITICAL)


def deprecated(name):
    """Say it once."""
    if name in _warned:
        return None
    _warned.add(name)
    return f"{name} is deprecated"


class Connection:
    _only = None

    @classmethod
    def get(cls):
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def __init__(self):
        self.open = True
        self.queries = []


ROLES = {"ann": "admin", "bob": "reader"}


@functools.lru_cache(maxsize=None)
def may_edit(user):
    return ROLES.get(user) in ("admin", "editor")
