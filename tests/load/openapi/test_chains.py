from __future__ import annotations

from brinell.load.openapi.assembly import Head
from brinell.load.openapi.chains import Chains
from brinell.load.openapi.explore import MOST_OPERATIONS, Explorer
from brinell.load.openapi.variants import Variants

OK = {"responses": {"201": {"description": "made"}}}
HEAD = Head((("host", b"Host: a"),), "")


def chains(reading):
    """Sessions of a document of which nothing was tried."""
    variants = Variants(reading, 1)
    explorer = Explorer(reading, variants, HEAD, None, judges={}, weights={}, progress=divmod)
    return Chains(reading, variants, HEAD, explorer, {}), explorer


def test_no_more_operations_are_sent_than_there_may_be(read):
    """Each has histograms of its own in every worker, whatever it does."""
    made, explorer = chains(read({"paths": {f"/{number}": {"post": OK} for number in range(MOST_OPERATIONS + 5)}}))
    assert len(made.all()) == MOST_OPERATIONS
    assert len(explorer.result.left) == 5
    assert all("more than 300 operations" in one.why for one in explorer.result.left)


def test_what_a_session_makes_it_may_change_and_take_away(read):
    named = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}, "example": 1}
    paths = {
        "/things": {"post": OK},
        "/things/{id}": {"parameters": [named], "put": OK, "delete": OK},
        "/others/{id}": {"parameters": [named], "put": OK, "delete": OK},
    }
    made, explorer = chains(read({"paths": paths}))
    (chain,) = made.all()
    assert [step.operation for step in chain.steps] == ["POST /things", "PUT /things/{id}", "DELETE /things/{id}"]
    assert {one.operation for one in explorer.result.left} == {"PUT /others/{id}", "DELETE /others/{id}"}
