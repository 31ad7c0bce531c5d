"""Documents in a few lines."""

from __future__ import annotations

import pytest

from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.operations import Reading
from brinell.load.openapi.references import Library


def refuse(address):
    raise Unreadable(f"{address} is not to be fetched")


@pytest.fixture
def read():
    def reading(document, home="file:///api.json"):
        whole = document if {"openapi", "swagger"} & set(document) else {"openapi": "3.1.0", **document}
        return Reading(Library(home, whole, refuse), whole)

    return reading
