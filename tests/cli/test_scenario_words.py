from __future__ import annotations

from brinell.cli.scenario_words import users
from brinell.core.plan import DataSpec, LoadSpec, RequestSpec, SessionSpec

GET = RequestSpec(path="/notes")


def told(**fields):
    return users(LoadSpec(name="x", shape={}, **fields))


def test_requests_with_their_shares():
    assert told() == ["100% GET /"]
    assert told(requests=(RequestSpec(weight=3), RequestSpec(method="POST", path="/{{seq}}"))) == [
        " 75% GET /",
        " 25% POST /{{seq}}",
    ]
    assert told(requests=(GET,) * 10)[-1] == "and 2 kinds of request more"
    assert told(flows="a.py") == told(call="a:b") == []


def test_sessions_with_what_they_do():
    buyer = SessionSpec("buyer", (GET,) * 6, weight=3, think_s=(0.5, 2), repeat=2)
    looker = SessionSpec("looker", (GET,), think_s=(1, 1))
    assert told(sessions=(buyer, looker), requests=()) == [
        " 75% buyer: GET /notes, GET /notes, GET /notes, GET /notes and 2 more, 0.5 to 2 s apart, 2 times",
        " 25% looker: GET /notes, 1 s apart",
    ]


def test_data_and_habits():
    lines = told(
        data=(DataSpec("users.csv", "user", "once"),),
        cookies=True,
        redirects=3,
        compression=True,
        keep_alive=False,
        go_on=True,
    )
    assert lines[1] == "user: rows of users.csv, each once"
    assert lines[2] == (
        "cookies of its own for each session, up to 3 redirects followed, compression asked for, "
        "a new connection for every request, sessions go on after a request that failed"
    )
