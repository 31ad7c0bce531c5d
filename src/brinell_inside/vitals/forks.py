"""A fork waits until a look is over. PYTEST_DONT_REWRITE."""

import _thread

PATIENCE_S = 0.2
_ident = _thread.get_ident
_lock = _thread.allocate_lock


class Forks:
    """``looking`` is held during a look, and while a thread forks; in the child everything begins anew."""

    def __init__(self):
        self.looking = _lock()
        self._by = set()  # threads that hold it

    def before(self):
        """Wait until nobody looks."""
        if self.looking.acquire(True, PATIENCE_S):
            self._by.add(_ident())

    def after(self):
        """In the parent: look again."""
        ident = _ident()
        if ident in self._by:
            self._by.discard(ident)
            self.looking.release()
