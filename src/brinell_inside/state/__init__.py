"""What a test left changed in its process: named by path, and put back. PYTEST_DONT_REWRITE.

``Savepoint`` remembers the state, ``changes()`` names what differs from it, ``restore()`` puts it back in place.
``fixture.py`` writes the pytest fixture that guards named state. Rule of this package: nothing here calls the subject's
code (no ``__eq__``, ``__hash__``, ``__repr__``, properties, ``__getattr__``): what is read is read through the C-level
methods of the built-in types. Only putting back goes through the public functions that users call (``os.chdir`` ...).
"""

from brinell_inside.state.savepoint import Savepoint

__all__ = ["Savepoint"]
