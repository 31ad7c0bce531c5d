"""Which loaded modules are the project's own. PYTEST_DONT_REWRITE."""

import os
import sys

from brinell_inside.state.layout import is_module, namespace_of

_FOREIGN_PARTS = frozenset(("site-packages", "dist-packages", ".venv", "venv", ".tox", ".nox", ".eggs"))
_NEVER = frozenset((
    "brinell_inside", "_pytest", "pytest", "pluggy", "__main__", "hypothesis", "coverage", "xdist", "execnet", "py",
    "_hypothesis_pytestplugin", "_hypothesis_globals", "pytest_cov", "pytest_asyncio", "pytest_randomly", "anyio",
))  # fmt: skip


class Project:
    """Modules under ``rootdir``, and installed copies of packages whose source lies there."""

    def __init__(self, rootdir):
        self._root = os.path.realpath(rootdir)
        self._excluded = [
            os.path.realpath(prefix) + os.sep
            for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix}
            if os.path.realpath(prefix) != self._root
        ]
        self._known = {}
        self._tops = {}

    def split(self):
        """``(own, foreign)``: ``[(name, module, namespace)]`` of all loaded modules but the test runner's."""
        own, foreign, seen = [], [], set()
        for name, module in list(sys.modules.items()):
            if type(name) is not str or not is_module(module) or id(module) in seen:
                continue
            seen.add(id(module))
            namespace = namespace_of(module)
            if namespace is None or is_runner(name):
                continue
            (own if self._owns(name, namespace) else foreign).append((name, module, namespace))
        return own, foreign

    def _owns(self, name, namespace):
        path = namespace.get("__file__")
        if type(path) is not str:
            return False
        known = self._known.get((name, path))
        if known is None:
            known = self._known[name, path] = self._is_ours(path) or self._is_copy(name.partition(".")[0], path)
        return known

    def _is_ours(self, path):
        path = os.path.realpath(path)
        if not path.startswith(self._root + os.sep) or any(path.startswith(prefix) for prefix in self._excluded):
            return False
        return not _FOREIGN_PARTS.intersection(path[len(self._root) :].split(os.sep))

    def _is_copy(self, top, path):
        """Installed from this very source tree, as tox and ``pip install .`` do."""
        if not {"site-packages", "dist-packages"}.intersection(path.split(os.sep)):
            return False
        if top not in self._tops:
            tries = [os.path.join(self._root, *more, top) for more in ((), ("src",))]
            files = [found for path in tries for found in (path + ".py", os.path.join(path, "__init__.py"))]
            self._tops[top] = any(map(os.path.isfile, files))
        return self._tops[top]


def is_runner(name):
    """Whether a module is part of the machinery that runs the tests."""
    return name.partition(".")[0] in _NEVER
