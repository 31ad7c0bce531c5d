"""Brinell: production hardening for Python backends.

Press on a backend with a known force (its own test suite, load) and read the dent: a verdict, the evidence for it, and
the bugs in order of urgency. See ``docs/ARCHITECTURE.md`` for the parts and the layers between them.
"""

__version__ = "0.1.0"
