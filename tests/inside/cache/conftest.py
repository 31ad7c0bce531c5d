from __future__ import annotations

import pytest


class Told:
    """What is told, caught as it would be sent."""

    def __init__(self):
        self.said = []

    def say(self, kind, **fields):
        self.said.append((kind, fields))


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def table():
    """A job's table with nothing in it."""
    return {"key": "k:{key}", "loads": True, "loader_s": 0.0, "set_options": {}, "value": "bytes"}
