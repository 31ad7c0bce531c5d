"""Drills: what production does to a service, done to it under load. Each kind is one file; ``trial.py``: start here."""
