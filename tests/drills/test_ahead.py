"""What a drill could not do shows before anything runs."""

from __future__ import annotations

import pytest

from brinell.core.errors import UsageError
from brinell.core.plan import RequestSpec
from brinell.rosters.drills import DRILLS


@pytest.mark.parametrize("kind", [name for name in DRILLS if name != "lifecycle"])
def test_a_header_from_an_environment_that_lacks_it(look, kind, monkeypatch):
    headers = {"Authorization": "Bearer ${NOT_THERE}"}
    with pytest.raises(UsageError, match="NOT_THERE") as caught:
        look(kind, {}, headers=headers)
    assert caught.value.hint == "export NOT_THERE=..."
    monkeypatch.setenv("NOT_THERE", "it is")
    look(kind, {}, headers=headers)


@pytest.mark.parametrize("asked", ["prepare", "then", "unchanged"])
def test_what_a_race_asks_beside_is_looked_at_too(look, asked):
    one = {"path": "/", "headers": {"X": "${NOT_THERE}"}}
    more = {"then": {"value": "$", "equals": 1}, "unchanged": {"value": "$"}}
    with pytest.raises(UsageError, match="NOT_THERE"):
        look("race", {asked: [one] if asked == "prepare" else {**one, **more[asked]}})


def test_a_body_file_that_is_not_there(look):
    with pytest.raises(UsageError, match="body_file"):
        look("spike", {}, requests=(RequestSpec(path="/", method="POST", body_file="gone.json"),))


def test_the_path_of_websockets(look):
    with pytest.raises(UsageError, match="no spaces"):
        look("drain", {"sockets": 1, "socket_path": "/a b"})
    with pytest.raises(UsageError, match="no spaces"):
        look("storm", {}, requests=(RequestSpec(path="/a b"),))


def test_another_host(look):
    with pytest.raises(UsageError, match="allow_targets"):
        look("spike", {}, url="http://192.0.2.1")
