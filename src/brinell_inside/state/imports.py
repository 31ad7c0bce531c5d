"""``sys.modules``: what was taken out, exchanged or faked. Importing is no leak. PYTEST_DONT_REWRITE."""

import sys

from brinell_inside.state.difference import Difference
from brinell_inside.state.layout import MISSING, is_module, namespace_of
from brinell_inside.state.project import is_runner
from brinell_inside.state.shown import shown


class Imports:
    """The loaded modules now."""

    def __init__(self):
        self._modules = sys.modules
        self._then = dict.copy(sys.modules)

    def differences(self):
        """Removed and replaced modules, and stubs that came from nowhere."""
        now = dict.copy(self._modules)
        for name, old in self._then.items():
            if type(name) is str and now.get(name, MISSING) is not old and not is_runner(name):
                yield self._difference(name, old, now.get(name, MISSING))
        for name, new in now.items():
            if name not in self._then and type(name) is str and not is_runner(name) and _is_stub(name, new, now):
                yield self._difference(name, MISSING, new)

    def _difference(self, name, old, new):
        def undo():
            if old is MISSING:
                self._modules.pop(name, None)
            else:
                self._modules[name] = old

        how = "added" if old is MISSING else "removed" if new is MISSING else "rebound"
        return Difference("sys.modules[%r]" % name, "sys.modules", shown(old), shown(new), how, undo=undo)


def _is_stub(name, module, modules):
    if not is_module(module):
        return True
    namespace = namespace_of(module) or {}
    if namespace.get("__spec__") is not None or namespace.get("__file__") is not None:
        return False
    parent = modules.get(name.partition(".")[0])
    # Packages such as six make submodules of their own, without a specification.
    return "." not in name or parent is None or (namespace_of(parent) or {}).get("__spec__") is None
