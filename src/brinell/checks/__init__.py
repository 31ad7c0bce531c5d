"""Evidence to findings and numbers: pure functions, one file per check, listed in ``rosters/checks.py``."""
