"""Names of paths that mean the same in every child. PYTEST_DONT_REWRITE."""

import os

TEMPORARY = "$TMPDIR"
_OWN_CACHES = (
    "__pycache__", ".pytest_cache", ".brinell", ".hypothesis", ".git", ".mypy_cache", ".ruff_cache", ".coverage",
)  # fmt: skip
_NOBODYS = ("/proc/", "/sys/", "/dev/")
_SHARED_MEMORY = "/dev/shm/"  # noqa: S108 - that is where shared memory has its names
_MOST_FOLDERS = 5000


class Places:
    """``root``: the project's folder; ``scratch``: a child's own; ``temporary``: its folder for temporary files."""

    def __init__(self, root, scratch, temporary):
        self._root = os.path.join(os.path.realpath(root), "")
        self._scratch = os.path.join(os.path.realpath(scratch), "")
        self._temporary = os.path.join(os.path.realpath(temporary), "")
        self._home = os.path.join(os.path.realpath(os.path.expanduser("~")), "")
        self._abspath, self._realpath, self._split = os.path.abspath, os.path.realpath, os.path.split
        self._folders = {}

    def whole(self, path):
        """Return the path with links in its folders followed, and its last part as it is."""
        folder, name = self._split(self._abspath(path))
        real = self._folders.get(folder)
        if real is None:
            if len(self._folders) > _MOST_FOLDERS:
                self._folders.clear()
            real = self._folders[folder] = self._realpath(folder)
        return os.path.join(real, name)

    def name(self, path):
        """Return a name: from the project's folder, ``$TMPDIR/...``, ``~/...``, else whole; "" if nobody cares."""
        whole = self.whole(path)
        if whole.endswith((".pyc", ".pyo")) or any(part.startswith(_OWN_CACHES) for part in whole.split(os.sep)):
            return ""
        if whole.startswith(self._temporary):
            return TEMPORARY + "/" + whole[len(self._temporary) :]
        if whole.startswith(self._scratch) or (whole.startswith(_NOBODYS) and not whole.startswith(_SHARED_MEMORY)):
            return ""
        if whole.startswith(self._root):
            return whole[len(self._root) :]
        if len(self._home) > 1 and whole.startswith(self._home):
            return "~/" + whole[len(self._home) :]
        return whole

    def is_outside(self, whole):
        """Whether it is neither the project's nor the child's own, and no cache that is meant to stay."""
        own = (self._root, self._scratch, self._temporary, os.path.join(self._home, ".cache", ""))
        return not whole.startswith(own) and bool(self.name(whole))
